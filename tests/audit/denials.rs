//! No refusal is lost: what the audit does not take at once is kept in the turn, and
//! the sweeper brings it.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::audit::AuditKind;
use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// A product whose audit takes no refusal.
async fn deaf() -> (Arc<TestApp>, Person) {
    let (app, alice) = super::clerk().await;
    app.audit.refuse(|entry| entry.kind == AuditKind::Denied);
    (app, alice)
}

async fn denials(person: &Person, turn: &str) -> Vec<Value> {
    let path = format!("/v1/audit?kind=denied&turn_id={turn}");
    let found = person.get(&path).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body["items"].as_array().unwrap().clone()
}

/// The refusal of a turn's only call is there after a sweep that the audit hears, and
/// once, however often it is swept.
async fn comes_late(app: &TestApp, person: &Person, turn: &str) {
    assert_eq!(denials(person, turn).await, [] as [Value; 0]);
    assert_eq!(
        app.sweep().await,
        200,
        "a sweep that the audit does not hear"
    );
    assert_eq!(denials(person, turn).await, [] as [Value; 0]);
    app.audit.accept_all();
    for _ in 0..2 {
        assert_eq!(app.sweep().await, 200);
        let found = denials(person, turn).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (&found[0]["outcome"], &found[0]["turn_id"]),
            (&json!("denied"), &json!(turn))
        );
        // Which policy decided is not known any more.
        assert_eq!(found[0]["policy_version"], Value::Null);
    }
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn a_refusal_by_policy_that_could_not_be_recorded_comes_late() {
    let (app, _) = deaf().await;
    let bob = app.person("bob").await;
    let turn = bob.ask(&bob.converse().await, "create a").await;
    bob.wait_for(&turn, &["done"], PATIENCE).await;
    comes_late(&app, &bob, &turn).await;
}

#[tokio::test]
async fn a_refusal_by_a_person_that_could_not_be_recorded_comes_late() {
    let (app, alice) = deaf().await;
    let turn = alice.ask(&alice.converse().await, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    let decided = alice
        .decide(&text("approval_id"), &text("digest"), "deny")
        .await;
    assert_eq!(decided.status, 200, "{decided:?}");
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    comes_late(&app, &alice, &turn).await;
}

#[tokio::test]
async fn a_refusal_of_a_call_without_a_model_that_could_not_be_recorded_comes_late() {
    let (app, _) = deaf().await;
    let bob = app.person("bob").await;
    let body = json!({"arguments": {"secret": "db", "name": "a"}});
    let accepted = bob.post("/v1/tools/fake/thing_list/calls", body).await;
    let turn = accepted.text("turn_id");
    bob.wait_for(&turn, &["done"], PATIENCE).await;
    comes_late(&app, &bob, &turn).await;
}

#[tokio::test]
async fn a_removed_conversation_waits_for_its_refusals() {
    let (app, _) = deaf().await;
    let bob = app.person("bob").await;
    let conversation = bob.converse().await;
    let turn = bob.ask(&conversation, "create a").await;
    bob.wait_for(&turn, &["done"], PATIENCE).await;
    let path = format!("/v1/conversations/{conversation}");
    let gone = bob.send(bob.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    app.clock.advance(Duration::from_hours(24 * 8));
    assert_eq!(app.sweep().await, 200);
    comes_late(&app, &bob, &turn).await;
}

#[tokio::test]
async fn an_attempt_at_the_door_that_cannot_be_recorded_is_not_answered() {
    let (app, alice) = deaf().await;
    let bob = app.person("bob").await;
    let call = || {
        let path = "/v1/tools/fake/thing_create/calls";
        let request = bob
            .request(Method::POST, path)
            .header("idempotency-key", "k")
            .json(&json!({"arguments": {"name": "a"}}));
        Reply::to(request)
    };
    let reply = call().await;
    reply.assert_problem("a tool", 503, "audit_unavailable");
    let turn = alice.ask(&alice.converse().await, "delete a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let decide = || {
        let path = format!(
            "/v1/approvals/{}/decision",
            approval["approval_id"].as_str().unwrap()
        );
        let digest = approval["digest"].as_str().unwrap();
        let request = alice
            .request(Method::POST, &path)
            .header("idempotency-key", "k")
            .json(&json!({"decision": "approve", "digest": digest}));
        Reply::to(request)
    };
    let reply = decide().await;
    reply.assert_problem("a decision", 503, "audit_unavailable");
    app.audit.accept_all();
    let reply = call().await;
    reply.assert_problem("a tool", 404, "not_found");
    let reply = decide().await;
    reply.assert_problem("a decision", 403, "not_permitted");
    for person in [&alice, &bob] {
        let found = person.get("/v1/audit?kind=denied").await.body;
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    }
}
