//! `GET /v1/audit/export?format=ndjson|csv`: all records that fit, streamed.
//!
//! A line of NDJSON is the record exactly as stored, so that `handler audit verify
//! --file` recomputes its hash. A page that cannot be read breaks the connection
//! off: a cut export never looks whole.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::audit::{AuditKind, AuditRecord};
use azimuth_domain::event::Outcome;
use azimuth_ports::audit::{AuditLog, AuditQuery};
use bytes::Bytes;
use futures::stream::{Stream, unfold};
use http::{HeaderValue, header};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use super::filter::{Filter, describe};
use super::{Scope, csv, record_reading};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::query::Query;
use crate::http::states::AuditState;
use crate::problem::Answer;

/// Records of one read.
const PAGE: usize = 500;

/// Longest export; shorter than the host's `functionTimeout`.
const PATIENCE: Duration = Duration::from_mins(8);

/// Form of an export.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat {
    /// One exact record a line.
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
    responses((status = 200, description = "An attachment", content(
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
    let export = Export {
        audit: Arc::clone(&state.audit),
        tenant: caller.principal.user.tid,
        query,
        format,
        next: Next::Header,
        until: Instant::now() + PATIENCE,
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
    tenant: String,
    query: AuditQuery,
    format: AuditFormat,
    next: Next,
    until: Instant,
}

/// What comes next.
enum Next {
    Header,
    Page,
    End,
}

impl Export {
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        unfold(self, |mut export| async move {
            let chunk = match export.next {
                Next::Header => {
                    export.next = Next::Page;
                    match export.format {
                        AuditFormat::Ndjson => Ok(Bytes::new()),
                        AuditFormat::Csv => Ok(Bytes::from(csv::header())),
                    }
                }
                Next::Page => export.page().await,
                Next::End => return None,
            };
            if chunk.is_err() {
                export.next = Next::End;
            }
            Some((chunk, export))
        })
    }

    async fn page(&mut self) -> io::Result<Bytes> {
        if Instant::now() >= self.until {
            return Err(io::Error::other("the export takes too long"));
        }
        let page = self
            .audit
            .query(&self.tenant, &self.query)
            .await
            .map_err(|error| {
                tracing::error!(%error, "an audit export broke off");
                io::Error::other("the audit does not answer")
            })?;
        self.next = match page.next_cursor {
            Some(cursor) => {
                self.query.cursor = Some(cursor);
                Next::Page
            }
            None => Next::End,
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
}

fn json_line(record: &AuditRecord, out: &mut Vec<u8>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.push(b'\n');
    Ok(())
}
