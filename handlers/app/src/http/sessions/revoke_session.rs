//! `DELETE /v1/sessions/{id}`.

use axum::Extension;
use axum::extract::State;
use azimuth_domain::session::SessionId;
use http::StatusCode;

use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::path::{PathId, not_found};
use crate::http::states::SessionState;
use crate::problem::Answer;

/// Ends one of the caller's logins for good.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}",
    operation_id = "revoke_session",
    tag = "account",
    params(("id" = String, Path, description = "Session")),
    responses((status = 204, description = "Its tokens are refused from now on"))
)]
pub async fn handle(
    State(state): State<SessionState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
) -> Answer<StatusCode> {
    let user = &caller.principal.user;
    if id.owner() != user.owner() {
        return Err(not_found());
    }
    state.people.revoke(user, &request, user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
