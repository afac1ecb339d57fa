//! Conversations and the messages in them.

use serde::{Deserialize, Serialize};

use crate::approval_grant::ApprovalGrant;
use crate::ids::{ConversationId, ConversationKey, MessageId, OwnerKey, TurnId};
use crate::principal::UserKey;
use crate::time::Timestamp;

/// Longest title, characters.
pub const MAX_TITLE_CHARS: usize = 120;

/// What kind of conversation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// A person talks with a model.
    Chat,
    /// Holds the one turn of a tool call without a model; never listed.
    Console,
}

/// The header of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Version of this shape.
    pub v: u32,
    /// Id.
    pub id: ConversationId,
    /// The owner.
    pub user: UserKey,
    /// Chat or console.
    pub kind: ConversationKind,
    /// What the list shows; empty until the first message names it.
    pub title: String,
    /// Kept at the top of the list.
    pub pinned: bool,
    /// Hidden from the list unless asked for.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a turn was last added or the header last changed.
    pub updated_at: Timestamp,
    /// When it was deleted; restorable for a while.
    pub deleted_at: Option<Timestamp>,
    /// The newest turn; it blocks another one until it is terminal (rule 0).
    pub active_turn: Option<TurnId>,
    /// SHA-256 of the request that made it, when that came with an idempotency
    /// key: tells a repetition from another request with the same key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
    /// What the owner agreed to for the rest of it; some may no longer count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<ApprovalGrant>,
}

/// Where a conversation lies among those of its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shelf {
    /// In the list.
    #[default]
    Open,
    /// Hidden from the list unless asked for.
    Archived,
    /// Deleted and restorable.
    Deleted,
    /// A call without a model, which no list shows.
    Console,
}

impl Conversation {
    /// Where it lies; on no shelf once a call without a model is deleted, which nobody
    /// can restore.
    pub fn shelf(&self) -> Option<Shelf> {
        match (self.kind, self.deleted_at) {
            (ConversationKind::Chat, Some(_)) => Some(Shelf::Deleted),
            (ConversationKind::Chat, None) if self.archived => Some(Shelf::Archived),
            (ConversationKind::Chat, None) => Some(Shelf::Open),
            (ConversationKind::Console, None) => Some(Shelf::Console),
            (ConversationKind::Console, Some(_)) => None,
        }
    }

    /// A new, empty conversation.
    pub fn new(id: ConversationId, user: UserKey, kind: ConversationKind, now: Timestamp) -> Self {
        Self {
            v: 1,
            id,
            user,
            kind,
            title: String::new(),
            pinned: false,
            archived: false,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            active_turn: None,
            request_hash: None,
            grants: Vec::new(),
        }
    }

    /// Partition of this conversation.
    pub fn key(&self) -> ConversationKey {
        ConversationKey::of(&self.user.tid, &self.id)
    }

    /// Owner's hash.
    pub fn owner(&self) -> OwnerKey {
        self.id.owner()
    }

    /// A title made from the first message: its first line, cut at a word.
    pub fn title_from(text: &str) -> String {
        let line = text
            .lines()
            .map(str::trim)
            .find(|l| !l.is_empty())
            .unwrap_or("");
        if line.chars().count() <= 60 {
            return line.to_owned();
        }
        let cut: String = line.chars().take(60).collect();
        let end = cut
            .rfind(char::is_whitespace)
            .filter(|&i| i > 20)
            .unwrap_or(cut.len());
        format!("{}…", cut[..end].trim_end())
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// A message. What the model says in one step is one message; a step that only
/// calls tools has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Version of this shape.
    pub v: u32,
    /// Id; it names turn and step.
    pub id: MessageId,
    /// What it answers; the tree of branches hangs on it.
    pub parent: Option<MessageId>,
    /// Who wrote it.
    pub author: Author,
    /// Markdown.
    pub text: String,
    /// The model that wrote it.
    pub model: Option<String>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_is_the_first_line_cut_at_a_word() {
        assert_eq!(
            Conversation::title_from("  \n list my groups \nplease"),
            "list my groups"
        );
        assert_eq!(Conversation::title_from(""), "");
        let long = "please list all the resource groups in every subscription that I can see";
        assert_eq!(
            Conversation::title_from(long),
            "please list all the resource groups in every subscription…"
        );
        assert_eq!(
            Conversation::title_from(&"가".repeat(80)).chars().count(),
            61
        );
    }
}
