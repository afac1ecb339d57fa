//! The event log of a turn.

use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::TurnId;
use azimuth_ports::store::StoreError;
use azure_data_cosmos::feed::FeedScope;

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::{CosmosStore, documents, keys};

/// The highest number that a double counts up to without gaps; no turn has as many
/// events.
const LAST_NUMBER: u64 = 1 << 53;

impl CosmosStore {
    pub(super) async fn create_event(
        &self,
        tenant: &str,
        event: &TurnEvent,
    ) -> Result<(), StoreError> {
        let key = event.turn_id.key(tenant);
        let document = documents::event(&key, event)?;
        let partition = keys::conversation(&key);
        let created = self
            .conversations
            .create(partition, &document.id, &document)
            .await;
        match created {
            Ok(_) => Ok(()),
            Err(Fault::Exists) => Err(StoreError::EventExists),
            Err(other) => Err(other.into()),
        }
    }

    pub(super) async fn events_after(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        let ask = Ask::new("c.body", "c.item = 'event'")
            .only("c.turn = @turn", "@turn", turn)
            .only("c.seq > @after", "@after", after.min(LAST_NUMBER))
            .ordered_by("c.seq ASC")
            .top(limit);
        let scope = FeedScope::partition(keys::conversation(&turn.key(tenant)));
        let bodies: Vec<String> = self.conversations.all(scope, ask).await?;
        bodies
            .iter()
            .map(|body| {
                serde_json::from_str(body).map_err(|e| StoreError::Unreadable(e.to_string()))
            })
            .collect()
    }

    pub(super) async fn last_seq(&self, tenant: &str, turn: &TurnId) -> Result<u64, StoreError> {
        let ask = Ask::new("c.seq", "c.item = 'event'")
            .only("c.turn = @turn", "@turn", turn)
            .ordered_by("c.seq DESC");
        let scope = FeedScope::partition(keys::conversation(&turn.key(tenant)));
        let last: Option<u64> = self.conversations.first(scope, ask).await?;
        Ok(last.unwrap_or_default())
    }
}
