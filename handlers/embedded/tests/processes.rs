//! Several processes that start on one folder, and one that is killed.
//!
//! `SIGKILL` shows that nothing acknowledged was only in the process; what a power cut
//! needs, `synchronous=FULL`, it cannot show.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::audit::AuditKind;
use azimuth_embedded::audit_verify::verify_database;
use azimuth_embedded::{SqliteQueue, SqliteStore, SystemClock, SystemRandom};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::conformance::child::{self, Child, say};
use azimuth_ports::conformance::samples::{NOON, alice, chat, entry, event, turn, turn_creation};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::ConversationStore;
use tempfile::tempdir;

const LONG: Duration = Duration::from_hours(1);
const QUEUE: &str = "work";
const CHAIN: &str = "admin-processes-2026-11-24";
/// What a child does.
const OPEN: &str = "open";
const WRITE: &str = "write";

fn store(folder: &Path) -> SqliteStore {
    let clock = Arc::new(SystemClock);
    SqliteStore::open(folder, clock.clone(), Arc::new(SystemRandom::new(clock))).unwrap()
}

fn child(part: &str, folder: &Path) -> Child {
    Child::start("child_entry", part, folder.to_str().unwrap())
}

/// Not a test of its own: what a child does, when this binary is one.
#[tokio::test]
async fn child_entry() {
    let Some((part, folder)) = child::part() else {
        return;
    };
    let folder = Path::new(&folder);
    match part.as_str() {
        OPEN => {
            let store = store(folder);
            SqliteQueue::open(folder).unwrap();
            store.ping().await.unwrap();
        }
        WRITE => write_for_ever(folder).await,
        other => panic!("{other}"),
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
    let children: Vec<Child> = (0..4).map(|_| child(OPEN, &data)).collect();
    for mut child in children {
        assert!(child.succeeds());
    }
    store(&data).ping().await.unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for _ in 0..3 {
        let mut child = child(WRITE, folder.path());
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
