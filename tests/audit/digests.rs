//! Digests: what was written is sealed soon, by whoever runs, and read by whom it
//! concerns; what is younger is held against the turns.

use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use azimuth_app::digests::DigestWriter;
use azimuth_domain::audit::digest::Digest;
use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::time::Timestamp;
use azimuth_embedded::audit_verify::{FaultKind, VerifyReport, verify_database};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::Clock;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use azimuth_tests::waiting::until;
use reqwest::Method;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);
const PATH: &str = "/v1/audit/digests";

/// Asks for something and waits for its end; the conversation.
async fn some_turn(person: &Person, order: &str) -> String {
    let conversation = person.converse().await;
    let turn = person.ask(&conversation, order).await;
    person.wait_for(&turn, &["done"], PATIENCE).await;
    conversation
}

/// The person's digests, once one seals `chain` at least up to `seq`.
async fn sealed(person: &Person, chain: &str, seq: u64) -> Value {
    until("the chain is sealed", || async {
        let page = person.get(PATH).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().unwrap();
        let heads = items.iter().flat_map(|d| d["chains"].as_array().unwrap());
        let is_sealed = |head: &Value| head["chain"] == chain && head["seq"].as_u64() >= Some(seq);
        heads.clone().any(is_sealed).then_some(page.body.clone())
    })
    .await
}

#[tokio::test]
async fn a_turn_that_ended_is_sealed_soon_and_its_asker_sees_it() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    let hers = some_turn(&alice, "list a").await;
    let his = some_turn(&bob, "list b").await;
    let page = sealed(&alice, &hers, 2).await;
    sealed(&bob, &his, 2).await;
    assert_eq!(page["state"]["unsealed"], json!([]));
    assert_eq!(page["state"]["unsealed_since"], Value::Null);
    assert!(page["state"]["sealed_up_to"].is_string());
    // Of others she sees that there is something, and not what.
    let page = alice.get(PATH).await.body;
    assert!(!page.to_string().contains(&his), "{page}");
    let counted: u64 = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|digest| digest["chain_count"].as_u64().unwrap())
        .sum();
    assert!(counted >= 2, "{page}");
    let report = verify_database(&app.data().join("azimuth.sqlite")).unwrap();
    assert!(report.holds() && report.digests > 0, "{report}");
}

