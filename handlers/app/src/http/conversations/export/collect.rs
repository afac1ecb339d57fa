//! Reads what an export is made from, up to a budget of bytes.
//!
//! Reads go from the newest message back, a page at a time and a turn at a time,
//! so that no more is held than the budget, one page and one turn. What does not
//! fit is the oldest.

use std::collections::HashSet;
use std::io;

use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::ids::{ConversationKey, TurnId};
use azimuth_domain::turn::Turn;
use azimuth_ports::store::ConversationStore;
use serde::Serialize;

use crate::http::page::MAX_LIMIT;
use crate::problem::Answer;

/// Most messages of one export; it has at most as many turns.
const MAX_MESSAGES: usize = 5_000;

/// Most bytes of messages and turns of one export, as JSON.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What an export is made from.
pub(super) struct Material {
    pub conversation: Conversation,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Oldest first.
    pub turns: Vec<Turn>,
    pub truncated: bool,
}

/// Messages and turns from the newest back to where `max_bytes` or the number of
/// messages ends it.
pub(super) async fn collect(
    store: &dyn ConversationStore,
    conversation: Conversation,
    max_bytes: usize,
) -> Answer<Material> {
    let key: ConversationKey = conversation.key();
    let mut found = Collection::new(max_bytes);
    let mut seen: HashSet<TurnId> = HashSet::new();
    let mut cursor = None;
    'pages: loop {
        let page = store.messages(&key, MAX_LIMIT, cursor.as_deref()).await?;
        for message in page.items {
            let turn = message.id.turn();
            if !found.take_message(message) {
                break 'pages;
            }
            if seen.contains(&turn) {
                continue;
            }
            if let Some(stored) = store.turn(&key.tenant, &turn).await?
                && !found.take_turn(stored.item)
            {
                break 'pages;
            }
            seen.insert(turn);
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(found.material(conversation))
}

/// What was found so far, newest first.
struct Collection {
    messages: Vec<Message>,
    turns: Vec<Turn>,
    bytes_left: usize,
    truncated: bool,
}

impl Collection {
    fn new(max_bytes: usize) -> Self {
        Self {
            messages: Vec::new(),
            turns: Vec::new(),
            bytes_left: max_bytes,
            truncated: false,
        }
    }

    /// Takes a message; false when it does not fit, and nothing older will.
    fn take_message(&mut self, message: Message) -> bool {
        let fits = self.messages.len() < MAX_MESSAGES && self.pay(&message);
        if fits {
            self.messages.push(message);
        }
        self.truncated |= !fits;
        fits
    }

    /// Takes a turn; false when it does not fit, and nothing older will.
    fn take_turn(&mut self, turn: Turn) -> bool {
        let fits = self.pay(&turn);
        if fits {
            self.turns.push(turn);
        }
        self.truncated |= !fits;
        fits
    }

    /// Takes the size of `item` from the budget, all of it or nothing.
    fn pay(&mut self, item: &impl Serialize) -> bool {
        let left = size(item).and_then(|bytes| self.bytes_left.checked_sub(bytes));
        self.bytes_left = left.unwrap_or(self.bytes_left);
        left.is_some()
    }

    fn material(mut self, conversation: Conversation) -> Material {
        self.messages.reverse();
        // Branches: the newest message need not be of the newest turn.
        self.turns
            .sort_by(|a, b| (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str())));
        Material {
            conversation,
            messages: self.messages,
            turns: self.turns,
            truncated: self.truncated,
        }
    }
}

/// Bytes of `item` as JSON; `None` when it has no such form.
fn size(item: &impl Serialize) -> Option<usize> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, item).ok()?;
    Some(counter.0)
}

