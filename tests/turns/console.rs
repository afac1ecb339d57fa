//! Tool calls without a model: the same policy, queue, approval and audit.

use azimuth_tests::person::Person;
use azimuth_tests::script::Script;
use azimuth_tests::tools::Behaviour;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, names, outcomes, product};

async fn call(person: &Person, tool: &str, arguments: Value, states: &[&str]) -> Value {
    let path = format!("/v1/tools/fake/{tool}/calls");
    let accepted = person.post(&path, json!({"arguments": arguments})).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    person
        .wait_for(&accepted.text("turn_id"), states, PATIENCE)
        .await
}

#[tokio::test]
async fn a_read_runs_at_once_and_ends_with_its_result() {
    let model = Script::clerk();
    let (app, alice) = product(model.clone()).await;
    app.tools
        .will("thing_list", [Behaviour::Says(json!({"n": 1}))]);
    let turn = call(&alice, "thing_list", json!({"name": "a"}), &["done"]).await;
    assert_eq!(
        (&turn["kind"], &turn["model"]),
        (&json!("console"), &json!("none"))
    );
    assert_eq!(outcomes(&turn), ["ok"]);
    assert_eq!(turn["calls"][0]["preview"], "{\"n\":1}");
    assert!(model.asked().is_empty(), "no model takes part");
    let id = turn["id"].as_str().unwrap();
    let events = alice.events(id, 0).await.all().await;
    assert_eq!(
        names(&events),
        [
            "turn_started",
            "tool_call_requested",
            "tool_call_started",
            "tool_call_finished",
            "turn_completed"
        ]
    );
    // Its conversation is hidden.
    let conversation = turn["conversation_id"].as_str().unwrap();
    assert_eq!(
        alice.get("/v1/conversations").await.body["items"],
        json!([])
    );
    for path in ["", "/messages", "/export"] {
        let path = format!("/v1/conversations/{conversation}{path}");
        assert_eq!(alice.get(&path).await.status, 404, "{path}");
    }
    let audit = alice.get(&format!("/v1/audit?turn_id={id}")).await;
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_change_waits_for_its_yes() {
    let (app, alice) = product(Script::clerk()).await;
    for (decision, outcome, calls) in [("deny", "denied", 0), ("approve", "ok", 1)] {
        let turn = call(&alice, "thing_create", json!({"name": "a"}), &["waiting"]).await;
        let (approval, digest) = approval(&turn);
        assert_eq!(alice.decide(&approval, &digest, decision).await.status, 200);
        let ended = alice
            .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
            .await;
        assert_eq!(
            (outcomes(&ended), app.tools.seen().len()),
            (vec![outcome], calls)
        );
    }
}

#[tokio::test]
async fn policy_says_no_here_too() {
    let (app, alice) = product(Script::clerk()).await;
    let tenant = app.user("eve").tid;
    let turn = call(&alice, "thing_list", json!({"tenant": tenant}), &["done"]).await;
    assert_eq!(outcomes(&turn), ["denied"]);
    let bob = app.person("bob").await;
    for tool in ["thing_create", "thing_delete", "odd_thing", "nothing"] {
        let path = format!("/v1/tools/fake/{tool}/calls");
        let refused = bob.post(&path, json!({"arguments": {}})).await;
        assert_eq!(
            (refused.status, refused.text("code").as_str()),
            (404, "not_found"),
            "{tool}"
        );
    }
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn it_waits_for_a_sign_in() {
    let (app, alice) = product(Script::clerk()).await;
    app.set_grant("alice", "revoked").await;
    let turn = call(&alice, "thing_list", json!({}), &["waiting"]).await;
    assert_eq!(turn["waiting_for"]["for"], "azure_sign_in");
    assert!(app.tools.seen().is_empty());
    app.set_grant("alice", "ok").await;
    let signed = alice
        .send(alice.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    assert_eq!(signed.body, json!({"resumed_turns": 1}));
    let ended = alice
        .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
        .await;
    assert_eq!(outcomes(&ended), ["ok"]);
}

#[tokio::test]
async fn a_change_waits_for_the_sign_in_and_then_for_its_yes() {
    let (app, alice) = product(Script::clerk()).await;
    app.set_grant("alice", "revoked").await;
    let turn = call(&alice, "thing_create", json!({"name": "a"}), &["waiting"]).await;
    assert_eq!(turn["waiting_for"]["for"], "azure_sign_in");
    let (early, digest) = approval(&turn);
    let refused = alice.decide(&early, &digest, "approve").await;
    assert_eq!(
        (refused.status, refused.text("code").as_str()),
        (409, "azure_sign_in_needed")
    );
    app.set_grant("alice", "ok").await;
    alice
        .send(alice.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    let id = turn["id"].as_str().unwrap();
    let turn = alice.wait_for(id, &["waiting"], PATIENCE).await;
    assert_eq!(turn["waiting_for"]["for"], "approval");
    assert!(app.tools.seen().is_empty());
    let (approval, digest) = approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    assert_eq!(
        outcomes(&alice.wait_for(id, &["done"], PATIENCE).await),
        ["ok"]
    );
}
