//! `GET /v1/audit/export?format=ndjson|csv`: all records that fit, streamed.
//!
//! A line of NDJSON is the record exactly as stored, so that `handler audit verify
//! --file` recomputes its hash. An auditor's begins with the key and the digests of
//! the tenant, so that the seals can be checked, and ends with how many lines there
//! were; the digests come first, because a record that came meanwhile must not be
//! missed. A page that cannot be read, or no longer may be,
//! breaks the connection off: a cut export never looks whole.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::audit::{AuditKind, AuditRecord};
use azimuth_domain::event::Outcome;
use azimuth_domain::principal::Role;
use azimuth_ports::audit::{AuditError, AuditLog, AuditQuery};
use azimuth_ports::digests::{DigestLog, DigestSigner};
use bytes::Bytes;
use futures::stream::{Stream, unfold};
use http::{HeaderValue, header};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::filter::{Filter, describe};
use super::seal_lines;
use super::{Scope, csv, record_reading};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::long_read::LongRead;
use crate::http::query::Query;
use crate::http::states::AuditState;
use crate::problem::Answer;

/// Records of one read.
const PAGE: usize = 100;

/// Form of an export.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat {
    /// One exact record a line; an auditor's has the digests beside them.
    #[default]
    Ndjson,
    /// For spreadsheets.
    Csv,
}

/// What to export.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AuditExportQuery {
    /// `ndjson` (the default) or `csv`.
    #[param(inline)]
    pub format: AuditFormat,
    /// Not before this moment (RFC 3339).
    pub from: Option<String>,
    /// Before this moment.
    pub until: Option<String>,
    /// Only this kind.
    #[param(value_type = Option<String>)]
    pub kind: Option<AuditKind>,
    /// Only this tool, `server/tool`.
    pub tool: Option<String>,
    /// Only this outcome.
    #[param(value_type = Option<String>)]
    pub outcome: Option<Outcome>,
    /// Only this turn.
    pub turn_id: Option<String>,
    /// Only this person's; others' are for auditors.
    pub oid: Option<String>,
}

