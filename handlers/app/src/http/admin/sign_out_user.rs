//! `DELETE /v1/admin/users/{oid}/sessions`.

use axum::Extension;
use axum::extract::State;
use azimuth_domain::principal::UserKey;
use http::StatusCode;

use super::require_admin;
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::path::{Oid, PathId};
use crate::http::states::AdminState;
use crate::problem::Answer;

/// Signs a person of the tenant out everywhere.
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{oid}/sessions",
    operation_id = "sign_out_user",
    tag = "admin",
    params(("oid" = String, Path, description = "Object id")),
    responses((status = 204, description = "Tokens issued up to now are refused"))
)]
pub async fn handle(
    State(state): State<AdminState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(Oid(oid)): PathId<Oid>,
) -> Answer<StatusCode> {
    require_admin(&caller)?;
    let by = &caller.principal.user;
    let user = UserKey::new(&by.tid, &oid);
    state.people.sign_out(by, &request, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
