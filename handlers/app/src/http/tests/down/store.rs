//! The conversation store that is down, but for the log.

use async_trait::async_trait;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Etag, Page, StoreError,
    StoredResult, Versioned,
};

use super::Down;

#[async_trait]
impl ConversationStore for Down {
    async fn commit(&self, _: &ConversationKey, _: Batch) -> Result<Committed, StoreError> {
        self.store()
    }
    async fn conversation(
        &self,
        _: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        self.store()
    }
    async fn conversations(
        &self,
        _: &str,
        _: &OwnerKey,
        _: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        self.store()
    }
    async fn purge(&self, _: &ConversationKey) -> Result<(), StoreError> {
        self.store()
    }
    async fn turn(&self, _: &str, _: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError> {
        let Some(log) = self.log() else {
            return self.store();
        };
        Ok(Some(Versioned {
            item: log.turn,
            etag: Etag("1".to_owned()),
        }))
    }
    async fn turns(&self, _: &ConversationKey, _: usize) -> Result<Vec<Turn>, StoreError> {
        self.store()
    }
    async fn messages(
        &self,
        _: &ConversationKey,
        _: usize,
        _: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        self.store()
    }
    async fn message(&self, _: &str, _: &MessageId) -> Result<Option<Message>, StoreError> {
        self.store()
    }
    async fn append_event(&self, _: &str, _: &TurnEvent) -> Result<(), StoreError> {
        self.store()
    }
    async fn events(
        &self,
        _: &str,
        _: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        let Some(log) = self.log() else {
            return self.store();
        };
        let later = log.events.into_iter().filter(|e| e.seq > after);
        Ok(later.take(limit).collect())
    }
    async fn last_event_seq(&self, _: &str, _: &TurnId) -> Result<u64, StoreError> {
        self.store()
    }
    async fn put_result(&self, _: &str, _: StoredResult) -> Result<(), StoreError> {
        self.store()
    }
    async fn result(&self, _: &str, _: &CallId) -> Result<Option<StoredResult>, StoreError> {
        self.store()
    }
    async fn running_turns(
        &self,
        _: &str,
        _: &OwnerKey,
        _: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        self.store()
    }
    async fn turns_awaiting_sign_in(
        &self,
        _: &str,
        _: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        self.store()
    }
    async fn turns_with_approvals(
        &self,
        _: &str,
        _: Option<&OwnerKey>,
        _: ApprovalFilter,
        _: usize,
        _: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        self.store()
    }
    async fn due_turns(&self, _: Timestamp, _: usize) -> Result<Vec<(String, TurnId)>, StoreError> {
        self.store()
    }
    async fn purgeable(&self, _: Timestamp, _: usize) -> Result<Vec<ConversationKey>, StoreError> {
        self.store()
    }
    async fn expire_events(&self, _: Timestamp) -> Result<u64, StoreError> {
        self.store()
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.store()
    }
}
