//! Conversations and the messages in them.

pub mod create_conversation;
pub mod delete_conversation;
pub mod export;
pub mod get_conversation;
mod grant_view;
pub mod list_conversations;
pub mod list_grants;
pub mod list_messages;
pub mod patch_conversation;
pub mod restore_conversation;
pub mod revoke_grant;

use axum::Json;
use axum::response::{IntoResponse, Response};
use azimuth_domain::audit::{AuditEntry, AuditKind, conversation_chain};
use azimuth_domain::conversation::{
    Author, Conversation, ConversationKind, MAX_TITLE_CHARS, Message,
};
use azimuth_domain::ids::{ConversationId, ConversationKey};
use azimuth_domain::redact::redact;
use azimuth_ports::store::{ConversationStore, Etag, Versioned};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::etag;
use super::moment::Moment;
use super::path::not_found;
use super::states::ConversationState;
use crate::problem::{Answer, Code, Problem};

/// A conversation without its messages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConversationView {
    /// Id.
    pub id: String,
    /// What the list shows; empty until the first message names it.
    pub title: String,
    /// Kept at the top of the list.
    pub pinned: bool,
    /// Hidden from the list unless asked for.
    pub archived: bool,
    /// When it was made.
    pub created_at: Moment,
    /// When a turn was last added or the header last changed.
    pub updated_at: Moment,
    /// When it was deleted; restorable for seven days.
    pub deleted_at: Option<Moment>,
    /// The newest turn, running or not.
    pub last_turn_id: Option<String>,
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            title: conversation.title,
            pinned: conversation.pinned,
            archived: conversation.archived,
            created_at: conversation.created_at.into(),
            updated_at: conversation.updated_at.into(),
            deleted_at: conversation.deleted_at.map(Moment),
            last_turn_id: conversation.active_turn.map(|t| t.to_string()),
        }
    }
}

/// A message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageView {
    /// Id.
    pub id: String,
    /// The turn that it belongs to.
    pub turn_id: String,
    /// The step of the turn in which the model wrote it; the turn's calls name theirs.
    pub step: Option<u32>,
    /// What it answers; the tree of branches hangs on it.
    pub parent_message_id: Option<String>,
    /// Who wrote it.
    pub author: AuthorView,
    /// Markdown.
    pub text: String,
    /// The model that wrote it.
    pub model: Option<String>,
    /// When.
    pub at: Moment,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorView {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl From<Author> for AuthorView {
    fn from(author: Author) -> Self {
        match author {
            Author::User => Self::User,
            Author::Assistant => Self::Assistant,
        }
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            turn_id: message.id.turn().to_string(),
            step: message.id.step(),
            id: message.id.to_string(),
            parent_message_id: message.parent.map(|p| p.to_string()),
            author: message.author.into(),
            text: message.text,
            model: message.model,
            at: message.at.into(),
        }
    }
}

/// The caller's own chat conversation, deleted or not.
async fn load_any(
    store: &dyn ConversationStore,
    caller: &Caller,
    id: &ConversationId,
) -> Answer<Versioned<Conversation>> {
    let user = &caller.principal.user;
    if id.owner() != user.owner() {
        return Err(not_found());
    }
    let found = store
        .conversation(&ConversationKey::of(&user.tid, id))
        .await?
        .ok_or_else(not_found)?;
    if found.item.user == *user && found.item.kind == ConversationKind::Chat {
        Ok(found)
    } else {
        Err(not_found())
    }
}

/// The caller's own chat conversation, unless it is deleted.
pub(super) async fn load(
    store: &dyn ConversationStore,
    caller: &Caller,
    id: &ConversationId,
) -> Answer<Versioned<Conversation>> {
    let found = load_any(store, caller, id).await?;
    if found.item.deleted_at.is_some() {
        return Err(not_found());
    }
    Ok(found)
}

/// Before the write: what the audit does not take does not happen.
pub(super) async fn record(
    state: &ConversationState,
    caller: &Caller,
    id: &ConversationId,
    what: &str,
) -> Answer<()> {
    let user = &caller.principal.user;
    let writer = state.random.ulid();
    let register = format!("{what}:{writer}");
    let entry = AuditEntry {
        target: Some(id.to_string()),
        detail: Some(what.to_owned()),
        ..AuditEntry::of_user(AuditKind::Conversation, writer.clone(), user)
    };
    state
        .audit
        .append(
            &user.tid,
            &conversation_chain(id),
            &register,
            state.clock.now(),
            entry,
        )
        .await?;
    Ok(())
}

fn answer(status: StatusCode, conversation: Conversation, version: &Etag) -> Response {
    (
        status,
        [(header::ETAG, etag::header_value(version))],
        Json(ConversationView::from(conversation)),
    )
        .into_response()
}

/// A title as people give it: trimmed, one line, 1 to [`MAX_TITLE_CHARS`]
/// characters.
fn title(text: &str) -> Answer<String> {
    let text = text.trim();
    if text.chars().count() > MAX_TITLE_CHARS {
        return Err(Problem::new(Code::TitleTooLong).pointer("/title"));
    }
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Problem::new(Code::FieldInvalid)
            .pointer("/title")
            .detail("A title is one line and not empty."));
    }
    Ok(redact(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_one_to_120_characters_on_one_line() {
        for (text, fits) in [
            ("가".repeat(119), true),
            ("가".repeat(120), true),
            ("가".repeat(121), false),
            (" a ".to_owned(), true),
            (" ".to_owned(), false),
            (String::new(), false),
            ("a\nb".to_owned(), false),
        ] {
            assert_eq!(title(&text).is_ok(), fits, "{text:?}");
        }
    }
}
