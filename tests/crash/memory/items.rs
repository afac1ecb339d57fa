//! What lies in the store, and what a write may not change of it.

use std::collections::{BTreeMap, BTreeSet};

use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, TurnId};
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{Batch, Etag, Precondition, StoreError, StoredResult, Write};

use crate::crash::history;

type ByTenant<K, T> = BTreeMap<(String, K), T>;

/// Everything in the store.
#[derive(Default)]
pub(super) struct Items {
    pub version: u64,
    pub conversations: BTreeMap<ConversationKey, (Conversation, u64)>,
    pub turns: ByTenant<TurnId, (Turn, u64)>,
    pub messages: ByTenant<MessageId, Message>,
    pub events: ByTenant<TurnId, BTreeMap<u64, TurnEvent>>,
    /// Last numbers of the events that were written together.
    ends: ByTenant<TurnId, BTreeSet<u64>>,
    pub results: ByTenant<CallId, BTreeMap<u32, StoredResult>>,
    pub rewritten: Vec<String>,
}

impl Items {
    pub fn check(&self, key: &ConversationKey, batch: &Batch) -> Result<(), StoreError> {
        let headers = batch.conversation.iter().map(|w| w.item.key());
        let turns = batch.turn.iter().map(|w| w.item.key());
        let messages = batch.messages.iter().map(|m| m.id.key(&key.tenant));
        let events = batch.events.iter().map(|e| e.turn_id.key(&key.tenant));
        if headers
            .chain(turns)
            .chain(messages)
            .chain(events)
            .any(|of| of != *key)
        {
            return Err(StoreError::Unreadable(
                "the batch holds an item of another partition".to_owned(),
            ));
        }
        if let Some(write) = &batch.conversation {
            let known = self.conversations.get(key).map(|(_, version)| *version);
            if !holds(&write.when, known) {
                return Err(StoreError::ConversationChanged);
            }
        }
        if let Some(write) = &batch.turn {
            let known = self.turn(&key.tenant, &write.item.id);
            if !holds(&write.when, known.map(|(_, version)| *version)) {
                return Err(StoreError::TurnChanged);
            }
        }
        let mut numbers: Vec<_> = batch.events.iter().map(|e| (&e.turn_id, e.seq)).collect();
        numbers.sort_unstable();
        let twice = numbers.windows(2).any(|pair| pair[0] == pair[1]);
        let taken = |(turn, seq): &(&TurnId, u64)| self.has_event(&key.tenant, turn, *seq);
        if twice || numbers.iter().any(taken) {
            return Err(StoreError::EventExists);
        }
        Ok(())
    }

    pub fn turn(&self, tenant: &str, id: &TurnId) -> Option<&(Turn, u64)> {
        self.turns.get(&(tenant.to_owned(), id.clone()))
    }

    pub fn has_event(&self, tenant: &str, turn: &TurnId, seq: u64) -> bool {
        self.events
            .get(&(tenant.to_owned(), turn.clone()))
            .is_some_and(|log| log.contains_key(&seq))
    }

    /// Somebody tries to write events behind number `after`. A store may keep what is
    /// written together as one item, under its first number: a late writer meets it only
    /// if it begins where an item begins.
    pub fn note_try(&mut self, tenant: &str, turn: &TurnId, after: u64) {
        let ends = self.ends.get(&(tenant.to_owned(), turn.clone()));
        if after != 0 && !ends.is_some_and(|ends| ends.contains(&after)) {
            let found =
                format!("{turn}: events go behind {after}, where none written together end");
            self.rewritten.push(found);
        }
    }

    /// Events that end with `seq` were written together.
    pub fn note_end(&mut self, tenant: &str, turn: &TurnId, seq: u64) {
        let slot = (tenant.to_owned(), turn.clone());
        self.ends.entry(slot).or_default().insert(seq);
    }

    pub fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub fn put_event(&mut self, tenant: &str, event: TurnEvent) {
        self.events
            .entry((tenant.to_owned(), event.turn_id.clone()))
            .or_default()
            .insert(event.seq, event);
    }

    pub fn put_turn(&mut self, tenant: &str, write: Write<Turn>) -> Etag {
        let version = self.next_version();
        let turn = write.item;
        let slot = (tenant.to_owned(), turn.id.clone());
        let before = self.turns.get(&slot).map(|(before, _)| before);
        let all = self.turns.values().map(|(other, _)| other);
        self.rewritten.extend(history::broken(before, all, &turn));
        self.turns.insert(slot, (turn, version));
        etag(version)
    }
}

pub(super) fn etag(version: u64) -> Etag {
    Etag(version.to_string())
}

fn holds(when: &Precondition, known: Option<u64>) -> bool {
    match when {
        Precondition::New => known.is_none(),
        Precondition::Matches(version) => known.is_some_and(|known| etag(known) == *version),
    }
}
