//! Stopping a turn: while the model speaks, while a tool runs, while people are
//! awaited.

use std::sync::Arc;
use std::time::Instant;

use azimuth_tests::gate::Gate;
use azimuth_tests::person::{Answer, Person};
use azimuth_tests::script::{Line, Script, call, say};
use azimuth_tests::tools::Behaviour;
use azimuth_tests::waiting::until;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{PATIENCE, approval, ask_until, names, outcomes, product};

async fn cancel(person: &Person, turn: &Value) -> Answer {
    let id = turn["id"].as_str().unwrap();
    let path = format!("/v1/turns/{id}/cancel");
    person.send(person.request(Method::POST, &path)).await
}

#[tokio::test]
async fn while_the_model_speaks() {
    let gate = Gate::default();
    let model = Script::in_steps([vec![
        say("Hel"),
        Line::Wait(gate.clone()),
        call("a", "thing_list", &json!({})),
    ]]);
    let (app, alice) = product(model.clone()).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "hi").await;
    model.wait_for_questions(1).await;
    let began = Instant::now();
    let path = format!("/v1/turns/{turn}/cancel");
    let cancelled = alice.send(alice.request(Method::POST, &path)).await;
    assert_eq!(
        (cancelled.status, cancelled.text("status").as_str()),
        (200, "cancelled")
    );
    model.wait_for_silence().await;
    assert!(
        began.elapsed().as_millis() < 1000,
        "the model call ends within a second"
    );
    gate.open();
    app.engine.idle().await;
    let events = alice.events(&turn, 0).await.all().await;
    assert_eq!(names(&events).last(), Some(&"turn_cancelled"));
    assert!(app.tools.seen().is_empty());
    // Again changes nothing; and the conversation is free.
    let again = alice.send(alice.request(Method::POST, &path)).await;
    assert_eq!(
        (again.status, again.text("status").as_str()),
        (200, "cancelled")
    );
    alice.ask(&conversation, "next").await;
}

#[tokio::test]
async fn while_a_read_runs_it_is_torn_off() {
    let never = Arc::new(Notify::new());
    let (app, alice) = product(Script::clerk()).await;
    app.tools
        .will("thing_list", [Behaviour::Gated(never, json!({}))]);
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.tools.wait_for_calls(1).await;
    let answer = cancel(&alice, &turn).await;
    assert_eq!(
        (answer.status, answer.text("status").as_str()),
        (200, "cancelling")
    );
    let ended = alice
        .wait_for(turn["id"].as_str().unwrap(), &["cancelled"], PATIENCE)
        .await;
    assert_eq!(outcomes(&ended), ["error"]);
}