/// Exports the caller's own records; an auditor's tenant's, which is itself
/// recorded.
#[utoipa::path(
    get,
    path = "/v1/audit/export",
    operation_id = "export_audit",
    tag = "audit",
    params(AuditExportQuery),
    responses((status = 200, description = "An attachment; an auditor's NDJSON has the digests too", content(
        (String = "application/x-ndjson"),
        (String = "text/csv")
    )))
)]
pub async fn handle(
    State(state): State<AuditState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    Query(wanted): Query<AuditExportQuery>,
) -> Answer<Response> {
    let format = wanted.format;
    let filter = Filter {
        from: wanted.from,
        until: wanted.until,
        kind: wanted.kind,
        tool: wanted.tool,
        outcome: wanted.outcome,
        turn_id: wanted.turn_id,
        oid: wanted.oid,
    };
    let (query, scope) = filter.query(&caller, PAGE)?;
    if scope == Scope::Tenant {
        let detail = describe(&query);
        record_reading(&state, &caller, AuditKind::AuditExport, &request.0, detail).await?;
    }
    let sealed = (scope == Scope::Tenant && format == AuditFormat::Ndjson).then(|| Sealed {
        digests: Arc::clone(&state.digests),
        signer: Arc::clone(&state.signer),
        told: 0,
    });
    let export = Export {
        audit: Arc::clone(&state.audit),
        sealed,
        told: 0,
        reading: LongRead::begin(state.gate, Arc::clone(&state.clock), caller.principal),
        query,
        format,
        next: Next::Header,
    };
    let (media_type, extension) = match format {
        AuditFormat::Ndjson => ("application/x-ndjson", "ndjson"),
        AuditFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
    };
    let name = format!(
        "attachment; filename=\"audit-{}.{extension}\"",
        state.clock.now().day()
    );
    let mut response = Response::new(Body::from_stream(export.stream()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// An export in progress.
struct Export {
    audit: Arc<dyn AuditLog>,
    sealed: Option<Sealed>,
    /// Records so far.
    told: u64,
    reading: LongRead,
    query: AuditQuery,
    format: AuditFormat,
    next: Next,
}

/// What an export has beside its records.
struct Sealed {
    digests: Arc<dyn DigestLog>,
    signer: Arc<dyn DigestSigner>,
    /// Digests so far.
    told: u64,
}

/// What comes next.
enum Next {
    Header,
    /// The digests behind this cursor.
    Digests(Option<String>),
    Page,
    /// How many lines there were.
    Total,
    End,
}

#[expect(clippy::needless_pass_by_value, reason = "a closure of `map_err`")]
fn broken(error: AuditError) -> io::Error {
    tracing::error!(%error, "an audit export broke off");
    io::Error::other("the audit does not answer")
}

impl Export {
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        unfold(self, |mut export| async move {
            let chunk = match std::mem::replace(&mut export.next, Next::End) {
                Next::Header => Ok(export.header()),
                Next::Digests(cursor) => export.digests(cursor).await,
                Next::Page => export.page().await,
                Next::Total => Ok(export.total()),
                Next::End => return None,
            };
            if chunk.is_err() {
                export.next = Next::End;
            }
            Some((chunk, export))
        })
    }

    fn header(&mut self) -> Bytes {
        self.next = match self.sealed {
            Some(_) => Next::Digests(None),
            None => Next::Page,
        };
        match (self.format, &self.sealed) {
            (AuditFormat::Csv, _) => Bytes::from(csv::header()),
            (AuditFormat::Ndjson, Some(sealed)) => seal_lines::key(sealed.signer.key()),
            (AuditFormat::Ndjson, None) => Bytes::new(),
        }
    }

    async fn digests(&mut self, cursor: Option<String>) -> io::Result<Bytes> {
        self.may_go_on().await?;
        let Some(sealed) = &mut self.sealed else {
            self.next = Next::Page;
            return Ok(Bytes::new());
        };
        let tenant = self.reading.reader.user.tid.as_str();
        let page = sealed
            .digests
            .digests(tenant, PAGE, cursor.as_deref())
            .await
            .map_err(broken)?;
        let is_first = cursor.is_none();
        self.next = page
            .next_cursor
            .map_or(Next::Page, |next| Next::Digests(Some(next)));
        sealed.told += page.items.len() as u64;
        seal_lines::digests(&page.items, is_first)
    }

    fn total(&self) -> Bytes {
        match &self.sealed {
            Some(sealed) => seal_lines::end(self.told, sealed.told),
            None => Bytes::new(),
        }
    }

    async fn page(&mut self) -> io::Result<Bytes> {
        self.may_go_on().await?;
        let page = self
            .audit
            .query(&self.reading.reader.user.tid, &self.query)
            .await
            .map_err(broken)?;
        self.told += page.items.len() as u64;
        self.next = match page.next_cursor {
            Some(cursor) => {
                self.query.cursor = Some(cursor);
                Next::Page
            }
            None => Next::Total,
        };
        let mut chunk = Vec::new();
        for record in &page.items {
            match self.format {
                AuditFormat::Ndjson => json_line(record, &mut chunk)?,
                AuditFormat::Csv => chunk.extend(csv::line(record)),
            }
        }
        Ok(chunk.into())
    }

    /// The own records, or an auditor's.
    async fn may_go_on(&mut self) -> io::Result<()> {
        let is_own = self.query.oid.as_ref() == Some(&self.reading.reader.user.oid);
        let is_enough = |roles: &BTreeSet<Role>| is_own || roles.contains(&Role::Auditor);
        self.reading.go_on(is_enough).await
    }
}

fn json_line(record: &AuditRecord, out: &mut Vec<u8>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use azimuth_domain::audit::AuditEntry;
    use azimuth_domain::principal::{Principal, UserKey};
    use azimuth_domain::session::SessionId;
    use azimuth_domain::time::Timestamp;
    use azimuth_ports::audit::{Appended, AuditError};
    use azimuth_ports::clock::Clock;
    use azimuth_ports::sessions::{SessionRecord, SessionStore};
    use azimuth_ports::store::{Etag, Page, StoreError, Versioned};
    use azimuth_ports::users::{UserQuery, UserRecord, UserStatus, UserStore};
    use futures::StreamExt;
    use tokio::time::advance;

    use super::*;
    use crate::auth::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings};
    use crate::auth::verifier::{TokenVerifier, VerifierSettings};
    use crate::http::caller::{Gate, NewPeople};
    use crate::http::logins::Logins;
    use crate::http::long_read::{EXPIRY_GRACE_MS, RECHECK};
    use crate::http::tests::down;

    const NOW: Timestamp = Timestamp(1_795_525_509_123);

    /// An audit without an end, read by somebody who may be switched off or no auditor.
    #[derive(Default)]
    struct Office {
        limit: AtomicUsize,
        users_asked: AtomicUsize,
        disabled: bool,
        dismissed: bool,
        users_down: bool,
    }

    impl Clock for Office {
        fn now(&self) -> Timestamp {
            NOW
        }
    }

    #[async_trait]
    impl UserStore for Office {
        async fn user(&self, user: &UserKey) -> Result<Option<Versioned<UserRecord>>, StoreError> {
            self.users_asked.fetch_add(1, Ordering::SeqCst);
            if self.users_down {
                return Err(StoreError::Unavailable(String::new()));
            }
            let item = UserRecord {
                status: if self.disabled {
                    UserStatus::Disabled
                } else {
                    UserStatus::Active
                },
                roles: self.dismissed.then(|| vec![Role::Approver]),
                ..UserRecord::new(user.clone(), NOW)
            };
            let etag = Etag("1".to_owned());
            Ok(Some(Versioned { item, etag }))
        }
        async fn put_user(
            &self,
            _: &UserRecord,
            _: Option<&Etag>,
        ) -> Result<Option<Etag>, StoreError> {
            Ok(None)
        }
        async fn users(&self, _: &str, _: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
            Err(StoreError::BadCursor)
        }
    }

    #[async_trait]
    impl SessionStore for Office {
        async fn session(
            &self,
            _: &UserKey,
            _: &SessionId,
        ) -> Result<Option<SessionRecord>, StoreError> {
            Ok(None)
        }
        async fn put_session(&self, _: &SessionRecord) -> Result<(), StoreError> {
            Ok(())
        }
        async fn sessions(
            &self,
            _: &UserKey,
            _: usize,
            _: Option<&str>,
        ) -> Result<Page<SessionRecord>, StoreError> {
            Err(StoreError::BadCursor)
        }
        async fn forget_session(&self, _: &UserKey, _: &SessionId) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[async_trait]
    impl AuditLog for Office {
        async fn append(
            &self,
            _: &str,
            _: &str,
            _: &str,
            _: Timestamp,
            _: AuditEntry,
        ) -> Result<Appended, AuditError> {
            Err(AuditError::Contended)
        }
        async fn record(
            &self,
            _: &str,
            _: &str,
            _: &str,
        ) -> Result<Option<AuditRecord>, AuditError> {
            Ok(None)
        }
        async fn query(
            &self,
            _: &str,
            query: &AuditQuery,
        ) -> Result<Page<AuditRecord>, AuditError> {
            self.limit.store(query.limit, Ordering::SeqCst);
            Ok(Page {
                items: Vec::new(),
                next_cursor: Some("on".to_owned()),
            })
        }
        async fn open_without_close(
            &self,
            _: Timestamp,
            _: usize,
        ) -> Result<Vec<AuditRecord>, AuditError> {
            Ok(Vec::new())
        }
        async fn is_closed(&self, _: &str, _: &str) -> Result<bool, AuditError> {
            Ok(true)
        }
    }

    fn export(office: &Arc<Office>, expired_for_ms: i64) -> Export {
        let issuer = "http://127.0.0.1:1/{tid}";
        let fetcher = Fetcher::new(&FetcherSettings::default()).unwrap();
        let keys = JwksCache::new(JwksSettings::new(issuer, issuer), fetcher, office.clone());
        let settings = VerifierSettings {
            issuer: issuer.to_owned(),
            audience: "api".to_owned(),
            own_audiences: [].into(),
            tenants: BTreeSet::new(),
            clients: BTreeSet::new(),
            scope: VerifierSettings::SCOPE.to_owned(),
            leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
        };
        let verifier = TokenVerifier::new(settings, Arc::new(keys), office.clone());
        let gate = Gate::new(
            Arc::new(verifier),
            office.clone(),
            Logins::new(office.clone(), office.clone()),
            office.clone(),
            down::quotas(&Arc::default()),
            NewPeople::Admitted,
        );
        let reader = Principal {
            user: UserKey::new("t", "o"),
            name: None,
            roles: [Role::Auditor].into(),
            token_issued_at: NOW,
            token_expires_at: NOW.plus_ms(-expired_for_ms),
            session: None,
        };
        Export {
            audit: office.clone(),
            sealed: None,
            told: 0,
            reading: LongRead::begin(gate, office.clone(), reader),
            query: AuditQuery {
                limit: PAGE,
                ..AuditQuery::default()
            },
            format: AuditFormat::Ndjson,
            next: Next::Page,
        }
    }

    /// Whether a page comes after `wait`, and whether anything comes after that.
    async fn after(office: &Arc<Office>, expired_for_ms: i64, wait: Duration) -> (bool, bool) {
        let mut stream = Box::pin(export(office, expired_for_ms).stream());
        assert!(stream.next().await.unwrap().is_ok());
        advance(wait).await;
        let comes = stream.next().await.unwrap().is_ok();
        (comes, stream.next().await.is_some())
    }

    #[tokio::test(start_paused = true)]
    async fn an_export_breaks_off_for_somebody_who_may_not_read_on() {
        let millisecond = Duration::from_millis(1);
        for (disabled, dismissed, users_down) in [
            (true, false, false),
            (false, true, false),
            (false, false, true),
        ] {
            let office = Arc::new(Office {
                disabled,
                dismissed,
                users_down,
                ..Office::default()
            });
            for (wait, goes_on) in [
                (RECHECK.checked_sub(millisecond).unwrap(), true),
                (RECHECK, false),
                (RECHECK + millisecond, false),
            ] {
                assert_eq!(
                    after(&office, 0, wait).await,
                    (goes_on, goes_on),
                    "{wait:?}"
                );
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_export_breaks_off_a_minute_after_its_token() {
        let office = Arc::new(Office::default());
        for (expired_for_ms, goes_on) in [
            (EXPIRY_GRACE_MS - 1, true),
            (EXPIRY_GRACE_MS, false),
            (EXPIRY_GRACE_MS + 1, false),
        ] {
            let seen = after(&office, expired_for_ms, RECHECK).await;
            assert_eq!(seen, (goes_on, goes_on), "{expired_for_ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pages_are_of_a_hundred_and_every_15_seconds_is_looked_again() {
        let office = Arc::new(Office::default());
        let mut stream = Box::pin(export(&office, 0).stream());
        for second in 0..=45 {
            assert!(stream.next().await.unwrap().is_ok());
            assert_eq!(office.users_asked.load(Ordering::SeqCst), second / 15);
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(office.limit.load(Ordering::SeqCst), 100);
    }
}
