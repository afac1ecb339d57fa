//! A store that comes and goes costs no claim of the model: who holds one waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azimuth_domain::work::WorkItem;
use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, say};
use azimuth_tests::sse::text_of;
use azimuth_tests::waiting::until;
use serde_json::Value;

use super::{names, product, turn_id};

/// More often than a turn's step may be claimed.
const OFTEN: usize = 5;

/// Refuses `operation` the first `OFTEN` times.
fn refuse(app: &TestApp, operation: &'static str) {
    let left = AtomicUsize::new(OFTEN);
    app.watched_store.refuse(move |asked| {
        asked == operation
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                })
                .is_ok()
    });
}

/// Ends the lease of whoever left the turn, and lets the watchdog look, until the
/// turn is over.
async fn ended(app: &TestApp, person: &Person, turn: &str) -> Value {
    let item = WorkItem::watchdog(&app.user("alice").tid, &turn_id(turn), 0);
    until("the turn ends", || async {
        let found = person.get(&format!("/v1/turns/{turn}")).await.body;
        if ["done", "failed"].contains(&found["status"].as_str().unwrap()) {
            return Some(found);
        }
        // Nobody drives it any more.
        if tokio::time::timeout(Duration::from_millis(1), app.engine.idle())
            .await
            .is_ok()
        {
            app.clock.advance(Duration::from_secs(21));
            assert_eq!(app.trigger("advance-turn", &item, 1).await, 200);
        }
        None
    })
    .await
}

async fn survives(operation: &'static str) {
    let model = Script::in_steps([vec![say("Whole.")]]);
    let (app, alice) = product(model.clone()).await;
    let conversation = alice.converse().await;
    refuse(&app, operation);
    let turn = alice.ask(&conversation, "hi").await;
    let ended = ended(&app, &alice, &turn).await;
    assert_eq!(ended["status"], "done", "{operation}: {ended}");
    let events = alice.events(&turn, 0).await.all().await;
    assert!(
        !names(&events).contains(&"model_restarted"),
        "{operation}: {:?}",
        names(&events)
    );
    assert_eq!(text_of(&events), "Whole.");
    assert_eq!(model.asked().len(), 1, "{operation}");
}

#[tokio::test]
async fn a_history_that_cannot_be_read_for_a_while_costs_no_claim() {
    survives("message").await;
}

#[tokio::test]
async fn text_that_cannot_be_logged_for_a_while_costs_no_claim() {
    survives("append_event").await;
}
