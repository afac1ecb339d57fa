//! `GET /v1/admin/users`: the people of the tenant, by object id.

use axum::Json;
use axum::extract::State;
use azimuth_ports::users::{UserQuery, UserStatus};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{UserView, require_admin};
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::AdminState;
use crate::problem::{Answer, Code, Problem};

/// Longest text to search for, characters.
const MAX_TEXT_CHARS: usize = 200;

/// Which people.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct UserListQuery {
    /// Words that must all occur in name or object id.
    pub q: Option<String>,
    /// Only with this status: `active`, `pending`, `disabled`.
    #[param(value_type = Option<String>)]
    pub status: Option<UserStatus>,
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on. A page may be short, even empty, while there is a next one.
    pub cursor: Option<String>,
}

/// Everybody of the tenant who has signed in.
#[utoipa::path(
    get,
    path = "/v1/admin/users",
    operation_id = "list_users",
    tag = "admin",
    params(UserListQuery),
    responses((status = 200, body = PageOf<UserView>))
)]
pub async fn handle(
    State(state): State<AdminState>,
    caller: Caller,
    Query(query): Query<UserListQuery>,
) -> Answer<Json<PageOf<UserView>>> {
    require_admin(&caller)?;
    if query
        .q
        .as_ref()
        .is_some_and(|q| q.chars().count() > MAX_TEXT_CHARS)
    {
        return Err(Problem::new(Code::QueryInvalid)
            .detail("q has at most 200 characters.")
            .parameter("q"));
    }
    let wanted = UserQuery {
        text: query.q,
        status: query.status,
        limit: page::limit(query.limit, 50)?,
        cursor: page::cursor(query.cursor)?,
    };
    let tenant = &caller.principal.user.tid;
    let page = state.people.users.users(tenant, &wanted).await?;
    Ok(Json(page.map(UserView::from).into()))
}
