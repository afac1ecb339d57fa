//! Reading page by page, from a store that holds one conversation.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use azimuth_domain::conversation::{Author, Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Etag, Page, StoreError,
    StoredResult, Versioned,
};

use super::tests::{conversation, message, turn};
use super::{MAX_BYTES, collect};

/// A conversation whose every turn has a question and an answer.
struct Shelf {
    turns: Vec<Turn>,
    page_reads: AtomicUsize,
    turn_reads: AtomicUsize,
}

impl Shelf {
    fn of(turns: i64) -> Self {
        Self {
            turns: (0..turns).map(|n| turn(&n.to_string(), n)).collect(),
            page_reads: AtomicUsize::new(0),
            turn_reads: AtomicUsize::new(0),
        }
    }

    fn reads(&self) -> (usize, usize) {
        let count = |reads: &AtomicUsize| reads.load(Ordering::SeqCst);
        (count(&self.page_reads), count(&self.turn_reads))
    }
}

fn down<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable(String::new()))
}

#[tokio::test]
async fn every_page_is_read_and_every_turn_once() {
    for (turns, pages) in [(0, 1), (49, 1), (50, 1), (51, 2), (101, 3)] {
        let shelf = Shelf::of(turns);
        let material = collect(&shelf, conversation(), MAX_BYTES).await.unwrap();
        assert_eq!(material.turns, shelf.turns, "{turns}");
        assert_eq!(material.messages.len(), 2 * shelf.turns.len(), "{turns}");
        assert!(material.messages.is_sorted_by_key(|m| m.at), "{turns}");
        assert!(!material.truncated, "{turns}");
        assert_eq!(shelf.reads(), (pages, shelf.turns.len()), "{turns}");
    }
}

#[tokio::test]
async fn nothing_is_read_beyond_the_budget() {
    let shelf = Shelf::of(500);
    let material = collect(&shelf, conversation(), 4096).await.unwrap();
    assert!(material.truncated);
    let kept = material.turns.len();
    assert!((1..50).contains(&kept), "{kept}");
    assert_eq!(material.turns, shelf.turns[500 - kept..]);
    let (pages, turns) = shelf.reads();
    assert_eq!(pages, 1);
    assert!(turns <= kept + 1, "{turns}");
}

#[async_trait]
impl ConversationStore for Shelf {
    async fn commit(&self, _: &ConversationKey, _: Batch) -> Result<Committed, StoreError> {
        down()
    }
    async fn conversation(
        &self,
        _: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        down()
    }
    async fn conversations(
        &self,
        _: &str,
        _: &OwnerKey,
        _: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        down()
    }
    async fn purge(&self, _: &ConversationKey) -> Result<(), StoreError> {
        down()
    }
    async fn turn(&self, _: &str, id: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError> {
        self.turn_reads.fetch_add(1, Ordering::SeqCst);
        let found = self.turns.iter().find(|turn| turn.id == *id);
        Ok(found.map(|turn| Versioned {
            item: turn.clone(),
            etag: Etag("1".to_owned()),
        }))
    }
    async fn turns(&self, _: &ConversationKey, _: usize) -> Result<Vec<Turn>, StoreError> {
        down()
    }
    async fn messages(
        &self,
        _: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        self.page_reads.fetch_add(1, Ordering::SeqCst);
        let from = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let newest_first = self.turns.iter().rev();
        let messages = newest_first.flat_map(|turn| {
            let said = Message {
                id: MessageId::of_step(&turn.id, 0),
                author: Author::Assistant,
                ..message(turn, "said")
            };
            [said, message(turn, "asked")]
        });
        let to = from + limit;
        Ok(Page {
            items: messages.skip(from).take(limit).collect(),
            next_cursor: (to < 2 * self.turns.len()).then(|| to.to_string()),
        })
    }
    async fn message(&self, _: &str, _: &MessageId) -> Result<Option<Message>, StoreError> {
        down()
    }
    async fn append_event(&self, _: &str, _: &TurnEvent) -> Result<(), StoreError> {
        down()
    }
    async fn events(
        &self,
        _: &str,
        _: &TurnId,
        _: u64,
        _: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        down()
    }
    async fn last_event_seq(&self, _: &str, _: &TurnId) -> Result<u64, StoreError> {
        down()
    }
    async fn put_result(&self, _: &str, _: StoredResult) -> Result<(), StoreError> {
        down()
    }
    async fn result(&self, _: &str, _: &CallId) -> Result<Option<StoredResult>, StoreError> {
        down()
    }
    async fn running_turns(
        &self,
        _: &str,
        _: &OwnerKey,
        _: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        down()
    }
    async fn turns_awaiting_sign_in(
        &self,
        _: &str,
        _: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        down()
    }
    async fn turns_with_approvals(
        &self,
        _: &str,
        _: Option<&OwnerKey>,
        _: ApprovalFilter,
        _: usize,
        _: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        down()
    }
    async fn due_turns(&self, _: Timestamp, _: usize) -> Result<Vec<(String, TurnId)>, StoreError> {
        down()
    }
    async fn purgeable(&self, _: Timestamp, _: usize) -> Result<Vec<ConversationKey>, StoreError> {
        down()
    }
    async fn expire_events(&self, _: Timestamp) -> Result<u64, StoreError> {
        down()
    }
    async fn ping(&self) -> Result<(), StoreError> {
        down()
    }
}
