//! `GET /v1/approvals/{id}`.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::ApprovalId;

use super::ApprovalView;
use crate::http::caller::Caller;
use crate::http::path::PathId;
use crate::http::states::TurnState;
use crate::problem::Answer;

/// One approval that the caller asked for or may decide about.
#[utoipa::path(
    get,
    path = "/v1/approvals/{id}",
    operation_id = "get_approval",
    tag = "approvals",
    params(("id" = String, Path, description = "Approval")),
    responses((status = 200, body = ApprovalView))
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathId(id): PathId<ApprovalId>,
) -> Answer<Json<ApprovalView>> {
    Ok(Json(super::load(&state, &caller, &id).await?))
}
