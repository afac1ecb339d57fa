//! `POST /v1/conversations`: with an idempotency key, a repetition gives the same
//! conversation.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use azimuth_domain::canonical::sha256_hex;
use azimuth_domain::conversation::{Conversation, ConversationKind};
use azimuth_domain::ids::ConversationId;
use azimuth_ports::store::{Batch, Etag, Precondition, StoreError, Write};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ConversationView, answer, load_any, title};
use crate::http::caller::Caller;
use crate::http::idempotency::IdempotencyKey;
use crate::http::json::JsonBody;
use crate::http::states::ConversationState;
use crate::problem::{Answer, Code, Problem};

/// A conversation to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConversation {
    /// Title; without one the first message names it.
    #[serde(default)]
    pub title: Option<String>,
}

/// Makes a conversation.
#[utoipa::path(
    post,
    path = "/v1/conversations",
    operation_id = "create_conversation",
    tag = "conversations",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same conversation")),
    request_body = NewConversation,
    responses(
        (status = 201, description = "Made", body = ConversationView),
        (status = 200, description = "Made before with the same key", body = ConversationView)
    )
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    JsonBody(body): JsonBody<NewConversation>,
) -> Answer<Response> {
    let title = body.title.as_deref().map(title).transpose()?;
    let user = &caller.principal.user;
    let id = match &key {
        Some(key) => ConversationId::derived(user, "conversation", &key.0),
        None => ConversationId::new(user, &state.random.ulid()),
    };
    let request_hash = sha256_hex(title.as_deref().unwrap_or_default());
    let mut conversation =
        Conversation::new(id, user.clone(), ConversationKind::Chat, state.clock.now());
    conversation.title = title.unwrap_or_default();
    conversation.request_hash = Some(request_hash);
    match write_new(&state, &conversation).await {
        Ok(etag) => Ok(created(
            answer(StatusCode::CREATED, conversation.clone(), &etag),
            &conversation,
        )),
        Err(StoreError::ConversationChanged) => {
            let found = load_any(state.store.as_ref(), &caller, &conversation.id).await?;
            if found.item.request_hash != conversation.request_hash {
                return Err(Problem::new(Code::IdempotencyKeyReused));
            }
            Ok(answer(StatusCode::OK, found.item, &found.etag))
        }
        Err(error) => Err(error.into()),
    }
}

async fn write_new(
    state: &ConversationState,
    conversation: &Conversation,
) -> Result<Etag, StoreError> {
    let batch = Batch {
        conversation: Some(Write {
            item: conversation.clone(),
            when: Precondition::New,
        }),
        ..Batch::default()
    };
    let committed = state.store.commit(&conversation.key(), batch).await?;
    committed
        .conversation
        .ok_or_else(|| StoreError::Unreadable("a commit without a version".to_owned()))
}

fn created(response: Response, conversation: &Conversation) -> Response {
    let location = format!("/api/v1/conversations/{}", conversation.id);
    match HeaderValue::from_str(&location) {
        Ok(value) => ([(header::LOCATION, value)], response).into_response(),
        Err(_) => response,
    }
}
