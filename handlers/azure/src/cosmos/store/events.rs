//! The event log of a turn: items, each with the events of one write.

use std::time::Duration;

use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::TurnId;
use azimuth_ports::store::StoreError;
use azure_data_cosmos::feed::FeedScope;
use moka::sync::Cache;

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::documents::Stored;
use super::{CosmosStore, documents, keys};

/// The highest number that a double counts up to without gaps; no turn has as many
/// events.
const LAST_NUMBER: u64 = 1 << 53;

/// Items that are read one by one before the rest is asked for together.
const ONE_BY_ONE: usize = 4;
/// Turns whose readers are remembered, and for how long after they asked last.
const MOST_READ: u64 = 10_000;
const READ_LATELY: Duration = Duration::from_mins(5);

/// Where items end up to which turns were read. There the next item begins, so whoever
/// goes on from there finds it by its id, or learns that there is none, for less than
/// half of what a query costs.
pub(super) struct ReadUpTo(Cache<(String, TurnId), u64>);

impl Default for ReadUpTo {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MOST_READ)
                .time_to_idle(READ_LATELY)
                .build(),
        )
    }
}

impl ReadUpTo {
    fn is(&self, tenant: &str, turn: &TurnId, number: u64) -> bool {
        let known = self.0.get(&(tenant.to_owned(), turn.clone()));
        known == Some(number)
    }

    fn note(&self, tenant: &str, turn: &TurnId, last: Option<&TurnEvent>) {
        if let Some(last) = last {
            self.0.insert((tenant.to_owned(), turn.clone()), last.seq);
        }
    }
}

impl CosmosStore {
    pub(super) async fn create_event(
        &self,
        tenant: &str,
        event: &TurnEvent,
    ) -> Result<(), StoreError> {
        let key = event.turn_id.key(tenant);
        let Some(document) = documents::events(&key, std::slice::from_ref(event))? else {
            return Ok(());
        };
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
        let mut events = Vec::new();
        let mut after = after;
        let mut is_whole = false;
        if self.read_up_to.is(tenant, turn, after) {
            for _ in 0..ONE_BY_ONE {
                let Some(next) = self.events_from(tenant, turn, after + 1).await? else {
                    is_whole = true;
                    break;
                };
                after = next.last().map_or(after, |last| last.seq);
                events.extend(next);
            }
        }
        if !is_whole && events.len() < limit {
            events.extend(self.all_after(tenant, turn, after, limit).await?);
        }
        self.read_up_to.note(tenant, turn, events.last());
        events.truncate(limit);
        Ok(events)
    }

    /// The item that begins with this number.
    async fn events_from(
        &self,
        tenant: &str,
        turn: &TurnId,
        first: u64,
    ) -> Result<Option<Vec<TurnEvent>>, StoreError> {
        let partition = keys::conversation(&turn.key(tenant));
        let id = documents::event_id(turn, first);
        let item: Option<Stored> = self.conversations.read(partition, &id).await?;
        item.map(|item| read(&item.body)).transpose()
    }

    /// At least `limit` events, or all.
    async fn all_after(
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
        let mut events = Vec::new();
        for body in &bodies {
            events.extend(read(body)?.into_iter().filter(|event| event.seq > after));
        }
        Ok(events)
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

/// Events of one write. The build before this one wrote each alone.
fn read(body: &str) -> Result<Vec<TurnEvent>, StoreError> {
    let read = if body.starts_with('[') {
        serde_json::from_str(body)
    } else {
        serde_json::from_str(body).map(|event| vec![event])
    };
    read.map_err(|e| StoreError::Unreadable(e.to_string()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_ports::conformance::samples::{NOON, alice, chat, event, turn};

    use super::*;

    #[test]
    fn what_the_build_before_wrote_is_read() {
        let turn = turn(&chat(&alice(), "former"), "1", NOON).id;
        let events = [1, 2].map(|seq| event(&turn, seq, NOON));
        let alone = serde_json::to_string(&events[0]).unwrap();
        assert_eq!(read(&alone).unwrap(), events[..1]);
        let together = serde_json::to_string(&events).unwrap();
        assert_eq!(read(&together).unwrap(), events);
        assert!(matches!(read("7"), Err(StoreError::Unreadable(_))));
    }
}
