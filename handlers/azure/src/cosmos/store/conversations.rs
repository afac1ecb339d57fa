//! The trait as a whole, and headers.

use async_trait::async_trait;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::shape::{Shape, decode};
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Etag, Page, StoreError,
    StoredResult, Versioned,
};

use super::documents::Stored;
use super::{CosmosStore, keys};

#[async_trait]
impl ConversationStore for CosmosStore {
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Result<Committed, StoreError> {
        self.commit_batch(key, batch).await
    }

    async fn conversation(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        self.versioned(key, key.conversation.as_str()).await
    }

    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        self.list(tenant, owner, query).await
    }

    async fn purge(&self, key: &ConversationKey) -> Result<(), StoreError> {
        self.purge_partition(key).await
    }

    async fn turn(&self, tenant: &str, id: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError> {
        self.versioned(&id.key(tenant), id.as_str()).await
    }

    async fn turns(&self, key: &ConversationKey, limit: usize) -> Result<Vec<Turn>, StoreError> {
        self.turns_of(key, limit).await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        self.messages_of(key, limit, cursor).await
    }

    async fn message(&self, tenant: &str, id: &MessageId) -> Result<Option<Message>, StoreError> {
        let read = self.versioned(&id.key(tenant), id.as_str()).await?;
        Ok(read.map(|versioned| versioned.item))
    }

    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Result<(), StoreError> {
        self.create_event(tenant, event).await
    }

    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        self.events_after(tenant, turn, after, limit).await
    }

    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Result<u64, StoreError> {
        self.last_seq(tenant, turn).await
    }

    async fn put_result(&self, tenant: &str, result: StoredResult) -> Result<(), StoreError> {
        self.store_result(tenant, result).await
    }

    async fn result(
        &self,
        tenant: &str,
        call: &CallId,
    ) -> Result<Option<StoredResult>, StoreError> {
        self.newest_result(tenant, call).await
    }

    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        self.running(tenant, owner, limit).await
    }

    async fn turns_awaiting_sign_in(
        &self,
        tenant: &str,
        owner: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        self.awaiting_sign_in(tenant, owner).await
    }

    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        self.approvals(tenant, owner, filter, limit, cursor).await
    }

    async fn due_turns(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, TurnId)>, StoreError> {
        self.due(now, limit).await
    }

    async fn purgeable(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationKey>, StoreError> {
        self.to_purge(before, limit).await
    }

    async fn expire_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.remove_events(before).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.write_and_read().await
    }
}

impl CosmosStore {
    /// A point read in a conversation.
    async fn versioned<T: Shape>(
        &self,
        key: &ConversationKey,
        id: &str,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let read = self.conversations.read(keys::conversation(key), id).await?;
        let Some(Stored { body, etag }) = read else {
            return Ok(None);
        };
        Ok(Some(Versioned {
            item: decode(&body)?,
            etag: Etag(etag),
        }))
    }
}
