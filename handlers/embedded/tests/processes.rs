//! Several processes on one folder, and one that is killed.
//!
//! The children are this test binary, started again with a role in the
//! environment. `SIGKILL` shows that nothing acknowledged was only in the
//! process; what a power cut needs, `synchronous=FULL`, it cannot show.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod child;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::audit::{AuditKind, ChainWalk};
use azimuth_domain::turn::Turn;
use azimuth_embedded::audit_verify::verify_database;
use azimuth_embedded::{SqliteQueue, SqliteStore, SystemClock, SystemRandom};
use azimuth_ports::audit::{Appended, AuditLog, AuditQuery};
use azimuth_ports::conformance::samples::{NOON, alice, chat, entry, event, turn, turn_creation};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::{Batch, ConversationStore, Precondition, StoreError, Write};
use child::{Child, Role, say};
use tempfile::tempdir;

const LONG: Duration = Duration::from_hours(1);
const QUEUE: &str = "work";
const CHAIN: &str = "admin-processes-2026-11-24";
/// What each child adds.
const EACH: usize = 60;

fn store(folder: &Path) -> SqliteStore {
    let clock = Arc::new(SystemClock);
    SqliteStore::open(folder, clock.clone(), Arc::new(SystemRandom::new(clock))).unwrap()
}

fn counted_turn() -> Turn {
    turn(&chat(&alice(), "counted"), "1", NOON)
}

/// Not a test of its own: what a child does, when this binary is one.
#[tokio::test]
async fn child_entry() {
    let Some((role, folder)) = child::role() else {
        return;
    };
    match role {
        Role::Open => {
            let store = store(&folder);
            SqliteQueue::open(&folder).unwrap();
            store.ping().await.unwrap();
        }
        Role::Receive => receive_all(&folder).await,
        Role::Append => append_some(&folder).await,
        Role::Raise => raise_some(&folder).await,
        Role::Write => write_for_ever(&folder).await,
    }
}

async fn receive_all(folder: &Path) {
    let queue = SqliteQueue::open(folder).unwrap();
    // Each holds some before they race for the rest.
    let mut some = queue.receive(QUEUE, 3, LONG).await.unwrap();
    child::wait_for_start();
    while !some.is_empty() {
        for delivery in some {
            say(&delivery.id);
        }
        some = queue.receive(QUEUE, 3, LONG).await.unwrap();
    }
}

async fn append_some(folder: &Path) {
    let log = store(folder);
    child::wait_for_start();
    for number in 0..EACH {
        // Every second register is wanted by the other child too.
        let id = if number % 2 == 0 {
            format!("shared-{number}")
        } else {
            format!("{}-{number}", std::process::id())
        };
        let entry = entry(&alice(), AuditKind::Denied);
        let appended = log.append(&alice().tid, CHAIN, &id, NOON, entry).await;
        if let Appended::Created(record) = appended.unwrap() {
            say(&record.id);
        }
    }
}

