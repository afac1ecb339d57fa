//! `POST /v1/conversations/{id}/turns`: asks. The turn is stored before the answer,
//! and goes on whether or not anybody reads.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use azimuth_domain::ids::{ConversationId, MessageId, TurnId};
use azimuth_domain::limits::MAX_MESSAGE_TEXT_BYTES;
use azimuth_domain::policy::Mode;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::AcceptedTurn;
use super::view::ModeView;
use crate::http::caller::Caller;
use crate::http::events::{Reader, StreamedEvent, accepts_event_stream, stream};
use crate::http::idempotency::IdempotencyKey;
use crate::http::json::JsonBody;
use crate::http::path::PathId;
use crate::http::states::TurnState;
use crate::problem::{Answer, Code, Problem};
use crate::turn::ChatRequest;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTurnBody {
    /// The text, 1–32,768 bytes of UTF-8.
    pub text: String,
    /// The model; without one the caller's setting, else the default.
    #[serde(default)]
    pub model: Option<String>,
    /// What it answers; another message than the newest makes a branch.
    #[serde(default)]
    pub parent_message_id: Option<String>,
    /// How much the turn may do without a person: nothing but look, change what people
    /// agree to (without a mode), or change what policies permit in this mode.
    #[serde(default)]
    pub mode: Option<ModeView>,
}

/// Asks in a conversation.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/turns",
    operation_id = "create_turn",
    tag = "turns",
    params(
        ("id" = String, Path, description = "Conversation"),
        ("Idempotency-Key" = String, Header, description = "The same key gives the same turn")
    ),
    request_body = NewTurnBody,
    responses(
        (status = 202, description = "Stored", body = AcceptedTurn),
        (status = 200, description = "With Accept: text/event-stream: the turn's events", body = StreamedEvent, content_type = "text/event-stream")
    )
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathId(conversation): PathId<ConversationId>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    headers: HeaderMap,
    JsonBody(body): JsonBody<NewTurnBody>,
) -> Answer<Response> {
    caller.require_any_role()?;
    check_text(&body.text)?;
    let parent = body.parent_message_id.as_deref().map(parent).transpose()?;
    let request = ChatRequest {
        principal: caller.principal.clone(),
        bearer: caller.bearer.clone(),
        conversation,
        idempotency_key,
        text: body.text,
        model: body.model,
        parent,
        mode: body.mode.map(Mode::from).unwrap_or_default(),
        language: caller.language(&headers),
    };
    // Before the turn is made, so that its stream need not read from the store what
    // this process has just written.
    let hints = accepts_event_stream(&headers).then(|| {
        let turn = TurnId::derived(&request.conversation, &request.idempotency_key);
        state.engine.hub().subscribe(&turn)
    });
    let accepted = state.engine.accept_chat(request).await?;
    let turn = accepted.turn;
    if let Some(hints) = hints {
        if accepted.created {
            let reader = Reader::of_new(&state, &caller.principal, &turn, hints);
            return Ok(stream(reader, &turn.id));
        }
        let reader = Reader::new(&state, &caller.principal, &turn, 0);
        reader.check_not_expired().await?;
        return Ok(stream(reader, &turn.id));
    }
    Ok(accepted_response(&AcceptedTurn::of(&turn.id)))
}

/// 202 with the turn's place in `Location`.
pub(crate) fn accepted_response(accepted: &AcceptedTurn) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(accepted)).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("/api/v1/turns/{}", accepted.turn_id)) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn check_text(text: &str) -> Answer<()> {
    if text.len() > MAX_MESSAGE_TEXT_BYTES {
        return Err(Problem::new(Code::TextTooLong).pointer("/text"));
    }
    if text.trim().is_empty() {
        return Err(Problem::new(Code::TextEmpty).pointer("/text"));
    }
    Ok(())
}

fn parent(text: &str) -> Answer<MessageId> {
    MessageId::parse(text)
        .ok_or_else(|| Problem::new(Code::ParentNotFound).pointer("/parent_message_id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_between_one_and_32768_bytes() {
        for (text, fits) in [
            (String::new(), false),
            (" \n\u{3000}".to_owned(), false),
            ("a".to_owned(), true),
            ("a".repeat(32_767), true),
            ("a".repeat(32_768), true),
            ("a".repeat(32_769), false),
            ("가".repeat(10_923), false),
        ] {
            assert_eq!(check_text(&text).is_ok(), fits, "{} bytes", text.len());
        }
    }
}
