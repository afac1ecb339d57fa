//! What administrators settle about a tool counts when it is called.

use std::time::Duration;

use azimuth_domain::work::{TOOL_CALLS_QUEUE, WorkItem};
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Script, call};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, call_id, outcomes, product};
use crate::api::settle_tool;

async fn accept(dave: &Person, tool: &str, hash: &str, effect: &str) {
    let accepted = json!({"hash": hash, "effect": effect, "secret": false});
    let body = json!({"accepted": accepted, "switched_off": false, "reason": "read it"});
    let reply = settle_tool(dave, tool, "*", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

async fn switch(dave: &Person, tool: &str, off: bool) {
    let body = json!({"switched_off": off, "reason": "a test"});
    let reply = settle_tool(dave, tool, "*", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

fn note(turn: &Value) -> &str {
    turn["calls"][0]["note"].as_str().unwrap_or_default()
}

/// Calls a tool without a model.
async fn call_it(person: &Person, tool: &str, key: &str) -> Reply {
    let path = format!("/v1/tools/fake/{tool}/calls");
    let request = person.request(Method::POST, &path);
    let request = request.header("idempotency-key", key);
    Reply::to(request.json(&json!({"arguments": {}}))).await
}

#[tokio::test]
async fn a_tool_runs_where_it_was_accepted_and_as_long_as_it_is_that() {
    let look = Script::in_steps([vec![call("c", "thing_look", &json!({}))]]);
    let (app, alice) = product(look).await;
    let [dave, eve] = [app.person("dave").await, app.person("eve").await];
    let hash = app.tools.offer("thing_look", "Look at a thing.");
    for person in [&alice, &eve] {
        let turn = ask_until(person, "look", &["done"]).await;
        assert!(note(&turn).contains("no tool named"), "{turn}");
    }
    accept(&dave, "thing_look", &hash, "read_only").await;
    let turn = ask_until(&alice, "look", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"], "{turn}");
    assert_eq!(app.tools.seen().len(), 1);
    let turn = ask_until(&eve, "look", &["done"]).await;
    assert!(note(&turn).contains("no tool named"), "{turn}");
    let refused = call_it(&eve, "thing_look", "eve").await;
    refused.assert_problem("eve", 404, "not_found");

    app.tools.offer("thing_look", "Look at a thing and wink.");
    let turn = ask_until(&alice, "look", &["done"]).await;
    assert_eq!(outcomes(&turn), ["denied"], "{turn}");
    assert_eq!(note(&turn), "This tool is not enabled here.");
    app.tools.offer("thing_look", "Look at a thing.");
    let turn = ask_until(&alice, "look", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"], "{turn}");
    assert_eq!(app.tools.seen().len(), 2);
}

#[tokio::test]
async fn what_is_accepted_as_more_dangerous_asks_for_more() {
    let (app, alice) = product(Script::clerk()).await;
    let dave = app.person("dave").await;
    let hash = app
        .tools
        .offer("thing_list", "List things, and count that.");
    accept(&dave, "thing_list", &hash, "mutating").await;
    let turn = ask_until(&alice, "list", &["waiting"]).await;
    let (id, digest) = approval(&turn);
    // What was approved as a change is not a removal.
    accept(&dave, "thing_list", &hash, "destructive").await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let id = turn["id"].as_str().unwrap();
    let ended = alice.wait_for(id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied"], "{ended}");
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn a_tool_that_is_switched_off_is_denied_in_words_of_its_own() {
    let (app, alice) = product(Script::clerk()).await;
    let dave = app.person("dave").await;
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    switch(&dave, "thing_create", true).await;
    switch(&dave, "thing_list", true).await;
    let off = "An administrator has switched this tool off.";
    let (id, digest) = approval(&waiting);
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let id = waiting["id"].as_str().unwrap();
    let ended = alice.wait_for(id, &["done"], PATIENCE).await;
    assert_eq!((outcomes(&ended), note(&ended)), (vec!["denied"], off));
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!((outcomes(&turn), note(&turn)), (vec!["denied"], off));
    let reply = call_it(&alice, "thing_list", "one").await;
    let turn = alice
        .wait_for(reply.body["turn_id"].as_str().unwrap(), &["done"], PATIENCE)
        .await;
    assert_eq!((outcomes(&turn), note(&turn)), (vec!["denied"], off));
    assert!(app.tools.seen().is_empty());
    assert!(app.drain(TOOL_CALLS_QUEUE).await.is_empty());
    switch(&dave, "thing_list", false).await;
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"]);
}

#[tokio::test]
async fn a_queued_call_is_denied_by_every_process_within_15_seconds() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let [alice, dave] = [app.person("alice").await, app.person("dave").await];
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.engine.idle().await;
    let id = turn["id"].as_str().unwrap().to_owned();
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    // The executor's process has looked just now.
    let other = app.beside(AppShape::undelivered(Script::clerk())).await;
    assert_eq!(alice.at(&other.api).get("/v1/tools").await.status, 200);
    switch(&dave, "thing_list", true).await;
    app.clock.advance(Duration::from_secs(15));
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    assert_eq!(other.trigger("execute-tool", &item, 1).await, 200);
    let ended = alice.wait_for(&id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied"]);
    assert!(app.tools.seen().is_empty());
}
