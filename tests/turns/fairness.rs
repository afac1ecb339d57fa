//! One executor has four slots. Whoever fills it leaves one to the others.

use std::time::{Duration, Instant};

use azimuth_domain::limits::{MAX_CALLS_PER_STEP, MAX_RUNNING_TURNS};
use azimuth_tests::app::TestApp;
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, call, question, say, step_of};
use serde_json::json;

use super::{PATIENCE, outcomes, product};

/// A crowd is asked for with one word and gives as many calls as a step may have.
fn model() -> std::sync::Arc<Script> {
    Script::answering(|request| {
        let count = match question(request) {
            "much" => MAX_CALLS_PER_STEP,
            _ => 1,
        };
        if step_of(request) > 0 {
            return vec![say("Done.")];
        }
        (0..count)
            .map(|n| {
                let name = json!({"name": n.to_string()});
                call(&format!("c{n}"), "thing_list", &name)
            })
            .collect()
    })
}

/// As many turns of alice's as she may have, all their calls asked for.
async fn crowd(alice: &Person) -> Vec<String> {
    let mut turns = Vec::new();
    for _ in 0..MAX_RUNNING_TURNS {
        turns.push(alice.ask(&alice.converse().await, "much").await);
    }
    for turn in &turns {
        azimuth_tests::waiting::until("her calls are asked for", || async {
            let found = alice.get(&format!("/v1/turns/{turn}")).await.body;
            (found["calls"].as_array().unwrap().len() == MAX_CALLS_PER_STEP).then_some(())
        })
        .await;
    }
    turns
}

async fn all_end(alice: &Person, turns: &[String]) {
    for turn in turns {
        let ended = alice.wait_for(turn, &["done"], PATIENCE).await;
        assert_eq!(outcomes(&ended), ["ok"; MAX_CALLS_PER_STEP]);
    }
}

/// How many calls of `oid` the tools saw before the first of somebody else.
fn before_others(app: &TestApp, oid: &str) -> usize {
    app.tools.seen().iter().take_while(|s| s.oid == oid).count()
}

#[tokio::test]
async fn somebody_elses_call_runs_while_all_calls_of_a_crowd_hang() {
    let (app, alice) = product(model()).await;
    let gate = Gate::default();
    let oid = app.user("alice").oid;
    app.tools.hold(&oid, gate.clone());
    let turns = crowd(&alice).await;
    let bob = app.person("bob").await;
    let turn = bob.ask(&bob.converse().await, "little").await;
    let ended = bob.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    let hers = app.tools.seen().iter().filter(|s| s.oid == oid).count();
    assert!(hers < 4, "{hers} of her calls run, and none has ended");
    gate.open();
    all_end(&alice, &turns).await;
    let crowd = MAX_RUNNING_TURNS * MAX_CALLS_PER_STEP;
    assert_eq!(app.tools.seen().len(), crowd + 1, "each runs once");
}

/// At 200 ms a call and three slots, half of hers take two seconds; in the order of
/// their coming his would be after all sixty-four.
#[tokio::test]
async fn somebody_elses_call_does_not_wait_for_a_crowd() {
    let (app, alice) = product(model()).await;
    let oid = app.user("alice").oid;
    app.tools.takes(Duration::from_millis(200));
    let turns = crowd(&alice).await;
    let ninth = alice
        .post(
            &format!("/v1/conversations/{}/turns", alice.converse().await),
            json!({"text": "much"}),
        )
        .await;
    assert_eq!(
        (ninth.status, ninth.text("code").as_str()),
        (429, "too_many_turns")
    );
    assert_eq!(ninth.body["quota"], "running_turns");
    assert!(!ninth.text("title").is_empty());
    let bob = app.person("bob").await;
    let asked = Instant::now();
    let turn = bob.ask(&bob.converse().await, "little").await;
    // From here on his call is one of the queue.
    let hers_before = azimuth_tests::waiting::until("his call is asked for", || async {
        let found = bob.get(&format!("/v1/turns/{turn}")).await.body;
        let is_asked_for = found["calls"] != json!([]);
        is_asked_for.then(|| before_others(&app, &oid))
    })
    .await;
    let ended = bob.wait_for(&turn, &["done"], PATIENCE).await;
    let took = asked.elapsed();
    assert_eq!(outcomes(&ended), ["ok"]);
    let hers = before_others(&app, &oid) - hers_before;
    println!("{hers} calls of the crowd began before his; his turn took {took:?}");
    assert!(hers <= 32, "{hers} of her calls began before his");
    all_end(&alice, &turns).await;
}
