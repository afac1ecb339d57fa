//! Lists in memory: everything is sorted anew, and a cursor is a place in it.

use std::cmp::Reverse;

use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::ids::{ConversationKey, OwnerKey};
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{ApprovalFilter, ConversationQuery, Page};

use super::items::Items;

/// One page of `all`; `None` when the cursor is not one of ours.
pub(super) fn page<T>(all: Vec<T>, limit: usize, cursor: Option<&str>) -> Option<Page<T>> {
    let from: usize = match cursor {
        Some(cursor) => cursor.strip_prefix("from ")?.parse().ok()?,
        None => 0,
    };
    let to = from.saturating_add(limit);
    let next_cursor = (all.len() > to).then(|| format!("from {to}"));
    let items = all.into_iter().skip(from).take(limit).collect();
    Some(Page { items, next_cursor })
}

impl Items {
    pub fn listed_conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Vec<Conversation> {
        let text = query.text.as_deref().unwrap_or_default().to_lowercase();
        let mut found: Vec<Conversation> = self
            .conversations
            .iter()
            .filter(|(key, (chat, _))| {
                key.tenant == tenant
                    && chat.id.owner() == *owner
                    && chat.shelf() == Some(query.shelf)
                    && text.split_whitespace().all(|w| self.has_word(key, chat, w))
            })
            .map(|(_, (chat, _))| chat.clone())
            .collect();
        found.sort_by_key(|chat| (!chat.pinned, Reverse(chat.updated_at), chat.id.clone()));
        found
    }

    fn has_word(&self, key: &ConversationKey, chat: &Conversation, word: &str) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(word);
        holds(&chat.title) || self.messages_of(key).any(|message| holds(&message.text))
    }

    fn messages_of<'a>(&'a self, key: &'a ConversationKey) -> impl Iterator<Item = &'a Message> {
        let of = |id: &(String, _)| id.0 == key.tenant;
        self.messages
            .iter()
            .filter(move |(id, message)| of(id) && message.id.conversation() == key.conversation)
            .map(|(_, message)| message)
    }

    pub fn listed_messages(&self, key: &ConversationKey) -> Vec<Message> {
        let mut found: Vec<Message> = self.messages_of(key).cloned().collect();
        found.sort_by_key(|message| Reverse((message.at, message.id.clone())));
        found
    }

    pub fn listed_turns(&self, key: &ConversationKey) -> Vec<Turn> {
        let mut found: Vec<Turn> = self
            .turns
            .iter()
            .filter(|((tenant, id), _)| {
                *tenant == key.tenant && id.conversation() == key.conversation
            })
            .map(|(_, (turn, _))| turn.clone())
            .collect();
        found.sort_by_key(|turn| (turn.created_at, turn.id.clone()));
        found
    }

    pub fn listed_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
    ) -> Vec<Turn> {
        let asks = |turn: &Turn| match filter {
            ApprovalFilter::Pending => turn.awaits_approval(),
            ApprovalFilter::All => turn.asked_for_approval(),
        };
        let mut found: Vec<Turn> = self
            .turns
            .iter()
            .filter(|((of, id), (turn, _))| {
                of == tenant && owner.is_none_or(|owner| id.owner() == *owner) && asks(turn)
            })
            .map(|(_, (turn, _))| turn.clone())
            .collect();
        found.sort_by_key(|turn| Reverse((turn.created_at, turn.id.clone())));
        found
    }
}