#[tokio::test]
async fn while_a_change_runs_its_end_is_awaited_and_nothing_later_runs() {
    let gate = Arc::new(Notify::new());
    let (app, alice) = product(Script::in_steps([vec![
        call("a", "thing_create", &json!({"name": "a"})),
        call("b", "thing_create", &json!({"name": "b"})),
    ]]))
    .await;
    app.tools.will(
        "thing_create",
        [Behaviour::Gated(gate.clone(), json!({"made": "a"}))],
    );
    let waiting = ask_until(&alice, "create", &["waiting"]).await;
    let (first, digest) = approval(&waiting);
    assert_eq!(alice.decide(&first, &digest, "approve").await.status, 200);
    app.tools.wait_for_calls(1).await;
    let answer = cancel(&alice, &waiting).await;
    assert_eq!(answer.text("status"), "cancelling");
    let second = &answer.body["calls"][1];
    assert_eq!(second["outcome"], "cancelled");
    let late = alice
        .decide(
            second["approval"]["approval_id"].as_str().unwrap(),
            second["approval"]["digest"].as_str().unwrap(),
            "approve",
        )
        .await;
    assert_eq!(
        (late.status, late.text("code").as_str()),
        (409, "approval_cancelled")
    );
    gate.notify_one();
    let ended = alice
        .wait_for(waiting["id"].as_str().unwrap(), &["cancelled"], PATIENCE)
        .await;
    assert_eq!(
        outcomes(&ended),
        ["ok", "cancelled"],
        "what has happened is told"
    );
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn before_a_change_has_begun_it_never_begins() {
    let gate = Gate::default();
    let (app, alice) = product(Script::clerk()).await;
    app.tools
        .will("thing_create", [Behaviour::Held(gate.clone())]);
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    let (id, digest) = approval(&waiting);
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    until("the call is on its way to the tool", || async {
        (app.tools.held() == 1).then_some(())
    })
    .await;
    cancel(&alice, &waiting).await;
    let turn = waiting["id"].as_str().unwrap();
    let ended = alice.wait_for(turn, &["cancelled"], PATIENCE).await;
    gate.open();
    app.engine.idle().await;
    assert!(app.tools.seen().is_empty(), "{ended}");
    assert_ne!(outcomes(&ended), ["ok"]);
}

#[tokio::test]
async fn while_an_approval_is_awaited() {
    let (app, alice) = product(Script::clerk()).await;
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    let (id, digest) = approval(&waiting);
    let answer = cancel(&alice, &waiting).await;
    assert_eq!(
        (answer.status, answer.text("status").as_str()),
        (200, "cancelled")
    );
    assert_eq!(outcomes(&answer.body), ["cancelled"]);
    let seen = alice.get(&format!("/v1/approvals/{id}")).await;
    assert_eq!(seen.text("state"), "cancelled");
    let late = alice.decide(&id, &digest, "approve").await;
    assert_eq!(
        (late.status, late.text("code").as_str()),
        (409, "approval_cancelled")
    );
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn while_a_sign_in_is_awaited() {
    let (app, alice) = product(Script::clerk()).await;
    app.set_grant("alice", "revoked").await;
    let waiting = ask_until(&alice, "list", &["waiting"]).await;
    let answer = cancel(&alice, &waiting).await;
    assert_eq!(
        (answer.status, answer.text("status").as_str()),
        (200, "cancelled")
    );
    app.set_grant("alice", "ok").await;
    let signed = alice
        .send(alice.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    assert_eq!(signed.body, json!({"resumed_turns": 0}));
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn deleting_the_conversation_stops_what_runs_in_it() {
    let gate = Gate::default();
    let model = Script::in_steps([vec![
        say("Hel"),
        Line::Wait(gate.clone()),
        call("a", "thing_list", &json!({})),
    ]]);
    let (app, alice) = product(model.clone()).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "hi").await;
    model.wait_for_questions(1).await;
    let path = format!("/v1/conversations/{conversation}");
    let gone = alice.send(alice.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    alice.wait_for(&turn, &["cancelled"], PATIENCE).await;
    model.wait_for_silence().await;
    gate.open();
    app.engine.idle().await;
    assert!(app.tools.seen().is_empty());
    let again = alice
        .post(&format!("{path}/turns"), json!({"text": "more"}))
        .await;
    assert_eq!(again.status, 404, "{again:?}");
    let restore = alice.request(Method::POST, &format!("{path}/restore"));
    assert_eq!(alice.send(restore).await.status, 200);
    alice.ask(&conversation, "hello again").await;
}

#[tokio::test]
async fn deleting_the_conversation_awaits_a_change_that_has_begun() {
    let gate = Arc::new(Notify::new());
    let (app, alice) = product(Script::clerk()).await;
    app.tools.will(
        "thing_create",
        [Behaviour::Gated(gate.clone(), json!({"made": true}))],
    );
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    let (id, digest) = approval(&waiting);
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    app.tools.wait_for_calls(1).await;
    let conversation = waiting["conversation_id"].as_str().unwrap();
    let path = format!("/v1/conversations/{conversation}");
    let gone = alice.send(alice.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    gate.notify_one();
    let turn = waiting["id"].as_str().unwrap();
    let ended = alice.wait_for(turn, &["cancelled"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"], "what has happened is told");
    let records = alice.get(&format!("/v1/audit?turn_id={turn}")).await.body;
    assert_eq!(records["items"][0]["outcome"], "ok");
}

#[tokio::test]
async fn elsewhere_the_model_hears_of_it_too() {
    let gate = Gate::default();
    let model = Script::in_steps([vec![say("Hel"), Line::Wait(gate.clone()), say("lo")]]);
    let (app, alice) = product(model.clone()).await;
    let other = app
        .beside(azimuth_tests::app::AppShape::with(Script::in_steps([])))
        .await;
    let turn = ask_until(&alice, "hi", &["running"]).await;
    model.wait_for_questions(1).await;
    let answer = cancel(&alice.at(&other.api), &turn).await;
    assert_eq!(answer.text("status"), "cancelled");
    until("the other process's model call ends", || async {
        (model.speaking() == 0).then_some(())
    })
    .await;
    gate.open();
}

#[tokio::test]
async fn elsewhere_a_read_is_torn_off_too() {
    let never = Arc::new(Notify::new());
    let (app, alice) = product(Script::clerk()).await;
    app.tools
        .will("thing_list", [Behaviour::Gated(never, json!({}))]);
    let other = app
        .beside(azimuth_tests::app::AppShape::undelivered(Script::in_steps(
            [],
        )))
        .await;
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.tools.wait_for_calls(1).await;
    let answer = cancel(&alice.at(&other.api), &turn).await;
    assert_eq!(answer.text("status"), "cancelling");
    let id = turn["id"].as_str().unwrap();
    let ended = alice.wait_for(id, &["cancelled"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["error"]);
}

#[tokio::test]
async fn a_race_of_cancel_and_end_has_one_winner() {
    let (_app, alice) = product(Script::in_steps([vec![say("Quick.")]])).await;
    for _ in 0..20 {
        let conversation = alice.converse().await;
        let turn = alice.ask(&conversation, "hi").await;
        let path = format!("/v1/turns/{turn}/cancel");
        let answer = alice.send(alice.request(Method::POST, &path)).await;
        let ended = alice
            .wait_for(&turn, &["done", "cancelled"], PATIENCE)
            .await;
        match answer.status {
            200 => assert_eq!(ended["status"], "cancelled"),
            409 => {
                assert_eq!(answer.text("code"), "turn_ended");
                assert_eq!(ended["status"], "done");
            }
            _ => panic!("{answer:?}"),
        }
        let last = alice.events(&turn, 0).await.all().await.pop().unwrap().name;
        let expected = if answer.status == 200 {
            "turn_cancelled"
        } else {
            "turn_completed"
        };
        assert_eq!(last, expected);
    }
}
