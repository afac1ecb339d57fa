//! `DELETE /v1/admin/users/{oid}/sessions/{id}`.

use axum::Extension;
use axum::extract::State;
use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use http::StatusCode;

use super::require_admin;
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::path::{Oid, PathPair, not_found};
use crate::http::states::AdminState;
use crate::problem::Answer;

/// Ends one login of a person of the tenant for good.
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{oid}/sessions/{id}",
    operation_id = "revoke_user_session",
    tag = "admin",
    params(
        ("oid" = String, Path, description = "Object id"),
        ("id" = String, Path, description = "Session")
    ),
    responses((status = 204, description = "Its tokens are refused from now on"))
)]
pub async fn handle(
    State(state): State<AdminState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathPair(Oid(oid), id): PathPair<Oid, SessionId>,
) -> Answer<StatusCode> {
    require_admin(&caller)?;
    let by = &caller.principal.user;
    let user = UserKey::new(&by.tid, &oid);
    if id.owner() != user.owner() {
        return Err(not_found());
    }
    state.people.revoke(by, &request, &user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
