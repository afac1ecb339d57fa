//! `GET /v1/conversations/{id}/grants`.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::ConversationId;

use super::grant_view::GrantView;
use crate::http::caller::Caller;
use crate::http::page::PageOf;
use crate::http::path::PathId;
use crate::http::states::ConversationState;
use crate::problem::Answer;

/// What the caller agreed to for the rest of a conversation and still counts: all of it,
/// at most 32, oldest first.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/grants",
    operation_id = "list_grants",
    tag = "conversations",
    params(("id" = String, Path, description = "Conversation")),
    responses((status = 200, body = PageOf<GrantView>))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
) -> Answer<Json<PageOf<GrantView>>> {
    let found = super::load(state.store.as_ref(), &caller, &id).await?;
    Ok(Json(PageOf {
        items: GrantView::all_of(&found.item, state.clock.now()),
        next_cursor: None,
    }))
}
