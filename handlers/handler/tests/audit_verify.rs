//! What `handler audit verify` prints of a folder that somebody bent: the binary itself,
//! on files that the product's own parts wrote.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use azimuth_app::digests::DigestWriter;
use azimuth_domain::audit::{
    AuditEntry, AuditKind, AuditRecord, close_id, conversation_chain, open_id,
};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::event::Outcome;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{CallState, Turn};
use azimuth_embedded::{FileSigner, SqliteDigests, SqliteStore, SystemRandom};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::conformance::samples::{
    NOON, alice, chat, entry, turn, turn_creation, with_call,
};
use azimuth_ports::digests::DigestSigner;
use azimuth_ports::store::ConversationStore;
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// Records of alice's conversation that a digest covers; two more are younger, the open
/// and the close of a call of hers.
const SEALED: i64 = 6;

/// When the digest is made, ms after the first record.
const SEALED_AT: i64 = 100;

struct StandsStill;

impl Clock for StandsStill {
    fn now(&self) -> Timestamp {
        NOON.plus_ms(SEALED_AT)
    }
}

/// A folder with her audit, her turn and a digest. Nobody has it open.
struct Bent {
    folder: TempDir,
    chain: String,
    key: String,
    call: String,
    turn: String,
}

impl Bent {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(StandsStill);
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new(clock.clone()));
        let store = SqliteStore::open(folder.path(), clock.clone(), random.clone()).unwrap();
        let store = Arc::new(store);
        let digests = Arc::new(SqliteDigests::open(folder.path(), store.clone()).unwrap());
        let signer = FileSigner::open_or_create(folder.path(), random.as_ref()).unwrap();
        let signer = Arc::new(signer);
        let chat = chat(&alice(), "plans");
        let chain = conversation_chain(&chat.id);
        for number in 0..SEALED {
            let entry = entry(&alice(), AuditKind::Denied);
            append(&store, &chain, &format!("op-{number}"), number, entry).await;
        }
        let writer = DigestWriter::new(digests, signer.clone(), clock);
        assert_eq!(writer.seal().await.unwrap(), 1);
        let turn = ended(turn(&chat, "a", NOON));
        let call = &turn.calls()[0].id;
        for (kind, register) in [
            (AuditKind::Open, open_id(call, 1)),
            (AuditKind::Close, close_id(call, 1)),
        ] {
            let mut entry = entry(&alice(), kind);
            entry.outcome = (kind == AuditKind::Close).then_some(Outcome::Ok);
            let at = SEALED + i64::from(kind == AuditKind::Close);
            append(&store, &chain, &register, at, entry).await;
        }
        store
            .commit(&turn.key(), turn_creation(&turn))
            .await
            .unwrap();
        let key = signer.key().id().to_owned();
        Self {
            call: call.to_string(),
            turn: turn.id.to_string(),
            chain,
            key,
            folder,
        }
    }

    /// Changes the database as somebody with an editor does.
    fn bend(&self, sql: &str) {
        let connection = self.open();
        connection.execute_batch(sql).unwrap();
        assert!(connection.total_changes() > 0, "{sql}");
    }

    fn open(&self) -> Connection {
        Connection::open(self.folder.path().join("azimuth.sqlite")).unwrap()
    }

    /// The records, in their order.
    fn records(&self) -> Vec<AuditRecord> {
        let connection = self.open();
        let mut statement = connection
            .prepare("SELECT body FROM audit ORDER BY seq")
            .unwrap();
        let bodies = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap();
        bodies
            .map(|body| serde_json::from_str(&body.unwrap()).unwrap())
            .collect()
    }

    /// Puts these records in the place of all.
    fn write(&self, records: &[AuditRecord]) {
        let connection = self.open();
        connection.execute("DELETE FROM audit", []).unwrap();
        for record in records {
            let body = canonical_json(&serde_json::to_value(record).unwrap());
            let entry = &record.entry;
            connection
                .execute(
                    "INSERT INTO audit (tenant, chain, id, seq, at, oid, kind, tool, outcome, body)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    params![
                        record.tenant,
                        record.chain,
                        record.id,
                        record.seq,
                        record.at.0,
                        entry.oid,
                        entry.kind.as_str(),
                        entry.tool,
                        entry.outcome.map(Outcome::as_str),
                        body
                    ],
                )
                .unwrap();
        }
    }

    /// The sentence about one of its records.
    fn about(&self, record: i64, what: &str) -> String {
        let tenant = alice().tid;
        format!(
            "chain {}, record {record} (tenant {tenant}): {what}",
            self.chain
        )
    }

    /// What is printed when this one sentence is true of that many records, and as many
    /// of them as `young` says are younger than the digest, the oldest of that moment.
    fn told(&self, records: i64, sentence: &str, young: (i64, i64)) -> String {
        let key = &self.key;
        let unsealed = unsealed(young);
        format!(
            "{records} records in 1 chains, 1 digests (key {key}): 1 broken, first {sentence}; \
             {unsealed}\n{sentence}\n"
        )
    }

    /// The same when nothing is wrong.
    fn holds(&self, records: i64, young: (i64, i64)) -> String {
        let key = &self.key;
        let unsealed = unsealed(young);
        format!("{records} records in 1 chains, 1 digests (key {key}): all hold; {unsealed}\n")
    }
}

