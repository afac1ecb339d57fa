//! Without the asker's own sign-in to Azure nothing runs, and nothing is lost.

use std::time::Duration;

use azimuth_domain::work::WorkItem;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::identity::OTHER_TENANT;
use azimuth_tests::person::Person;
use azimuth_tests::script::Script;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, call_id, names, outcomes, product};

const MINUTE: Duration = Duration::from_mins(1);

async fn sign_in(person: &Person) -> Value {
    let signed = person
        .send(person.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    assert_eq!(signed.status, 200, "{signed:?}");
    signed.body
}

fn id(turn: &Value) -> &str {
    turn["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_turn_whose_exchange_was_refused_waits_and_goes_on() {
    let model = Script::clerk();
    let (app, alice) = product(model.clone()).await;
    app.set_grant("alice", "revoked").await;
    let waiting = ask_until(&alice, "list", &["waiting"]).await;
    assert_eq!(waiting["waiting_for"]["for"], "azure_sign_in");
    assert_eq!(alice.get("/v1/me").await.body["azure_sign_in"], "needed");
    let refused = alice
        .send(alice.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    assert_eq!(
        (refused.status, refused.text("code").as_str()),
        (403, "azure_grant_refused")
    );
    assert!(model.asked().is_empty() && app.tools.seen().is_empty());

    app.set_grant("alice", "ok").await;
    assert_eq!(sign_in(&alice).await, json!({"resumed_turns": 1}));
    let ended = alice.wait_for(id(&waiting), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    let events = alice.events(id(&waiting), 0).await.all().await;
    assert_eq!(
        names(&events)[..4],
        [
            "turn_started",
            "turn_waiting",
            "turn_resumed",
            "model_started"
        ]
    );
    assert_eq!(sign_in(&alice).await, json!({"resumed_turns": 0}));
}

#[tokio::test]
async fn somebody_elses_sign_in_changes_nothing() {
    let (app, alice) = product(Script::clerk()).await;
    let bob = app.person("bob").await;
    app.set_grant("alice", "revoked").await;
    let waiting = ask_until(&alice, "list", &["waiting"]).await;
    assert_eq!(sign_in(&bob).await, json!({"resumed_turns": 0}));
    ask_until(&bob, "list", &["done"]).await;
    assert_eq!(app.sweep().await, 200);
    let still = alice.get(&format!("/v1/turns/{}", id(&waiting))).await;
    assert_eq!(still.text("status"), "waiting");
    let oids: Vec<String> = app.tools.seen().into_iter().map(|seen| seen.oid).collect();
    assert_eq!(oids, [app.user("bob").oid], "never under another identity");
}

/// A turn that was accepted with a token that has a quarter of an hour left.
async fn accepted_late(app: &TestApp, alice: &Person, order: &str, states: &[&str]) -> Value {
    sign_in(alice).await;
    app.clock.advance(60 * MINUTE);
    ask_until(alice, order, states).await
}

#[tokio::test]
async fn an_approved_call_whose_grant_is_gone_waits_and_keeps_its_approval() {
    let (app, alice) = product(Script::clerk()).await;
    let turn = accepted_late(&app, &alice, "create a", &["waiting"]).await;
    app.set_grant("alice", "revoked").await;
    app.clock.advance(20 * MINUTE);
    let (approval, digest) = approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    let parked = parked(&alice, &turn).await;
    assert_eq!(parked["waiting_for"]["for"], "azure_sign_in");
    assert_eq!(parked["calls"][0]["attempt"], 0, "no attempt is spent");
    let records = alice
        .get(&format!("/v1/audit?kind=open&turn_id={}", id(&turn)))
        .await;
    assert_eq!(records.body["items"], json!([]), "no open is written");
    assert!(app.tools.seen().is_empty());

    app.set_grant("alice", "ok").await;
    assert_eq!(sign_in(&alice).await, json!({"resumed_turns": 1}));
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 1);
}

/// The turn once its call waits for the sign-in.
async fn parked(person: &Person, turn: &Value) -> Value {
    let path = format!("/v1/turns/{}", id(turn));
    azimuth_tests::waiting::until("the call waits for a sign-in", || async {
        let found = person.get(&path).await.body;
        (found["calls"][0]["state"] == "awaiting_sign_in").then_some(found)
    })
    .await
}

#[tokio::test]
async fn a_queued_read_whose_grant_is_gone_waits_too() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = accepted_late(&app, &alice, "list", &["running"]).await;
    app.engine.idle().await;
    let turn = alice.get(&format!("/v1/turns/{}", id(&turn))).await.body;
    app.set_grant("alice", "revoked").await;
    app.clock.advance(16 * MINUTE);
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    for _ in 0..3 {
        assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
        assert_eq!(
            parked(&alice, &turn).await["waiting_for"]["for"],
            "azure_sign_in"
        );
    }
    assert!(app.tools.seen().is_empty());
    app.set_grant("alice", "ok").await;
    sign_in(&alice).await;
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
}

#[tokio::test]
async fn a_wait_for_a_sign_in_ends_after_an_hour() {
    let (app, alice) = product(Script::clerk()).await;
    app.set_grant("alice", "revoked").await;
    let waiting = ask_until(&alice, "list", &["waiting"]).await;
    app.clock.advance(Duration::from_secs(3595));
    assert_eq!(app.sweep().await, 200);
    assert_eq!(
        alice
            .get(&format!("/v1/turns/{}", id(&waiting)))
            .await
            .text("status"),
        "waiting"
    );
    app.clock.advance(Duration::from_secs(6));
    assert_eq!(app.sweep().await, 200);
    let failed = alice.wait_for(id(&waiting), &["failed"], PATIENCE).await;
    assert_eq!(failed["error"]["code"], "sign_in");
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn a_calls_wait_for_a_sign_in_ends_after_an_hour() {
    let (app, alice) = product(Script::clerk()).await;
    let turn = accepted_late(&app, &alice, "create a", &["waiting"]).await;
    app.set_grant("alice", "revoked").await;
    app.clock.advance(20 * MINUTE);
    let (approval, digest) = approval(&turn);
    alice.decide(&approval, &digest, "approve").await;
    parked(&alice, &turn).await;
    app.clock.advance(61 * MINUTE);
    assert_eq!(app.sweep().await, 200);
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["not_run"]);
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn a_grant_that_came_before_the_deadline_counts_after_it() {
    let (app, alice) = product(Script::clerk()).await;
    app.set_grant("alice", "revoked").await;
    let waiting = ask_until(&alice, "list", &["waiting"]).await;
    app.set_grant("alice", "ok").await;
    // Another turn's acceptance brings the grant; nobody has told the first one.
    ask_until(&alice, "hello", &["done"]).await;
    app.clock.advance(61 * MINUTE);
    assert_eq!(app.sweep().await, 200);
    let ended = alice.wait_for(id(&waiting), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
}

#[tokio::test]
async fn somebody_of_another_issuer_asks_and_what_needs_azure_is_denied_in_words_of_its_own() {
    let app = TestApp::start(AppShape {
        other_issuer: true,
        ..AppShape::with(Script::clerk())
    })
    .await;
    let eve = app.person("eve").await;
    let me = eve.get("/v1/me").await;
    assert_eq!(me.status, 200, "{me:?}");
    assert_eq!(me.body["tid"], OTHER_TENANT);
    assert_ne!(me.body["oid"], app.user("eve").oid.as_str());
    assert_eq!(me.body["azure_sign_in"], "not_offered");
    let refused = eve
        .send(eve.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    assert_eq!(
        (refused.status, refused.text("code").as_str()),
        (409, "azure_not_offered")
    );
    // It neither waits for a sign-in that there cannot be, nor fails.
    let ended = ask_until(&eve, "list", &["done", "waiting", "failed"]).await;
    assert_eq!(ended["status"], "done", "{ended}");
    assert_eq!(outcomes(&ended), ["denied"]);
    assert!(
        ended.to_string().contains("gives no access to Azure"),
        "{ended}"
    );
    assert!(app.tools.seen().is_empty());
    let alice = app.person("alice").await;
    let ended = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&ended), ["ok"]);
}
