//! `DELETE /v1/conversations/{id}/grants/{grant_id}`.

use axum::extract::State;
use azimuth_domain::approval_grant::GrantId;
use azimuth_domain::ids::ConversationId;
use http::StatusCode;

use crate::http::caller::Caller;
use crate::http::path::PathPair;
use crate::http::states::ConversationState;
use crate::problem::Answer;

/// Takes back what the caller agreed to for the rest of a conversation. No call runs by it
/// any more that has not begun.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/grants/{grant_id}",
    operation_id = "revoke_grant",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "Conversation"),
        ("grant_id" = String, Path, description = "Approval for the conversation")
    ),
    responses((status = 204, description = "It counts no longer"))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathPair(id, grant): PathPair<ConversationId, GrantId>,
) -> Answer<StatusCode> {
    super::load(state.store.as_ref(), &caller, &id).await?;
    let owner = &caller.principal.user;
    state.engine.revoke_grant(owner, &id, &grant).await?;
    Ok(StatusCode::NO_CONTENT)
}
