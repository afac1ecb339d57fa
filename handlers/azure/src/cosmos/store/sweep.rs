//! What the sweeper asks for, across tenants; removal; and whether all is well.

use azimuth_domain::ids::{ConversationId, ConversationKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_ports::store::StoreError;
use azure_data_cosmos::PartitionKey;
use azure_data_cosmos::feed::FeedScope;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::{CosmosStore, keys, turns};

/// Events removed between two looks for more.
const EXPIRED_AT_ONCE: usize = 2_000;
/// Items that are deleted at once.
const DELETED_AT_ONCE: usize = 8;
const PING: &str = "ping";

/// Where an item lies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    tenant_id: String,
    user_id: String,
    conversation_id: String,
    id: String,
}

/// Where events lie, and how many.
#[derive(Debug, Deserialize)]
struct Expired {
    #[serde(flatten)]
    place: Place,
    /// Absent: one event alone.
    #[serde(default = "alone")]
    events: u64,
}

fn alone() -> u64 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Due {
    tenant_id: String,
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ping<'a> {
    id: &'a str,
    tenant_id: &'a str,
    kind: &'a str,
    at: i64,
}

/// A partition of the container of settings that belongs to no tenant.
pub(in super::super) fn product_key(kind: &str) -> PartitionKey {
    PartitionKey::from((PRODUCT.to_owned(), kind.to_owned()))
}

/// Stands where a tenant would.
pub(in super::super) const PRODUCT: &str = "-";

impl CosmosStore {
    pub(super) async fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, TurnId)>, StoreError> {
        let ask = Ask::new(r#"{"tenantId": c.tenantId, "id": c.id}"#, "c.item = 'turn'")
            .only("c.dueAt <= @now", "@now", now)
            .ordered_by("c.dueAt ASC")
            .top(limit);
        let due: Vec<Due> = self
            .conversations
            .all(FeedScope::full_container(), ask)
            .await?;
        due.into_iter()
            .map(|due| Ok((due.tenant_id, turns::id(&due.id)?)))
            .collect()
    }

    pub(super) async fn to_purge(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationKey>, StoreError> {
        let ask = Ask::new(
            r#"{"tenantId": c.tenantId, "id": c.id}"#,
            "c.item = 'conversation'",
        )
        .only("c.deletedAt < @before", "@before", before)
        .ordered_by("c.deletedAt ASC");
        let mut deleted = self
            .conversations
            .stream::<Due>(FeedScope::full_container(), ask)
            .await?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(header) = deleted.try_next().await.map_err(Fault::from)?
        {
            let damaged = || StoreError::Unreadable("a conversation's id is damaged".to_owned());
            let id = ConversationId::parse(&header.id).ok_or_else(damaged)?;
            let key = ConversationKey::of(&header.tenant_id, &id);
            if !self.is_busy(&key).await? {
                found.push(key);
            }
        }
        Ok(found)
    }

    /// Whether a turn of the conversation has anything to do.
    async fn is_busy(&self, key: &ConversationKey) -> Result<bool, StoreError> {
        let ask = Ask::new("c.id", "c.item = 'turn' AND IS_DEFINED(c.dueAt)");
        let scope = FeedScope::partition(keys::conversation(key));
        let busy: Option<String> = self.conversations.first(scope, ask).await?;
        Ok(busy.is_some())
    }

    /// Cosmos removes events by their time to live; this finds what it has left.
    pub(super) async fn remove_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let ask = Ask::new(
                r#"{"tenantId": c.tenantId, "userId": c.userId,
                    "conversationId": c.conversationId, "id": c.id, "events": c.events}"#,
                "c.item = 'event'",
            )
            .only("c.at < @before", "@before", before)
            .top(EXPIRED_AT_ONCE);
            let expired: Vec<Expired> = self
                .conversations
                .all(FeedScope::full_container(), ask)
                .await?;
            let is_last = expired.len() < EXPIRED_AT_ONCE;
            let places = expired.into_iter().map(|Expired { place, events }| {
                let key = (place.tenant_id, place.user_id, place.conversation_id);
                (PartitionKey::from(key), place.id, events)
            });
            removed += self.delete_all(places).await?;
            if is_last {
                return Ok(removed);
            }
        }
    }

    /// The header goes last: a purge that broke off is found and done again.
    pub(super) async fn purge_partition(&self, key: &ConversationKey) -> Result<(), StoreError> {
        let header = key.conversation.as_str();
        let ask = Ask::new("c.id", "c.id != @header").with("@header", header);
        let partition = keys::conversation(key);
        let scope = FeedScope::partition(partition.clone());
        let ids: Vec<String> = self.conversations.all(scope, ask).await?;
        let places = ids.into_iter().map(|id| (partition.clone(), id, 1));
        self.delete_all(places).await?;
        self.conversations.delete(partition.clone(), header).await?;
        Ok(())
    }

    /// Each with how many things lie in it. Gives how many of them were there.
    async fn delete_all(
        &self,
        places: impl Iterator<Item = (PartitionKey, String, u64)> + Send,
    ) -> Result<u64, StoreError> {
        let places: Vec<_> = places.collect();
        let deleted: Vec<u64> = stream::iter(places)
            .map(|(key, id, holds)| async move {
                let was_there = self.conversations.delete(key, &id).await?;
                Ok::<_, Fault>(if was_there { holds } else { 0 })
            })
            .buffer_unordered(DELETED_AT_ONCE)
            .try_collect()
            .await?;
        Ok(deleted.into_iter().sum())
    }

    pub(super) async fn write_and_read(&self) -> Result<(), StoreError> {
        let ping = Ping {
            id: PING,
            tenant_id: PRODUCT,
            kind: PING,
            at: self.clock.now().0,
        };
        self.config.put(product_key(PING), PING, &ping).await?;
        let read: Option<serde_json::Value> = self.config.read(product_key(PING), PING).await?;
        match read {
            Some(_) => Ok(()),
            None => Err(Fault::Missing.into()),
        }
    }
}
