//! What the Functions host delivers that no person sends: work items, poisoned
//! ones, the timer.
//!
//! **Invariants** (`reference/functions-host.md` §2): a success is `200
//! application/json {}` and never empty, which would hang until the host kills the
//! process; everything else is an error status with JSON; every invocation ends
//! itself before the host's own limit; nothing that arrives makes it panic.

pub mod advance_turn;
pub mod advance_turn_poison;
pub mod envelope;
pub mod execute_tool;
pub mod execute_tool_poison;
pub mod item;
mod queue_function;
pub mod sign_audit;
pub mod sweep;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::digests::AuditSigner;
use crate::http::json;
use crate::turn::Engine;
use envelope::Envelope;
use item::Delivered;
pub use queue_function::QueueFunction;

/// Largest envelope, bytes: a 64 KiB message, quoted twice, and once more as
/// metadata.
const MAX_ENVELOPE_BYTES: usize = 1024 * 1024;

/// What a trigger tells the host.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// The delivery could not be worked on now: answered with 500, and the host
    /// delivers it again.
    #[error("{0}")]
    Retry(String),
    /// The delivery can never be worked on: recorded, and answered with 200 so
    /// that it is not delivered again.
    #[error("{0}")]
    Fail(String),
}

/// State of the trigger routes.
#[derive(Clone)]
pub struct TriggerState {
    /// Does the work.
    pub engine: Arc<Engine>,
    /// Longest time of one invocation.
    pub deadline: Duration,
}

/// Sweeps once, for whoever keeps the time without the Functions host.
pub async fn sweep(engine: &Arc<Engine>) -> Result<(), TriggerError> {
    sweep::work(engine).await
}

/// Signs the audit once, likewise.
pub async fn sign_audit(signer: &AuditSigner) -> Result<(), TriggerError> {
    sign_audit::work(signer).await
}

/// Works on what a queue trigger delivers, and answers the host.
async fn receive(function: QueueFunction, state: &TriggerState, body: Body) -> Response {
    answer(function.name(), state.deadline, async {
        function.work(&state.engine, envelope(body).await?).await
    })
    .await
}

async fn envelope(body: Body) -> Result<Envelope, TriggerError> {
    let bytes = json::read(body, MAX_ENVELOPE_BYTES)
        .await
        .map_err(|problem| match problem.code() {
            crate::problem::Code::BodyTooLarge => {
                TriggerError::Fail("the envelope is too large".to_owned())
            }
            _ => TriggerError::Retry("the envelope was cut off".to_owned()),
        })?;
    Envelope::decode(&bytes)
        .ok_or_else(|| TriggerError::Fail("the envelope holds no work item".to_owned()))
}

/// Runs one invocation under its deadline and answers the host.
async fn answer(
    function: &'static str,
    deadline: Duration,
    work: impl Future<Output = Result<(), TriggerError>>,
) -> Response {
    let result = tokio::time::timeout(deadline, work)
        .await
        .unwrap_or_else(|_| {
            Err(TriggerError::Retry(
                "the invocation took too long".to_owned(),
            ))
        });
    match result {
        Ok(()) => Json(json!({})).into_response(),
        Err(TriggerError::Fail(reason)) => {
            tracing::error!(function, reason, "a delivery was given up");
            Json(json!({})).into_response()
        }
        Err(TriggerError::Retry(reason)) => {
            tracing::warn!(function, reason, "a delivery goes back to its queue");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                Json(json!({"error": "retry"})),
            )
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http_body_util::BodyExt;

    async fn status_and_body(response: Response) -> (u16, String) {
        assert_eq!(
            response.headers()[http::header::CONTENT_TYPE],
            "application/json"
        );
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_success_is_never_empty_and_a_failure_is_not_2xx() {
        let limit = Duration::from_secs(5);
        let done = answer("f", limit, async { Ok(()) }).await;
        assert_eq!(status_and_body(done).await, (200, "{}".to_owned()));
        let failed = answer("f", limit, async { Err(TriggerError::Fail("x".into())) }).await;
        assert_eq!(status_and_body(failed).await, (200, "{}".to_owned()));
        let retry = answer("f", limit, async { Err(TriggerError::Retry("x".into())) }).await;
        assert_eq!(status_and_body(retry).await.0, 500);
    }

    #[tokio::test]
    async fn an_invocation_that_hangs_ends_itself() {
        let hangs = answer("f", Duration::ZERO, std::future::pending()).await;
        assert_eq!(status_and_body(hangs).await.0, 500);
    }

    #[tokio::test]
    async fn garbage_is_given_up() {
        for body in [
            "",
            "{",
            "null",
            "[]",
            "{\"Data\":{}}",
            "{\"Data\":{\"item\":\"hello!!\"}}",
        ] {
            let result = envelope(Body::from(body)).await;
            assert!(matches!(result, Err(TriggerError::Fail(_))), "{body}");
        }
    }
}
