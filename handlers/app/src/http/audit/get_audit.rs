//! `GET /v1/audit/{id}`.

use axum::extract::State;
use axum::{Extension, Json};
use azimuth_domain::audit::AuditKind;
use azimuth_domain::principal::Role;

use super::id::Place;
use super::{AuditRecordView, record_reading};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::path::{PathId, not_found};
use crate::http::states::AuditState;
use crate::problem::Answer;

/// One record of the caller's own, or of the tenant for an auditor.
#[utoipa::path(
    get,
    path = "/v1/audit/{id}",
    operation_id = "get_audit",
    tag = "audit",
    params(("id" = String, Path, description = "Record")),
    responses((status = 200, body = AuditRecordView))
)]
pub async fn handle(
    State(state): State<AuditState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(place): PathId<Place>,
) -> Answer<Json<AuditRecordView>> {
    let user = &caller.principal.user;
    let record = state
        .audit
        .record(&user.tid, &place.chain, &place.register)
        .await?
        .ok_or_else(|| {
            if caller.principal.has(Role::Auditor) {
                not_found().without_record()
            } else {
                not_found()
            }
        })?;
    let is_own = record.entry.oid == user.oid && record.entry.tid == user.tid;
    if !is_own {
        if !caller.principal.has(Role::Auditor) {
            return Err(not_found());
        }
        let id = place.encode().ok_or_else(not_found)?;
        let detail = format!("record {id}");
        record_reading(&state, &caller, AuditKind::AuditRead, &request.0, detail).await?;
    }
    Ok(Json(record.into()))
}
