//! `POST /v1/conversations/{id}/restore`: within seven days of its deletion.

use axum::extract::State;
use axum::response::Response;
use azimuth_domain::conversation::Conversation;
use azimuth_domain::ids::ConversationId;
use azimuth_domain::limits::RESTORE_MS;
use azimuth_domain::time::Timestamp;
use azimuth_ports::store::{Batch, Precondition, StoreError, Write};
use http::StatusCode;

use super::{ConversationView, answer, load_any};
use crate::http::caller::Caller;
use crate::http::path::{PathId, not_found};
use crate::http::states::ConversationState;
use crate::problem::{Answer, Code, Problem};

/// How often the write is tried again when something else changed the header.
const MAX_WRITES: usize = 5;

/// Restores a deleted conversation. One that is not deleted stays as it is.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/restore",
    operation_id = "restore_conversation",
    tag = "conversations",
    params(("id" = String, Path, description = "Conversation")),
    responses((status = 200, body = ConversationView))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
) -> Answer<Response> {
    let found = load_any(state.store.as_ref(), &caller, &id).await?;
    if found.item.deleted_at.is_none() {
        return Ok(answer(StatusCode::OK, found.item, &found.etag));
    }
    if !is_restorable(&found.item, state.clock.now()) {
        return Err(not_found());
    }
    super::record(&state, &caller, &id, "restored").await?;
    for _ in 0..MAX_WRITES {
        let found = load_any(state.store.as_ref(), &caller, &id).await?;
        let restored = Conversation {
            deleted_at: None,
            updated_at: state.clock.now(),
            ..found.item
        };
        let batch = Batch {
            conversation: Some(Write {
                item: restored.clone(),
                when: Precondition::Matches(found.etag.clone()),
            }),
            ..Batch::default()
        };
        match state.store.commit(&restored.key(), batch).await {
            Ok(committed) => {
                let etag = committed.conversation.unwrap_or(found.etag);
                return Ok(answer(StatusCode::OK, restored, &etag));
            }
            Err(StoreError::ConversationChanged) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::new(Code::WriteConflict))
}

fn is_restorable(conversation: &Conversation, now: Timestamp) -> bool {
    conversation
        .deleted_at
        .is_some_and(|at| now.since(at) <= RESTORE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use azimuth_domain::conversation::ConversationKind;
    use azimuth_domain::principal::UserKey;

    #[test]
    fn seven_days_and_no_longer() {
        let user = UserKey::new("t", "o");
        let id = ConversationId::derived(&user, "conversation", "k");
        let at = Timestamp(1_000);
        let mut conversation = Conversation::new(id, user, ConversationKind::Chat, at);
        assert!(!is_restorable(&conversation, at));
        conversation.deleted_at = Some(at);
        for (later_ms, yes) in [
            (RESTORE_MS - 1, true),
            (RESTORE_MS, true),
            (RESTORE_MS + 1, false),
        ] {
            assert_eq!(
                is_restorable(&conversation, at.plus_ms(later_ms)),
                yes,
                "{later_ms}"
            );
        }
    }
}