/// Counts what is written and keeps nothing.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod shelf;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::BTreeSet;

    use azimuth_domain::conversation::{Author, ConversationKind};
    use azimuth_domain::ids::{ConversationId, MessageId};
    use azimuth_domain::policy::Mode;
    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;
    use azimuth_domain::turn::{Asker, NewTurn};

    use super::super::markdown;
    use super::*;
    use crate::http::moment::Moment;

    fn user() -> UserKey {
        UserKey::new("t", "o")
    }

    pub(super) fn conversation() -> Conversation {
        let id = ConversationId::derived(&user(), "x", "y");
        Conversation::new(id, user(), ConversationKind::Chat, Timestamp(0))
    }

    pub(super) fn turn(name: &str, at: i64) -> Turn {
        let id = TurnId::derived(&conversation().id, name);
        let new = NewTurn {
            message: MessageId::of_user(&id),
            id,
            asker: Asker {
                user: user(),
                name: None,
                roles: BTreeSet::new(),
                token_issued_at: Timestamp(0),
            },
            parent: None,
            request_hash: String::new(),
            model_name: "planner".to_owned(),
            language: "en".to_owned(),
            default_subscription: None,
            mode: Mode::default(),
            sign_in_deadline_ms: None,
            claim_lease_ms: None,
            console_call: None,
            secrets: None,
            allowance: None,
        };
        new.create(Timestamp(at)).turn
    }

    pub(super) fn message(turn: &Turn, text: &str) -> Message {
        Message {
            v: 1,
            id: turn.message.clone(),
            parent: None,
            author: Author::User,
            text: text.to_owned(),
            model: None,
            at: turn.created_at,
        }
    }

    #[test]
    fn the_budget_ends_an_export_and_the_export_says_so() {
        let (newer, older) = (turn("b", 2), turn("a", 1));
        let (second, first) = (message(&newer, "second \u{ac00}"), message(&older, "first"));
        let newest = size(&second).unwrap() + size(&newer).unwrap();
        let whole = newest + size(&first).unwrap() + size(&older).unwrap();
        for (max_bytes, messages, turns) in [
            (0, 0, 0),
            (newest - 1, 1, 0),
            (newest, 1, 1),
            (newest + 1, 1, 1),
            (whole - 1, 2, 1),
            (whole, 2, 2),
            (whole + 1, 2, 2),
        ] {
            let mut found = Collection::new(max_bytes);
            let _ = found.take_message(second.clone())
                && found.take_turn(newer.clone())
                && found.take_message(first.clone())
                && found.take_turn(older.clone());
            let material = found.material(conversation());
            let numbers = (material.messages.len(), material.turns.len());
            assert_eq!(numbers, (messages, turns), "{max_bytes}");
            assert_eq!(material.truncated, max_bytes < whole, "{max_bytes}");
            let text = markdown::render(&material, Moment(Timestamp(3)));
            assert_eq!(text.contains("Truncated"), max_bytes < whole, "{text}");
        }
    }

    #[test]
    fn the_number_of_messages_ends_it_too() {
        let turn = turn("a", 1);
        for (sent, kept) in [
            (MAX_MESSAGES - 1, MAX_MESSAGES - 1),
            (MAX_MESSAGES, MAX_MESSAGES),
            (MAX_MESSAGES + 1, MAX_MESSAGES),
        ] {
            let mut found = Collection::new(MAX_BYTES);
            for _ in 0..sent {
                found.take_message(message(&turn, "x"));
            }
            let material = found.material(conversation());
            assert_eq!(
                (material.messages.len(), material.truncated),
                (kept, kept < sent)
            );
        }
    }

    #[test]
    fn what_was_found_newest_first_is_given_oldest_first() {
        let (newer, older) = (turn("b", 2), turn("a", 1));
        let mut found = Collection::new(MAX_BYTES);
        for turn in [&newer, &older] {
            assert!(found.take_message(message(turn, "x")) && found.take_turn(turn.clone()));
        }
        let material = found.material(conversation());
        assert_eq!(material.turns, [older, newer]);
        assert!(material.messages[0].at < material.messages[1].at);
    }
}
