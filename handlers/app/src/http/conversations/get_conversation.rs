//! `GET /v1/conversations/{id}`.

use axum::extract::State;
use axum::response::Response;
use azimuth_domain::ids::ConversationId;
use http::StatusCode;

use super::ConversationView;
use crate::http::caller::Caller;
use crate::http::path::PathId;
use crate::http::states::ConversationState;
use crate::problem::Answer;

/// One of the caller's conversations; a deleted one is not found.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}",
    operation_id = "get_conversation",
    tag = "conversations",
    params(("id" = String, Path, description = "Conversation")),
    responses((status = 200, body = ConversationView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
) -> Answer<Response> {
    let found = super::load(state.store.as_ref(), &caller, &id).await?;
    Ok(super::answer(StatusCode::OK, found.item, &found.etag))
}
