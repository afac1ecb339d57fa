//! `DELETE /v1/conversations/{id}`: restorable for seven days; a running turn is
//! cancelled first.

use axum::extract::State;
use azimuth_domain::ids::ConversationId;
use http::StatusCode;

use crate::http::caller::Caller;
use crate::http::path::{PathId, not_found};
use crate::http::states::ConversationState;
use crate::problem::Answer;

/// Deletes a conversation.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}",
    operation_id = "delete_conversation",
    tag = "conversations",
    params(("id" = String, Path, description = "Conversation")),
    responses((status = 204, description = "Deleted"))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
) -> Answer<StatusCode> {
    super::load(state.store.as_ref(), &caller, &id).await?;
    super::record(&state, &caller, &id, "deleted").await?;
    let deleted = state
        .engine
        .delete_conversation(&caller.principal, &id)
        .await?;
    if deleted {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}
