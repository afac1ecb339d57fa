//! `GET /v1/audit`: newest first.

use axum::extract::State;
use axum::{Extension, Json};
use azimuth_domain::audit::AuditKind;
use azimuth_domain::event::Outcome;
use serde::Deserialize;
use utoipa::IntoParams;

use super::filter::{Filter, describe};
use super::{AuditRecordView, Scope, record_reading};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::AuditState;
use crate::problem::Answer;

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AuditListQuery {
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
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The caller's own records; an auditor's tenant's, which is itself recorded.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list_audit",
    tag = "audit",
    params(AuditListQuery),
    responses((status = 200, body = PageOf<AuditRecordView>))
)]
pub async fn handle(
    State(state): State<AuditState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    Query(query): Query<AuditListQuery>,
) -> Answer<Json<PageOf<AuditRecordView>>> {
    let limit = page::limit(query.limit, 50)?;
    let cursor = page::cursor(query.cursor)?;
    let filter = Filter {
        from: query.from,
        until: query.until,
        kind: query.kind,
        tool: query.tool,
        outcome: query.outcome,
        turn_id: query.turn_id,
        oid: query.oid,
    };
    let (mut query, scope) = filter.query(&caller, limit)?;
    query.cursor = cursor;
    if scope == Scope::Tenant {
        let detail = describe(&query);
        record_reading(&state, &caller, AuditKind::AuditRead, &request.0, detail).await?;
    }
    let page = state
        .audit
        .query(&caller.principal.user.tid, &query)
        .await?;
    Ok(Json(page.map(AuditRecordView::from).into()))
}
