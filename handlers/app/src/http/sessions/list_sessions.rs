//! `GET /v1/sessions`.

use axum::Json;
use axum::extract::State;

use super::{SessionListQuery, SessionView};
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::SessionState;
use crate::problem::Answer;

/// The caller's logins. Tokens that name no session are not among them; signing out
/// everywhere ends these too.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    operation_id = "list_sessions",
    tag = "account",
    params(SessionListQuery),
    responses((status = 200, body = PageOf<SessionView>))
)]
pub async fn handle(
    State(state): State<SessionState>,
    caller: Caller,
    Query(query): Query<SessionListQuery>,
) -> Answer<Json<PageOf<SessionView>>> {
    let limit = page::limit(query.limit, 50)?;
    let cursor = page::cursor(query.cursor)?;
    // Of several first requests of a page this may be the fastest.
    state.gate.note_session(&caller.principal).await?;
    let person = &caller.record.item;
    let page = state
        .people
        .sessions_of(person, limit, cursor.as_deref())
        .await?;
    let current = caller.principal.session.as_ref();
    Ok(Json(page.map(|one| SessionView::of(&one, current)).into()))
}
