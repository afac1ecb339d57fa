//! `GET /v1/admin/users/{oid}/sessions`.

use axum::Json;
use axum::extract::State;
use azimuth_domain::principal::UserKey;

use super::require_admin;
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::path::{Oid, PathId};
use crate::http::query::Query;
use crate::http::sessions::{SessionListQuery, SessionView};
use crate::http::states::AdminState;
use crate::problem::Answer;

/// The logins of a person of the tenant.
#[utoipa::path(
    get,
    path = "/v1/admin/users/{oid}/sessions",
    operation_id = "list_user_sessions",
    tag = "admin",
    params(("oid" = String, Path, description = "Object id"), SessionListQuery),
    responses((status = 200, body = PageOf<SessionView>))
)]
pub async fn handle(
    State(state): State<AdminState>,
    caller: Caller,
    PathId(Oid(oid)): PathId<Oid>,
    Query(query): Query<SessionListQuery>,
) -> Answer<Json<PageOf<SessionView>>> {
    require_admin(&caller)?;
    let limit = page::limit(query.limit, 50)?;
    let cursor = page::cursor(query.cursor)?;
    let user = UserKey::new(&caller.principal.user.tid, &oid);
    let person = state.people.person(&user).await?.item;
    let page = state
        .people
        .sessions_of(&person, limit, cursor.as_deref())
        .await?;
    let current = caller.principal.session.as_ref();
    Ok(Json(page.map(|one| SessionView::of(&one, current)).into()))
}
