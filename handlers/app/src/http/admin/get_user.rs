//! `GET /v1/admin/users/{oid}`.

use axum::extract::State;
use axum::response::Response;
use azimuth_domain::principal::UserKey;

use super::{UserView, require_admin, user_view};
use crate::http::caller::Caller;
use crate::http::path::{Oid, PathId};
use crate::http::states::AdminState;
use crate::problem::Answer;

/// One person of the tenant.
#[utoipa::path(
    get,
    path = "/v1/admin/users/{oid}",
    operation_id = "get_user",
    tag = "admin",
    params(("oid" = String, Path, description = "Object id")),
    responses((status = 200, body = UserView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(
    State(state): State<AdminState>,
    caller: Caller,
    PathId(Oid(oid)): PathId<Oid>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let user = UserKey::new(&caller.principal.user.tid, &oid);
    let found = state.people.person(&user).await?;
    Ok(user_view::answer(found))
}