async fn raise_some(folder: &Path) {
    let store = store(folder);
    let id = counted_turn().id;
    child::wait_for_start();
    let mut raised = 0;
    while raised < EACH {
        let read = store.turn(&alice().tid, &id).await.unwrap().unwrap();
        let mut item = read.item;
        item.watch += 1;
        let batch = Batch {
            turn: Some(Write {
                item,
                when: Precondition::Matches(read.etag),
            }),
            ..Batch::default()
        };
        match store.commit(&id.key(&alice().tid), batch).await {
            Ok(_) => raised += 1,
            Err(StoreError::TurnChanged) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

async fn write_for_ever(folder: &Path) {
    let (store, queue) = (store(folder), SqliteQueue::open(folder).unwrap());
    let writers = (0..8).map(|writer| {
        let (store, queue) = (&store, &queue);
        async move {
            let name = format!("{}-{writer}", std::process::id());
            let turn = turn(&chat(&alice(), "killed"), &name, NOON);
            store
                .commit(&turn.key(), turn_creation(&turn))
                .await
                .unwrap();
            for seq in 1.. {
                let id = queue.enqueue(QUEUE, &name, Duration::ZERO).await.unwrap();
                say(&format!("message {id}"));
                let event = event(&turn.id, seq, NOON);
                store.append_event(&alice().tid, &event).await.unwrap();
                say(&format!("event {name} {seq}"));
                let id = format!("{name}-{seq}");
                let entry = entry(&alice(), AuditKind::Denied);
                store
                    .append(&alice().tid, CHAIN, &id, NOON, entry)
                    .await
                    .unwrap();
                say(&format!("record {id}"));
            }
        }
    });
    futures::future::join_all(writers).await;
}

#[tokio::test]
async fn processes_that_start_together_make_one_store() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let children: Vec<Child> = (0..4).map(|_| Child::start(Role::Open, &data)).collect();
    for mut child in children {
        assert!(child.succeeds());
    }
    store(&data).ping().await.unwrap();
}

#[tokio::test]
async fn two_processes_never_hold_the_same_message() {
    let folder = tempdir().unwrap();
    let queue = SqliteQueue::open(folder.path()).unwrap();
    let mut sent = BTreeSet::new();
    for number in 0..300 {
        sent.insert(
            queue
                .enqueue(QUEUE, &number.to_string(), Duration::ZERO)
                .await
                .unwrap(),
        );
    }
    let held = Child::race(Role::Receive, folder.path());
    assert!(held.iter().all(|ids| !ids.is_empty()), "both had some");
    let all: Vec<String> = held.into_iter().flatten().collect();
    assert_eq!(all.len(), 300, "none twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), sent, "none lost");
}

#[tokio::test]
async fn two_processes_write_one_chain() {
    let folder = tempdir().unwrap();
    let log = store(folder.path());
    let created = Child::race(Role::Append, folder.path());
    let created: Vec<String> = created.into_iter().flatten().collect();
    assert_eq!(
        created.len(),
        EACH / 2 + EACH,
        "shared registers have one winner"
    );
    let query = AuditQuery {
        limit: 1000,
        ..AuditQuery::default()
    };
    let mut records = log.query(&alice().tid, &query).await.unwrap().items;
    assert_eq!(records.len(), created.len());
    records.sort_by_key(|record| record.seq);
    let mut walk = ChainWalk::default();
    for record in &records {
        walk.accept(record).unwrap();
    }
}

#[tokio::test]
async fn two_processes_lose_no_compare_and_set() {
    let folder = tempdir().unwrap();
    let store = store(folder.path());
    let turn = counted_turn();
    store
        .commit(&turn.key(), turn_creation(&turn))
        .await
        .unwrap();
    Child::race(Role::Raise, folder.path());
    let raised = store.turn(&alice().tid, &turn.id).await.unwrap().unwrap();
    assert_eq!(raised.item.watch, turn.watch + 2 * EACH as u64);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for _ in 0..3 {
        let mut child = Child::start(Role::Write, folder.path());
        acknowledged.extend(child.lines(200));
        acknowledged.extend(child.kill_and_drain());
    }
    assert!(acknowledged.len() >= 600);

    let (store, queue) = (
        store(folder.path()),
        SqliteQueue::open(folder.path()).unwrap(),
    );
    let mut messages = BTreeSet::new();
    loop {
        let some = queue.receive(QUEUE, 32, LONG).await.unwrap();
        if some.is_empty() {
            break;
        }
        messages.extend(some.into_iter().map(|delivery| delivery.id));
    }
    for line in &acknowledged {
        let words: Vec<&str> = line.split(' ').collect();
        let found = match words[..] {
            ["message", id] => messages.contains(id),
            ["event", name, seq] => {
                let turn = turn(&chat(&alice(), "killed"), name, NOON);
                let last = store.last_event_seq(&alice().tid, &turn.id).await.unwrap();
                last >= seq.parse().unwrap()
            }
            ["record", id] => {
                let record = store.record(&alice().tid, CHAIN, id).await.unwrap();
                record.is_some()
            }
            _ => panic!("{line}"),
        };
        assert!(found, "{line} was acknowledged");
    }
    let report = verify_database(&folder.path().join("azimuth.sqlite")).unwrap();
    assert_eq!(report.faults, []);
}
