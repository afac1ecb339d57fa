//! `GET /health/ready`: each thing that answers depend on, with its own line.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use azimuth_domain::time::Timestamp;
use azimuth_domain::work::TURNS_QUEUE;
use azimuth_ports::tools::ServerHealth;
use http::{HeaderName, StatusCode, header};
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::http::moment::Moment;
use crate::http::states::HealthState;

/// How long a finding is repeated without looking again.
const CACHED_MS: i64 = 10_000;

/// When to ask again, seconds: not before the finding can be another.
const RETRY_AFTER: [(HeaderName, &str); 1] = [(header::RETRY_AFTER, "10")];

/// How long one thing may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The last finding; one look at a time.
#[derive(Debug, Default)]
pub struct Readiness {
    last: Mutex<Option<Arc<ReadinessReport>>>,
}

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReadinessReport {
    /// Whether requests can be expected to work: store and queue answer.
    pub ready: bool,
    /// When it was found.
    pub checked_at: Moment,
    /// One line for each thing.
    pub checks: Vec<ReadinessCheck>,
}

/// One thing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReadinessCheck {
    /// `store`, `queue`, `model:NAME` or `tools:NAME`.
    pub name: String,
    /// Whether it answers.
    pub ok: bool,
    /// For people.
    pub detail: String,
    /// Whether nothing works without it.
    pub required: bool,
}

/// Whether the process can work. Looks at most every 10 seconds.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "get_readiness",
    tag = "service",
    responses(
        (status = 200, description = "Store and queue answer", body = ReadinessReport),
        (status = 503, description = "Store or queue does not answer", body = ReadinessReport)
    )
)]
pub async fn handle(State(state): State<HealthState>) -> Response {
    answer(&*report(&state).await)
}

fn answer(report: &ReadinessReport) -> Response {
    let body = Json(report.clone());
    if report.ready {
        body.into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, RETRY_AFTER, body).into_response()
    }
}

async fn report(state: &HealthState) -> Arc<ReadinessReport> {
    let mut last = state.readiness.last.lock().await;
    let now = state.clock.now();
    match &*last {
        Some(report) if is_fresh(report.checked_at.0, now) => Arc::clone(report),
        _ => {
            let report = Arc::new(look(state, now).await);
            *last = Some(Arc::clone(&report));
            report
        }
    }
}

fn is_fresh(checked_at: Timestamp, now: Timestamp) -> bool {
    (0..CACHED_MS).contains(&now.since(checked_at))
}

async fn look(state: &HealthState, now: Timestamp) -> ReadinessReport {
    let models = state.models.models().all().iter().map(|model| {
        check(format!("model:{}", model.name()), false, async move {
            model.health().await
        })
    });
    let servers = async {
        let Ok(found) = tokio::time::timeout(PATIENCE, state.tools.health()).await else {
            return vec![line("tools".to_owned(), false, Some("does not answer"))];
        };
        found.iter().map(server_line).collect()
    };
    let (store, queue, models, servers) = tokio::join!(
        check("store".to_owned(), true, state.store.ping()),
        check("queue".to_owned(), true, state.queue.depth(TURNS_QUEUE)),
        futures::future::join_all(models),
        servers,
    );
    let mut checks = vec![store, queue];
    checks.extend(models);
    checks.extend(servers);
    ReadinessReport {
        ready: checks.iter().all(|c| c.ok || !c.required),
        checked_at: now.into(),
        checks,
    }
}

/// The reason goes to the log; the line is for everybody and says only that.
async fn check<T, E: std::fmt::Display>(
    name: String,
    required: bool,
    probe: impl Future<Output = Result<T, E>>,
) -> ReadinessCheck {
    let reason = match tokio::time::timeout(PATIENCE, probe).await {
        Ok(Ok(_)) => return line(name, required, None),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!(check = name, reason, "a readiness check failed");
    line(name, required, Some("does not answer"))
}

fn line(name: String, required: bool, wrong: Option<&str>) -> ReadinessCheck {
    ReadinessCheck {
        name,
        ok: wrong.is_none(),
        detail: wrong.unwrap_or("answers").to_owned(),
        required,
    }
}

fn server_line(found: &ServerHealth) -> ReadinessCheck {
    if !found.ok {
        tracing::warn!(
            server = found.server,
            reason = found.detail,
            "a tool server is not healthy"
        );
    }
    line(
        format!("tools:{}", found.server),
        false,
        (!found.ok).then_some("does not work"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_good_for_ten_seconds() {
        let at = Timestamp(1_000_000);
        for (later_ms, fresh) in [(0, true), (9_999, true), (10_000, false), (-1, false)] {
            assert_eq!(is_fresh(at, at.plus_ms(later_ms)), fresh, "{later_ms}");
        }
    }

    #[test]
    fn who_is_told_no_is_told_when_to_ask_again() {
        for (ready, status, after) in [(true, 200, None), (false, 503, Some("10"))] {
            let told = answer(&ReadinessReport {
                ready,
                checked_at: Timestamp(0).into(),
                checks: vec![],
            });
            let header = told.headers().get(header::RETRY_AFTER);
            assert_eq!(told.status(), status);
            assert_eq!(header.and_then(|v| v.to_str().ok()), after);
        }
    }

    #[tokio::test]
    async fn a_failing_check_keeps_its_reason_to_itself() {
        let failing = check("store".to_owned(), true, async {
            Err::<(), _>("disk /var/x full")
        });
        let found = failing.await;
        assert!(!found.ok);
        assert!(!found.detail.contains("/var"));
    }
}
