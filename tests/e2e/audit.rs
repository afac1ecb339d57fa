//! Every effect is on record, and an edited record shows.

use std::path::Path;

use azimuth_tests::person::Person;
use azimuth_tests::stack::{Shape, Stack};
use serde_json::json;

use super::{TURN, approval_of};

/// How the close of a call that went well says so.
const OK: &str = "\"outcome\":\"ok\"";

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_every_call_and_names_an_edited_record() {
    let stack = Stack::start(Shape::default()).await;
    let (alice, carol) = (stack.person("alice").await, stack.person("carol").await);
    let bob = stack.person("bob").await;
    let conversation = alice.converse().await;
    alice
        .ask_and_wait(&conversation, "list subscriptions")
        .await;
    let turn = alice
        .ask(&conversation, "create storage account staudit1 in rg-dev")
        .await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    alice.wait_for(&turn, &["done"], TURN).await;

    let own = alice.get("/v1/audit?limit=100").await;
    let items = own.body["items"].as_array().expect("records").clone();
    let of = |kind: &str| items.iter().filter(|r| r["kind"] == kind).count();
    assert_eq!(of("open"), of("close"), "{items:?}");
    let mut reads = Vec::new();
    for record in items.iter().filter(|r| r["kind"] == "close") {
        assert_eq!(record["oid"], stack.oid("alice"));
        assert_eq!(record["acting_identity"], "user");
        match record["purpose"].as_str() {
            None => assert_eq!(record["outcome"], "ok"),
            // There is no such account yet, and that is what Azure said.
            Some(purpose) => reads.push((purpose, record["outcome"].clone())),
        }
    }
    reads.reverse();
    assert_eq!(
        reads,
        [("preview", json!("error")), ("repeat", json!("error"))],
        "what the change would do was read before and after the yes"
    );
    // What Azure did is what the audit says went well, no more and no less.
    let changes: Vec<(&str, &str)> = items
        .iter()
        .filter(|r| r["kind"] == "close" && r["tool"] == "azure/storage_account_create")
        .map(|r| (r["oid"].as_str().unwrap(), r["target"].as_str().unwrap()))
        .collect();
    let effects = stack.effects().await;
    assert_eq!(
        (changes.len(), effects.len()),
        (1, 1),
        "{changes:?} {effects:?}"
    );
    assert_eq!(effects[0]["user"], "alice");
    assert_eq!(changes[0].0, stack.oid("alice"));
    let resource = effects[0]["resource_id"].as_str().unwrap();
    assert!(resource.ends_with("/staudit1"), "{resource}");
    assert_eq!(bob.get("/v1/audit").await.body["items"], json!([]));
    let tenant = carol.get("/v1/audit?limit=100").await;
    assert!(
        tenant.body["items"].as_array().expect("records").len() >= items.len(),
        "{tenant:?}"
    );

    if stack.data().is_none() {
        // Signed with the key vault's key once an hour, and then out of our hands.
        stack.run_function("sign-audit").await;
        let tenant = items[0]["tid"].as_str().expect("a tenant");
        let archived = stack.archived_digest(tenant, 1).await.expect("a digest");
        let told = carol.get("/v1/audit/digests").await;
        let newest = &told.body["items"][0];
        assert_eq!(archived["hash"], newest["hash"], "{told:?}");
        assert_eq!(archived["signature"], newest["signature"], "{told:?}");
    }
    an_edited_export_shows(&stack, &carol, &conversation).await;
    if let Some(data) = stack.data() {
        an_edited_file_shows(&stack, &data, &conversation);
    }
}

async fn an_edited_export_shows(stack: &Stack, auditor: &Person, conversation: &str) {
    let export = stack.exported_audit(auditor).await;
    let verify = ["audit", "verify", "--file", export.to_str().unwrap()];
    let whole = stack.handler(&verify);
    let told = String::from_utf8_lossy(&whole.stdout);
    assert!(whole.status.success(), "{told}");
    assert!(told.contains(" digests (key "), "{told}");

    let text = std::fs::read_to_string(&export).unwrap();
    let is_close = |line: &&str| line.contains(conversation) && line.contains(OK);
    let record = text.lines().find(is_close).expect("a close");
    let edited = text.replacen(record, &record.replace(OK, "\"outcome\":\"error\""), 1);
    std::fs::write(&export, edited).unwrap();
    let broken = stack.handler(&verify);
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    let told = String::from_utf8(broken.stdout).unwrap();
    assert!(told.contains(conversation), "{told}");
}

fn an_edited_file_shows(stack: &Stack, data: &Path, conversation: &str) {
    let folder = data.to_str().expect("a path");
    let whole = stack.handler(&["audit", "verify", "--data", folder]);
    assert!(whole.status.success(), "{whole:?}");
    let export = stack.handler(&["audit", "export", "--data", folder]);
    assert!(export.status.success(), "{export:?}");
    let file = data.join("export.ndjson");
    std::fs::write(&file, &export.stdout).unwrap();
    let elsewhere = stack.handler(&["audit", "verify", "--file", file.to_str().unwrap()]);
    assert!(elsewhere.status.success(), "{elsewhere:?}");
    let told = String::from_utf8(elsewhere.stdout).unwrap();
    assert!(told.contains(" digests (key "), "{told}");

    let database = rusqlite::Connection::open(data.join("azimuth.sqlite")).unwrap();
    let edited = database
        .execute(
            "UPDATE audit SET body = replace(body, '\"outcome\":\"ok\"', '\"outcome\":\"error\"')
             WHERE chain = ?1 AND seq = 2",
            [conversation],
        )
        .unwrap();
    assert_eq!(edited, 1);
    drop(database);
    let broken = stack.handler(&["audit", "verify", "--data", folder]);
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    let told = String::from_utf8(broken.stdout).unwrap();
    assert!(told.contains(conversation) && told.contains('2'), "{told}");
}
