//! Several processes on one account. The children are this test binary, started again
//! with a part in the environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use azimuth_azure::cosmos::{CosmosAuth, CosmosSettings, CosmosStore};
use azimuth_azure::egress::Egress;
use azimuth_domain::audit::{AuditKind, ChainWalk};
use azimuth_domain::turn::Turn;
use azimuth_ports::audit::{Appended, AuditLog, AuditQuery};
use azimuth_ports::conformance::samples::{NOON, alice, chat, entry, turn, turn_creation};
use azimuth_ports::store::{Batch, ConversationStore, Precondition, StoreError, Write as Guarded};
use azimuth_ports::tokens::Secret;

use crate::rig::{Cosmos, Counted, ManualClock};

const PART: &str = "COSMOS_TEST_PART";
const ENDPOINT: &str = "COSMOS_TEST_ENDPOINT_OF_PART";
const CHAIN: &str = "admin-processes-2026-11-24";
/// Marks what a child says; the test harness prints beside it.
const MARK: &str = "@@";
const READY: &str = "@@ready";
/// What each child adds.
const EACH: usize = 30;

fn counted_turn() -> Turn {
    turn(&chat(&alice(), "counted"), "1", NOON)
}

/// Not a test of its own: what a child does, when this binary is one.
#[tokio::test]
async fn child_entry() {
    #[expect(clippy::disallowed_methods, reason = "the parent tells what and where")]
    let (Ok(part), Ok(endpoint)) = (std::env::var(PART), std::env::var(ENDPOINT)) else {
        return;
    };
    let settings = CosmosSettings {
        endpoint,
        database: "azimuth".to_owned(),
        auth: CosmosAuth::Key(Secret::new("a2V5")),
        egress: Egress::default(),
    };
    let clock = Arc::<ManualClock>::default();
    let store = CosmosStore::connect(&settings, clock, Arc::new(Counted)).await;
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    println!("{READY}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    match part.as_str() {
        "append" => append_some(&store).await,
        "raise" => raise_some(&store).await,
        other => panic!("{other}"),
    }
}

async fn append_some(log: &CosmosStore) {
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
            println!("{MARK}{}", record.id);
        }
    }
}

async fn raise_some(store: &CosmosStore) {
    let id = counted_turn().id;
    let mut raised = 0;
    while raised < EACH {
        let read = store.turn(&alice().tid, &id).await.unwrap().unwrap();
        let mut item = read.item;
        item.watch += 1;
        let batch = Batch {
            turn: Some(Guarded {
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

/// A child, which ends with the test.
struct Part {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Part {
    fn start(part: &str, endpoint: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["processes::child_entry", "--exact", "--nocapture"])
            .env(PART, part)
            .env(ENDPOINT, endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(READY) {
            line.clear();
            assert!(
                output.read_line(&mut line).unwrap() > 0,
                "the child is ready"
            );
        }
        Self { process, output }
    }

    fn go(&mut self) {
        let mut stdin = self.process.stdin.take().unwrap();
        stdin.write_all(b"go\n").unwrap();
    }

    /// What it said until its end.
    fn said(mut self) -> Vec<String> {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        assert!(self.process.wait().unwrap().success(), "{text}");
        let lines = text.lines().filter_map(|line| line.split_once(MARK));
        lines.map(|(_, said)| said.to_owned()).collect()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two children at once; what both said.
async fn race(part: &'static str, endpoint: &str) -> Vec<String> {
    let endpoint = endpoint.to_owned();
    let raced = tokio::task::spawn_blocking(move || {
        let mut parts = [(); 2].map(|()| Part::start(part, &endpoint));
        parts.iter_mut().for_each(Part::go);
        parts.map(Part::said).concat()
    });
    raced.await.unwrap()
}

#[tokio::test]
async fn two_processes_write_one_chain() {
    let cosmos = Cosmos::new().await;
    let log = cosmos.store().await;
    let created = race("append", cosmos.emulator.endpoint()).await;
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
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let turn = counted_turn();
    store
        .commit(&turn.key(), turn_creation(&turn))
        .await
        .unwrap();
    race("raise", cosmos.emulator.endpoint()).await;
    let raised = store.turn(&alice().tid, &turn.id).await.unwrap().unwrap();
    assert_eq!(raised.item.watch, turn.watch + 2 * EACH as u64);
}