fn unsealed((at_ms, records): (i64, i64)) -> String {
    let since = NOON.plus_ms(at_ms);
    let chains = records.min(1);
    format!("unsealed since {since}: {records} records in {chains} chains")
}

async fn append(store: &SqliteStore, chain: &str, id: &str, at_ms: i64, entry: AuditEntry) {
    let at = NOON.plus_ms(at_ms);
    let appended = store.append(&alice().tid, chain, id, at, entry).await;
    assert!(appended.is_ok(), "{appended:?}");
}

/// The turn with a call that went well at its first attempt.
fn ended(turn: Turn) -> Turn {
    let mut turn = with_call(turn, CallState::Finished { ok: true }, false);
    turn.steps[0].calls[0].attempt = 1;
    turn
}

/// Exit code and standard output of `handler audit verify`.
fn verify(folder: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_handler"))
        .args(["audit", "verify", "--data"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let told = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), told)
}

/// The open and the close, which no digest covers.
const YOUNG: (i64, i64) = (SEALED, 2);

/// Bends a folder and compares what is printed of it: one sentence about one record.
async fn is_named(sql: &str, records: i64, record: i64, what: &str, young: (i64, i64)) {
    let folder = Bent::new().await;
    folder.bend(sql);
    let sentence = folder.about(record, what);
    let told = folder.told(records, &sentence, young);
    assert_eq!(verify(folder.folder.path()), (Some(1), told), "{sql}");
}

#[tokio::test]
async fn an_untouched_folder_holds() {
    let folder = Bent::new().await;
    let told = folder.holds(8, YOUNG);
    assert_eq!(verify(folder.folder.path()), (Some(0), told));
}

#[tokio::test]
async fn an_edited_record_is_named() {
    let edit = "UPDATE audit SET body = replace(body, '\"kind\":\"denied\"', '\"kind\":\"open\"'),
                kind = 'open' WHERE seq = 3";
    is_named(edit, 8, 3, "its content does not match its hash", YOUNG).await;
}

#[tokio::test]
async fn a_deleted_record_is_named() {
    let delete = "DELETE FROM audit WHERE seq = 3";
    is_named(delete, 7, 3, "it is missing, record 4 follows", YOUNG).await;
}

#[tokio::test]
async fn an_inserted_record_is_named() {
    // In the place of the third, and everything after it one further.
    let insert = "
        UPDATE audit SET seq = -seq WHERE seq >= 3;
        INSERT INTO audit SELECT tenant, chain, 'op-x', 3, at, oid, kind, tool, outcome, turn,
            replace(body, '\"id\":\"op-0\"', '\"id\":\"op-x\"') FROM audit WHERE seq = 1;
        UPDATE audit SET seq = 1 - seq WHERE seq < 0;";
    let what = "the column seq does not say what the record says";
    // What was the last sealed one stands where no digest reaches now.
    is_named(insert, 9, 3, what, (SEALED - 1, 3)).await;
}

/// Whoever numbers and hashes all that follows anew meets the digest.
#[tokio::test]
async fn a_record_that_was_forged_in_is_named_whatever_was_hashed_anew() {
    let folder = Bent::new().await;
    let mut records = folder.records();
    let mut forged = records[1].clone();
    forged.id = "op-x".to_owned();
    records.insert(2, forged);
    for at in 2..records.len() {
        let before = records[at - 1].hash.clone();
        let record = &mut records[at];
        record.seq = at as u64 + 1;
        record.prev_hash = before;
        record.hash = record.computed_hash();
    }
    folder.write(&records);
    let sentence = folder.about(6, "it is not the record that digest 1 sealed");
    let told = folder.told(9, &sentence, (SEALED - 1, 3));
    assert_eq!(verify(folder.folder.path()), (Some(1), told));
}

#[tokio::test]
async fn records_that_changed_places_are_named() {
    let swap = "
        UPDATE audit SET seq = 99 WHERE seq = 3;
        UPDATE audit SET seq = 3, body = replace(body, '\"seq\":4', '\"seq\":3') WHERE seq = 4;
        UPDATE audit SET seq = 4, body = replace(body, '\"seq\":3', '\"seq\":4') WHERE seq = 99;";
    is_named(swap, 8, 3, "its content does not match its hash", YOUNG).await;
}

#[tokio::test]
async fn a_tail_cut_before_the_last_digest_is_named() {
    let cut = "DELETE FROM audit WHERE seq >= 5";
    let what = "it is missing: digest 1 sealed the chain up to record 6";
    is_named(cut, 4, 5, what, (SEALED_AT, 0)).await;
}

#[tokio::test]
async fn a_younger_cut_is_named_by_its_turn_or_told_as_unsealed() {
    let folder = Bent::new().await;
    folder.bend("DELETE FROM audit WHERE seq = 8");
    let (call, turn) = (&folder.call, &folder.turn);
    let what = format!("{call}:1:close is missing or says something else: turn {turn} knows of it");
    let told = folder.told(7, &folder.about(8, &what), (SEALED, 1));
    assert_eq!(verify(folder.folder.path()), (Some(1), told));
    // Without the turn nobody knows, and that is what is said.
    folder.bend("DELETE FROM turns");
    let told = folder.holds(7, (SEALED, 1));
    assert_eq!(verify(folder.folder.path()), (Some(0), told));
}
