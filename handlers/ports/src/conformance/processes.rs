//! Rules that hold between processes: two that run at once over one storage.

use std::collections::BTreeSet;
use std::time::Duration;

use azimuth_domain::audit::{AuditKind, ChainWalk};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;

use super::Shared;
use super::child::{self, Child};
use super::samples::{NOON, alice, chat, entry, turn, turn_creation};
use crate::audit::{Appended, AuditLog, AuditQuery};
use crate::queue::WorkQueue;
use crate::store::{Batch, ConversationStore, Precondition, StoreError, Write};
use crate::tokens::TokenStore;

const LONG: Duration = Duration::from_hours(1);
const QUEUE: &str = "work";
const CHAIN: &str = "admin-processes-2026-11-24";
/// What each child does.
const EACH: usize = 40;
/// Messages that the children share.
const MESSAGES: usize = 200;
/// Received at once.
const AT_ONCE: usize = 3;

const RECEIVE: &str = "receive";
const APPEND: &str = "append";
const RAISE: &str = "raise";
const LEASE: &str = "lease";

/// What one of two processes does with its own handle to the storage.
pub trait Part {
    /// Does the part of this name.
    fn play(&self, part: &str) -> impl Future<Output = ()>;
}

fn counted_turn() -> Turn {
    turn(&chat(&alice(), "counted"), "1", NOON)
}

impl Part for dyn WorkQueue {
    async fn play(&self, part: &str) {
        assert_eq!(part, RECEIVE);
        // Each holds some before they race for the rest.
        let mut some = receive(self).await;
        child::wait_for_start();
        while !some.is_empty() {
            for id in some {
                child::say(&id);
            }
            some = receive(self).await;
        }
    }
}

async fn receive(queue: &dyn WorkQueue) -> Vec<String> {
    let received = queue.receive(QUEUE, AT_ONCE, LONG).await;
    let received = received.unwrap_or_else(|error| panic!("receive: {error}"));
    received.into_iter().map(|delivery| delivery.id).collect()
}

/// A message that one of them took is hidden from the other.
pub async fn two_processes_never_hold_the_same_message(
    rig: &impl Shared<dyn WorkQueue>,
    entry: &str,
) {
    let queue = rig.open().await;
    let mut sent = BTreeSet::new();
    for number in 0..MESSAGES {
        let body = number.to_string();
        let id = queue.enqueue(QUEUE, &body, Duration::ZERO).await;
        sent.insert(id.unwrap_or_else(|error| panic!("enqueue: {error}")));
    }
    let held = race(rig, entry, RECEIVE).await;
    assert!(held.iter().all(|ids| !ids.is_empty()), "both had some");
    let all = held.concat();
    assert_eq!(all.len(), MESSAGES, "none twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), sent, "none lost");
}

impl Part for dyn AuditLog {
    async fn play(&self, part: &str) {
        assert_eq!(part, APPEND);
        child::wait_for_start();
        for number in 0..EACH {
            // Every second register is wanted by the other child too.
            let id = if number % 2 == 0 {
                format!("shared-{number}")
            } else {
                format!("{}-{number}", std::process::id())
            };
            let entry = entry(&alice(), AuditKind::Denied);
            let appended = self.append(&alice().tid, CHAIN, &id, NOON, entry).await;
            match appended {
                Ok(Appended::Created(record)) => child::say(&record.id),
                Ok(_) => {}
                Err(error) => panic!("append: {error}"),
            }
        }
    }
}

/// Shared registers have one winner, and no number is taken twice or left out.
pub async fn two_processes_write_one_chain(rig: &impl Shared<dyn AuditLog>, entry: &str) {
    let log = rig.open().await;
    let created = race(rig, entry, APPEND).await.concat();
    assert_eq!(
        created.len(),
        EACH / 2 + EACH,
        "shared registers have one winner"
    );
    let query = AuditQuery {
        limit: 1000,
        ..AuditQuery::default()
    };
    let found = log.query(&alice().tid, &query).await;
    let mut records = found.unwrap_or_else(|error| panic!("query: {error}")).items;
    assert_eq!(records.len(), created.len());
    records.sort_by_key(|record| record.seq);
    let mut walk = ChainWalk::default();
    for record in &records {
        let accepted = walk.accept(record);
        assert!(accepted.is_ok(), "{accepted:?}");
    }
}

impl Part for dyn ConversationStore {
    async fn play(&self, part: &str) {
        assert_eq!(part, RAISE);
        let id = counted_turn().id;
        child::wait_for_start();
        let mut raised = 0;
        while raised < EACH {
            let read = self.turn(&alice().tid, &id).await;
            let Ok(Some(read)) = read else {
                panic!("turn: {read:?}")
            };
            let mut item = read.item;
            item.watch += 1;
            let batch = Batch {
                turn: Some(Write {
                    item,
                    when: Precondition::Matches(read.etag),
                }),
                ..Batch::default()
            };
            match self.commit(&id.key(&alice().tid), batch).await {
                Ok(_) => raised += 1,
                Err(StoreError::TurnChanged) => {}
                Err(other) => panic!("commit: {other:?}"),
            }
        }
    }
}

/// Nobody writes over what the other has just written.
pub async fn two_processes_lose_no_compare_and_set(
    rig: &impl Shared<dyn ConversationStore>,
    entry: &str,
) {
    let store = rig.open().await;
    let turn = counted_turn();
    let made = store.commit(&turn.key(), turn_creation(&turn)).await;
    assert!(made.is_ok(), "{made:?}");
    race(rig, entry, RAISE).await;
    let raised = store.turn(&alice().tid, &turn.id).await;
    let raised = raised.map(|found| found.map(|found| found.item.watch));
    assert!(
        matches!(raised, Ok(Some(watch)) if watch == turn.watch + 2 * EACH as u64),
        "{raised:?}"
    );
}

impl Part for dyn TokenStore {
    async fn play(&self, part: &str) {
        assert_eq!(part, LEASE);
        let holder = std::process::id().to_string();
        child::wait_for_start();
        for number in 0..EACH {
            let slot = format!("slot-{number}");
            let leased = self
                .lease_token(&alice(), &slot, &holder, NOON, later())
                .await;
            match leased {
                Ok(true) => child::say(&slot),
                Ok(false) => {}
                Err(error) => panic!("lease: {error}"),
            }
        }
    }
}

fn later() -> Timestamp {
    NOON.plus_ms(3_600_000)
}

/// Of two who would refresh a token one does.
pub async fn two_processes_never_hold_the_same_lease(
    rig: &impl Shared<dyn TokenStore>,
    entry: &str,
) {
    let leased = race(rig, entry, LEASE).await.concat();
    assert_eq!(leased.len(), EACH, "one of them holds each");
    let slots: BTreeSet<_> = leased.into_iter().collect();
    assert_eq!(slots.len(), EACH, "none twice");
}

/// Two children play `part` at once; what each said.
async fn race<P: ?Sized + Send + Sync>(
    rig: &impl Shared<P>,
    entry: &str,
    part: &'static str,
) -> [Vec<String>; 2] {
    let (entry, place) = (entry.to_owned(), rig.place());
    let raced = tokio::task::spawn_blocking(move || Child::race(&entry, part, &place));
    raced.await.unwrap_or_else(|error| panic!("{error}"))
}
