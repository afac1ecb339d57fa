//! Workers that stall, lose their lease and come back: what they bring then
//! changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azimuth_domain::work::WorkItem;
use azimuth_tests::app::TestApp;
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Line, Script, say};
use azimuth_tests::sse::text_of;
use azimuth_tests::tools::Behaviour;
use azimuth_tests::waiting::until;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{approval, ask_until, names, outcomes, product, turn_id};

/// Ends every lease, and lets the watchdog look, until the turn is over. A living
/// worker may renew its lease in between; then it is ended again.
async fn taken_over(app: &TestApp, person: &Person, turn: &str) -> Value {
    let item = WorkItem::watchdog(&app.user("alice").tid, &turn_id(turn), 0);
    until("somebody else ends the turn", || async {
        let found = person.get(&format!("/v1/turns/{turn}")).await.body;
        if found["status"] == "done" {
            return Some(found);
        }
        let started = found["calls"]
            .as_array()
            .unwrap()
            .iter()
            .any(|call| call["state"] == "started" && call["attempt"] == 1);
        if started || found["calls"] == json!([]) {
            app.clock.advance(Duration::from_secs(21));
        }
        assert_eq!(app.trigger("advance-turn", &item, 1).await, 200);
        None
    })
    .await
}

async fn closes(person: &Person, turn: &str) -> Vec<(Value, Value)> {
    let path = format!("/v1/audit?kind=close&turn_id={turn}");
    let mut closes: Vec<(Value, Value)> = person.get(&path).await.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["attempt"].clone(), r["outcome"].clone()))
        .collect();
    closes.reverse();
    closes
}

#[tokio::test]
async fn a_driver_that_comes_back_does_not_mix_its_text_in() {
    let gate = Gate::default();
    let (held, asked) = (gate.clone(), AtomicUsize::new(0));
    let model = Script::answering(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => vec![say("Ha"), Line::Wait(held.clone()), say("lf.")],
        _ => vec![say("Whole.")],
    });
    let (app, alice) = product(model.clone()).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "hi").await;
    model.wait_for_questions(1).await;
    taken_over(&app, &alice, &turn).await;
    let before = alice.events(&turn, 0).await.all().await;
    gate.open();
    app.engine.idle().await;
    let after = alice.events(&turn, 0).await.all().await;
    assert_eq!(after, before);
    assert!(names(&after).contains(&"model_restarted"));
    assert_eq!(text_of(&after), "Whole.");
    assert_eq!(alice.said(&conversation, &turn).await, "Whole.");
}

#[tokio::test]
async fn a_change_whose_executor_comes_back_stays_unknown() {
    let gate = Arc::new(Notify::new());
    let (app, alice) = product(Script::clerk()).await;
    let made = json!({"made": true});
    app.tools
        .will("thing_create", [Behaviour::Gated(gate.clone(), made)]);
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval, digest) = approval(&waiting);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    app.tools.wait_for_calls(1).await;
    let turn = waiting["id"].as_str().unwrap();
    let ended = taken_over(&app, &alice, turn).await;
    assert_eq!(outcomes(&ended), ["unknown"]);
    gate.notify_one();
    // The executor is done when its result lies there; the turn does not name it.
    app.engine.idle().await;
    assert_eq!(alice.get(&format!("/v1/turns/{turn}")).await.body, ended);
    assert_eq!(closes(&alice, turn).await, [(json!(1), json!("unknown"))]);
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn a_read_whose_executor_comes_back_is_not_counted_twice() {
    let gate = Arc::new(Notify::new());
    let (app, alice) = product(Script::clerk()).await;
    app.tools.will(
        "thing_list",
        [
            Behaviour::Gated(gate.clone(), json!({"from": "the first"})),
            Behaviour::Says(json!({"from": "the second"})),
        ],
    );
    let turn = alice.ask(&alice.converse().await, "list").await;
    app.tools.wait_for_calls(1).await;
    let ended = taken_over(&app, &alice, &turn).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    let path = format!(
        "/v1/turns/{turn}/calls/{}/result",
        ended["calls"][0]["call_id"].as_str().unwrap()
    );
    let second = json!({"from": "the second"});
    assert_eq!(alice.get(&path).await.body, second);
    gate.notify_one();
    app.engine.idle().await;
    assert_eq!(alice.get(&format!("/v1/turns/{turn}")).await.body, ended);
    assert_eq!(alice.get(&path).await.body, second);
    assert_eq!(
        closes(&alice, &turn).await,
        [(json!(1), json!("unknown")), (json!(2), json!("ok"))]
    );
}

#[tokio::test]
async fn of_two_answers_to_one_step_the_second_is_refused() {
    let gate = Gate::default();
    let (held, asked) = (gate.clone(), AtomicUsize::new(0));
    let list = |name: &str| azimuth_tests::script::call("c", "thing_list", &json!({"name": name}));
    let model = Script::answering(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => vec![Line::Wait(held.clone()), list("late"), list("too late")],
        1 => vec![list("in time")],
        _ => vec![say("Done.")],
    });
    let (app, alice) = product(model.clone()).await;
    let turn = alice.ask(&alice.converse().await, "look").await;
    model.wait_for_questions(1).await;
    let ended = taken_over(&app, &alice, &turn).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    let events = alice.events(&turn, 0).await.all().await;
    gate.open();
    app.engine.idle().await;
    assert_eq!(alice.get(&format!("/v1/turns/{turn}")).await.body, ended);
    assert_eq!(alice.events(&turn, 0).await.all().await, events);
    let ran: Vec<Value> = app
        .tools
        .seen()
        .into_iter()
        .map(|seen| seen.arguments)
        .collect();
    assert_eq!(ran, [json!({"name": "in time"})]);
}
