//! `PATCH /v1/conversations/{id}`: rename, pin, archive.

use axum::extract::State;
use axum::response::Response;
use azimuth_domain::ids::ConversationId;
use azimuth_ports::store::{Batch, Precondition, StoreError, Write};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ConversationView, answer, load, title};
use crate::http::caller::Caller;
use crate::http::etag::IfMatch;
use crate::http::json::JsonBody;
use crate::http::path::PathId;
use crate::http::states::ConversationState;
use crate::problem::{Answer, Code, Problem};

/// What to change; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// New title, 1–120 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// Keep it at the top of the list.
    #[serde(default)]
    pub pinned: Option<bool>,
    /// Hide it from the list.
    #[serde(default)]
    pub archived: Option<bool>,
}

/// Changes a conversation's header.
#[utoipa::path(
    patch,
    path = "/v1/conversations/{id}",
    operation_id = "patch_conversation",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "Conversation"),
        ("If-Match" = String, Header, description = "The ETag that was read")
    ),
    request_body = ConversationPatch,
    responses((status = 200, body = ConversationView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
    expected: IfMatch,
    JsonBody(patch): JsonBody<ConversationPatch>,
) -> Answer<Response> {
    let found = load(state.store.as_ref(), &caller, &id).await?;
    expected.check(&found.etag)?;
    let mut conversation = found.item;
    if let Some(text) = patch.title {
        conversation.title = title(&text)?;
    }
    conversation.pinned = patch.pinned.unwrap_or(conversation.pinned);
    conversation.archived = patch.archived.unwrap_or(conversation.archived);
    conversation.updated_at = state.clock.now();
    let batch = Batch {
        conversation: Some(Write {
            item: conversation.clone(),
            when: Precondition::Matches(found.etag),
        }),
        ..Batch::default()
    };
    match state.store.commit(&conversation.key(), batch).await {
        Ok(committed) => {
            let etag = committed.conversation.ok_or_else(|| {
                Problem::new(Code::Internal).context("a commit without a version")
            })?;
            Ok(answer(StatusCode::OK, conversation, &etag))
        }
        Err(StoreError::ConversationChanged) => Err(Problem::new(Code::IfMatchStale)),
        Err(error) => Err(error.into()),
    }
}
