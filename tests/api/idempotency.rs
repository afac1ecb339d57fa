//! The same request twice is one; another one waits its turn.

use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Line, Script, say};
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// A product whose model speaks only after the gate.
async fn gated() -> (TestApp, Person, Gate) {
    let gate = Gate::default();
    let held = gate.clone();
    let model = Script::answering(move |_| vec![Line::Wait(held.clone()), say("At last.")]);
    let app = TestApp::start(AppShape::with(model)).await;
    let alice = app.person("alice").await;
    (app, alice, gate)
}

async fn post(person: &Person, path: &str, key: &str, body: &Value) -> Reply {
    let request = person
        .request(Method::POST, path)
        .header("idempotency-key", key)
        .json(body);
    Reply::to(request).await
}

#[tokio::test]
async fn the_same_key_and_body_is_the_same_turn() {
    let (app, alice, gate) = gated().await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let first = post(&alice, &path, "k", &json!({"text": "hello"}))
        .await
        .expect("first", 202);
    let turn = first.body["turn_id"].as_str().unwrap().to_owned();
    assert_eq!(first.header("location"), format!("/api/v1/turns/{turn}"));
    assert_eq!(
        first.body,
        json!({"turn_id": turn, "events_url": format!("/api/v1/turns/{turn}/events")})
    );
    // While it runs, when it has ended, and with the members in another order.
    let again = post(&alice, &path, "k", &json!({"text": "hello"}))
        .await
        .expect("again", 202);
    assert_eq!(again.body, first.body);
    gate.open();
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    let later = post(&alice, &path, "k", &json!({"model": null, "text": "hello"}))
        .await
        .expect("later", 202);
    assert_eq!(later.body, first.body);
    let reused = post(&alice, &path, "k", &json!({"text": "hello!"})).await;
    reused.assert_problem("another text", 422, "idempotency_key_reused");
    let reused = post(
        &alice,
        &path,
        "k",
        &json!({"text": "hello", "model": "script"}),
    )
    .await;
    reused.assert_problem("another model", 422, "idempotency_key_reused");
    let messages = alice
        .get(&format!("/v1/conversations/{conversation}/messages"))
        .await;
    assert_eq!(
        messages.body["items"].as_array().unwrap().len(),
        2,
        "asked once"
    );
    app.stop().await;
}

#[tokio::test]
async fn twenty_at_once_with_one_key_are_one_turn() {
    let (_app, alice, gate) = gated().await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let body = json!({"text": "hello"});
    let all = futures::future::join_all((0..20).map(|_| post(&alice, &path, "k", &body))).await;
    gate.open();
    let first = all[0].body["turn_id"].as_str().unwrap().to_owned();
    for reply in &all {
        assert_eq!(
            (reply.status, &reply.body["turn_id"]),
            (202, &json!(first)),
            "{}",
            reply.text()
        );
    }
    alice.wait_for(&first, &["done"], PATIENCE).await;
    let messages = alice
        .get(&format!("/v1/conversations/{conversation}/messages"))
        .await;
    assert_eq!(
        messages.body["items"].as_array().unwrap().len(),
        2,
        "asked once"
    );
}

#[tokio::test]
async fn one_turn_at_a_time_in_a_conversation() {
    let (_app, alice, gate) = gated().await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let turn = alice.ask(&conversation, "first").await;
    let second = post(&alice, &path, "second", &json!({"text": "second"})).await;
    second.assert_problem("while one runs", 409, "turn_running");
    assert_eq!(second.body["turn_id"], turn.as_str());
    gate.open();
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    post(&alice, &path, "second", &json!({"text": "second"}))
        .await
        .expect("afterwards", 202);
}

#[tokio::test]
async fn ten_at_once_with_ten_keys_are_one_turn_and_nine_refusals() {
    let (_app, alice, gate) = gated().await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let body = json!({"text": "hello"});
    let keys: Vec<String> = (0..10).map(|n| format!("k{n}")).collect();
    let all =
        futures::future::join_all(keys.iter().map(|key| post(&alice, &path, key, &body))).await;
    gate.open();
    let accepted: Vec<&Reply> = all.iter().filter(|r| r.status == 202).collect();
    assert_eq!(accepted.len(), 1, "{all:?}");
    for reply in all.iter().filter(|r| r.status != 202) {
        reply.assert_problem("the others", 409, "turn_running");
        assert_eq!(reply.body["turn_id"], accepted[0].body["turn_id"]);
    }
}

#[tokio::test]
async fn eight_turns_run_and_a_ninth_does_not() {
    let (_app, alice, gate) = gated().await;
    let mut turns = Vec::new();
    for _ in 0..8 {
        let conversation = alice.converse().await;
        turns.push(alice.ask(&conversation, "hello").await);
    }
    let me = alice.get("/v1/me").await;
    assert_eq!(
        me.body["quotas"][0],
        json!({"name": "running_turns", "limit": 8, "used": 8, "left": 0, "resets_at": null})
    );
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let ninth = post(&alice, &path, "k", &json!({"text": "hello"})).await;
    ninth.assert_problem("the ninth", 429, "too_many_turns");
    assert_eq!(ninth.body["quota"], "running_turns");
    let console = post(
        &alice,
        "/v1/tools/fake/thing_list/calls",
        "k",
        &json!({"arguments": {}}),
    )
    .await;
    console.assert_problem("a call without a model", 429, "too_many_turns");
    gate.open();
    for turn in &turns {
        alice.wait_for(turn, &["done"], PATIENCE).await;
    }
    post(&alice, &path, "k", &json!({"text": "hello"}))
        .await
        .expect("afterwards", 202);
}

#[tokio::test]
async fn a_conversation_is_made_once_per_key() {
    let (_app, alice) = super::clerk().await;
    let body = json!({"title": "Plans"});
    let first = post(&alice, "/v1/conversations", "k", &body)
        .await
        .expect("first", 201);
    let id = first.body["id"].as_str().unwrap();
    assert_eq!(
        first.header("location"),
        format!("/api/v1/conversations/{id}")
    );
    let again = post(&alice, "/v1/conversations", "k", &body)
        .await
        .expect("again", 200);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("etag"), first.header("etag"));
    let other = post(&alice, "/v1/conversations", "k", &json!({"title": "Other"})).await;
    other.assert_problem("another title", 422, "idempotency_key_reused");
    let without = alice
        .send(
            alice
                .request(Method::POST, "/v1/conversations")
                .json(&json!({})),
        )
        .await;
    assert_eq!(without.status, 201, "no key is needed: {without:?}");
}

#[tokio::test]
async fn a_tool_call_is_made_once_per_key() {
    let (app, alice) = super::clerk().await;
    let path = "/v1/tools/fake/thing_list/calls";
    let body = json!({"arguments": {"name": "a"}});
    let first = post(&alice, path, "k", &body).await.expect("first", 202);
    let turn = first.body["turn_id"].as_str().unwrap().to_owned();
    let again = post(&alice, path, "k", &body).await.expect("again", 202);
    assert_eq!(again.body, first.body);
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(app.tools.seen().len(), 1);
    for (path, body) in [
        (path, json!({"arguments": {"name": "b"}})),
        ("/v1/tools/fake/thing_create/calls", body.clone()),
    ] {
        let reused = post(&alice, path, "k", &body).await;
        reused.assert_problem(path, 422, "idempotency_key_reused");
    }
    // A key is its owner's.
    let bob = app.person("bob").await;
    let bobs = post(&bob, path, "k", &body).await.expect("bob's", 202);
    assert_ne!(bobs.body["turn_id"], first.body["turn_id"]);
}