#[tokio::test]
async fn an_auditor_reads_digests_that_can_be_checked_and_is_on_record() {
    let (app, alice) = super::clerk().await;
    let carol = app.person("carol").await;
    let eve = app.person("eve").await;
    let hers = some_turn(&alice, "list a").await;
    let foreign = some_turn(&eve, "list e").await;
    sealed(&eve, &foreign, 2).await;
    let page = sealed(&carol, &hers, 2).await;
    assert!(!page.to_string().contains(&foreign));
    let key = hex(page["key"]["public"].as_str().unwrap());
    assert_eq!(page["key"]["algorithm"], "Ed25519");
    for item in page["items"].as_array().unwrap() {
        let digest = digest_of(item);
        assert_eq!(digest.hash, digest.computed_hash());
        assert_eq!(digest.key_id, page["key"]["id"]);
        assert_eq!(digest.tenant, app.user("alice").tid);
        UnparsedPublicKey::new(&ED25519, &key)
            .verify(&digest.signed_text(), &hex(&digest.signature))
            .unwrap();
    }
    let reads = carol.get("/v1/audit?kind=audit_read&limit=100").await.body;
    let details: Vec<&Value> = reads["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["detail"])
        .collect();
    assert!(
        details.contains(&&json!("digests of the tenant")),
        "{details:?}"
    );
    // Her own reading is sealed as well.
    let day = app.clock.now().day();
    sealed(&carol, &format!("admin-audit-{day}"), 1).await;

    app.audit.refuse(|entry| entry.kind == AuditKind::AuditRead);
    let reply = Reply::to(carol.request(Method::GET, PATH)).await;
    reply.assert_problem(PATH, 503, "audit_unavailable");
    assert_eq!(
        alice.get(PATH).await.status,
        200,
        "one's own needs no record"
    );
}

#[tokio::test]
async fn digests_page_and_refuse_what_is_no_cursor() {
    let (_app, alice) = super::clerk().await;
    for name in ["a", "b", "c"] {
        let conversation = some_turn(&alice, &format!("list {name}")).await;
        sealed(&alice, &conversation, 2).await;
    }
    let whole = alice.get(PATH).await.body["items"].clone();
    let mut found = Vec::new();
    let mut path = format!("{PATH}?limit=1");
    loop {
        let page = alice.get(&path).await.body;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{PATH}?limit=1&cursor={cursor}");
    }
    assert!(found.len() >= 3);
    assert_eq!(Value::from(found), whole);
    for (query, code) in [
        ("limit=0", "query_invalid"),
        ("limit=101", "query_invalid"),
        ("kind=open", "query_invalid"),
        ("cursor=x", "cursor_invalid"),
        ("cursor=", "cursor_invalid"),
    ] {
        let path = format!("{PATH}?{query}");
        let reply = Reply::to(alice.request(Method::GET, &path)).await;
        reply.assert_problem(&path, 400, code);
    }
}

#[tokio::test]
async fn what_an_earlier_process_left_the_next_one_seals() {
    let (app, alice) = super::clerk().await;
    let user = app.user("alice");
    let chain = "admin-left-2026-11-25";
    let entry = AuditEntry::of_user(AuditKind::Denied, "gone".to_owned(), &user);
    // Past the audit that wakes the digest writer, as if the process had died here.
    let appended = app
        .store
        .append(&user.tid, chain, "op", app.clock.now(), entry)
        .await;
    assert!(appended.is_ok());
    let next = app.beside(AppShape::with(Script::clerk())).await;
    let carol = app.person("carol").await.at(&next.api);
    sealed(&carol, chain, 1).await;
    drop(alice);
}

#[tokio::test]
async fn an_orderly_end_leaves_nothing_unsealed() {
    let (app, alice) = super::clerk().await;
    some_turn(&alice, "list a").await;
    let digest_writer: &DigestWriter = &app.digest_writer;
    digest_writer.finish().await;
    let report = verify(&app);
    assert!(report.holds(), "{report}");
    let unsealed = report.unsealed.unwrap();
    assert_eq!((unsealed.records, unsealed.chains), (0, 0));
    assert_eq!(
        digest_writer.seal().await.unwrap(),
        0,
        "and there is nothing more to do"
    );
}

#[tokio::test]
async fn after_the_key_was_replaced_the_next_process_seals_and_all_holds() {
    let (app, alice) = super::clerk().await;
    let first = some_turn(&alice, "list a").await;
    let before = sealed(&alice, &first, 2).await;
    std::fs::remove_file(app.data().join("audit.key")).unwrap();
    let next = app.beside(AppShape::with(Script::clerk())).await;
    let there = alice.at(&next.api);
    // Either process may have run the call; what the first one wrote wakes nobody here.
    let second = some_turn(&there, "list b").await;
    next.digest_writer.seal().await.unwrap();
    let after = sealed(&there, &second, 2).await;
    assert_ne!(after["key"]["id"], before["key"]["id"]);
    // The process that still has the old key seals nothing more with it: it leaves that
    // to the other one, or is told to start again.
    let third = some_turn(&alice, "list c").await;
    let _ = app.digest_writer.seal().await;
    next.digest_writer.seal().await.unwrap();
    sealed(&there, &third, 2).await;
    let report = verify(&app);
    assert!(report.holds(), "{report}");
    let ids = [&before["key"]["id"], &after["key"]["id"]].map(|id| id.as_str().unwrap());
    assert_eq!(report.keys, ids);
}

fn verify(app: &TestApp) -> VerifyReport {
    verify_database(&app.data().join("azimuth.sqlite")).unwrap()
}

/// A product with a turn of one change that was agreed to, and its conversation. Its
/// digests are gone with all that knew of them, as if they had not been made yet.
async fn young() -> (TestApp, String) {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let alice = app.person("alice").await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    let decided = alice
        .decide(&text("approval_id"), &text("digest"), "approve")
        .await;
    assert_eq!(decided.status, 200, "{decided:?}");
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    sealed(&alice, &conversation, 3).await;
    let number = |file: &str, table: &str| -> u64 {
        let sql = format!("SELECT coalesce(max(number), 0) FROM {table}");
        open(&app, file)
            .query_row(&sql, [], |row| row.get(0))
            .unwrap()
    };
    until("the newest digest is anchored", || async {
        let made = number("audit-digests.sqlite", "digests");
        (number("azimuth.sqlite", "audit_anchors") == made).then_some(())
    })
    .await;
    change(&app, "azimuth.sqlite", "DELETE FROM audit_anchors");
    change(&app, "audit-digests.sqlite", "DELETE FROM digests");
    let report = verify(&app);
    assert!(report.holds(), "{report}");
    assert_eq!(report.unsealed.map(|unsealed| unsealed.records), Some(3));
    (app, conversation)
}

fn change(app: &TestApp, file: &str, sql: &str) {
    open(app, file).execute_batch(sql).unwrap();
}

fn open(app: &TestApp, file: &str) -> Connection {
    let connection = Connection::open(app.data().join(file)).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

#[tokio::test]
async fn a_young_cut_is_named_by_the_turn() {
    for (seq, register) in [(3, ":1:close"), (2, ":1:close"), (1, ":1:close")] {
        let (app, chain) = young().await;
        change(
            &app,
            "azimuth.sqlite",
            &format!("DELETE FROM audit WHERE seq >= {seq}"),
        );
        let report = verify(&app);
        let fault = report.first_fault().unwrap();
        assert_eq!((&fault.chain, fault.seq), (&chain, seq), "{fault}");
        let FaultKind::Untold { register: told, .. } = &fault.what else {
            panic!("{fault}");
        };
        assert!(told.ends_with(register), "{fault}");
        // Without the turn nobody knows.
        change(&app, "azimuth.sqlite", "DELETE FROM turns");
        let report = verify(&app);
        assert!(report.holds(), "{report}");
        let is_told = report.to_string().contains("unsealed since");
        assert_eq!(is_told, seq > 1, "{report}");
    }
}

#[tokio::test]
async fn a_young_end_that_was_written_anew_is_named_by_the_turn() {
    let (app, chain) = young().await;
    let main = open(&app, "azimuth.sqlite");
    let body: String = main
        .query_row("SELECT body FROM audit WHERE seq = 3", [], |row| row.get(0))
        .unwrap();
    let mut record: AuditRecord = serde_json::from_str(&body).unwrap();
    record.entry.outcome = Some(azimuth_domain::event::Outcome::Error);
    record.hash = record.computed_hash();
    let body = canonical_json(&serde_json::to_value(&record).unwrap());
    main.execute(
        "UPDATE audit SET body = ?, outcome = 'error' WHERE seq = 3",
        params![body],
    )
    .unwrap();
    let report = verify(&app);
    let fault = report.first_fault().unwrap();
    assert_eq!(fault.chain, chain);
    assert!(matches!(fault.what, FaultKind::Untold { .. }), "{fault}");
}

/// A digest as it was signed, from the API's form.
fn digest_of(item: &Value) -> Digest {
    let mut item = item.clone();
    item.as_object_mut().unwrap().remove("chain_count");
    let at = Timestamp::parse_rfc3339(item["at"].as_str().unwrap()).unwrap();
    item["at"] = at.0.into();
    serde_json::from_value(item).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
