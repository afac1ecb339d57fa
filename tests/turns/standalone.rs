//! Without a Functions host the process reads the queues itself, and leaves in order.

use std::sync::Arc;
use std::time::Duration;

use azimuth_app::standalone::{Pace, Standalone};
use azimuth_app::triggers::QueueFunction;
use azimuth_domain::audit::AuditKind;
use azimuth_domain::work::TOOL_CALLS_QUEUE;
use azimuth_ports::queue::WorkQueue;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::script::Script;
use azimuth_tests::tools::Behaviour;
use azimuth_tests::waiting::until;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{PATIENCE, approval, ask_until, outcomes};

const QUICK: Duration = Duration::from_millis(10);

/// So long that nothing of it ends a test.
const NEVER: Duration = Duration::from_hours(1);

fn pace() -> Pace {
    Pace {
        poll_min: Duration::from_millis(1),
        poll_max: QUICK,
        retry_after: QUICK,
        handed_back_for: QUICK,
        grace: NEVER,
        ..Pace::default()
    }
}

/// A product whose queues nobody reads yet.
async fn shop() -> (TestApp, Person) {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    (app, alice)
}

/// Somebody who reads them.
struct Reader {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Reader {
    fn of(app: &TestApp, pace: Pace) -> Self {
        let queue: Arc<dyn WorkQueue> = app.queue.clone();
        let stop = CancellationToken::new();
        let standalone = Standalone::new(
            Arc::clone(&app.engine),
            queue,
            Arc::clone(&app.audit_signer),
            pace,
        );
        Self {
            task: tokio::spawn(standalone.run(stop.clone())),
            stop,
        }
    }

    async fn ended(self) {
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("it ends")
            .expect("in order");
    }
}

/// Asks for a read whose tool waits at the gate, and returns when it is there.
async fn held(app: &TestApp, alice: &Person) -> (String, Gate) {
    let gate = Gate::default();
    app.tools
        .will("thing_list", [Behaviour::Held(gate.clone())]);
    let turn = alice.ask(&alice.converse().await, "list a").await;
    until("the call is at the tool's door", || async {
        (app.tools.held() > 0).then_some(())
    })
    .await;
    (turn, gate)
}

#[tokio::test]
async fn a_change_goes_its_whole_way() {
    let (app, alice) = shop().await;
    let reader = Reader::of(&app, pace());
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (id, digest) = approval(&turn);
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let ended = alice
        .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
        .await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 1);
    until("the call's message is gone", || async {
        (app.queue.depth(TOOL_CALLS_QUEUE).await.unwrap() == 0).then_some(())
    })
    .await;
    reader.stop.cancel();
    reader.ended().await;
}

#[tokio::test]
async fn asked_to_stop_it_finishes_what_it_has_and_takes_nothing_new() {
    let (app, alice) = shop().await;
    let reader = Reader::of(&app, pace());
    let (turn, gate) = held(&app, &alice).await;
    reader.stop.cancel();
    let later = alice.ask(&alice.converse().await, "list b").await;
    until("the second call is queued", || async {
        let turn = alice.get(&format!("/v1/turns/{later}")).await.body;
        (turn["calls"][0]["state"] == "queued").then_some(())
    })
    .await;
    assert!(!reader.task.is_finished(), "a call still runs");
    gate.open();
    reader.ended().await;
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 1, "only the first");
    assert!(app.queue.depth(TOOL_CALLS_QUEUE).await.unwrap() > 0);
    // Somebody else takes it up.
    let other = Reader::of(&app, pace());
    alice.wait_for(&later, &["done"], PATIENCE).await;
    other.stop.cancel();
    other.ended().await;
}

#[tokio::test]
async fn what_takes_too_long_is_handed_back() {
    let (app, alice) = shop().await;
    let impatient = Pace {
        grace: QUICK,
        ..pace()
    };
    let reader = Reader::of(&app, impatient);
    let (turn, gate) = held(&app, &alice).await;
    reader.stop.cancel();
    reader.ended().await;
    assert_eq!(
        alice.get(&format!("/v1/turns/{turn}")).await.body["calls"][0]["state"],
        "started"
    );
    // The lease ends, and whoever gets the message begins anew.
    app.clock.advance(Duration::from_secs(21));
    gate.open();
    let other = Reader::of(&app, pace());
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(ended["calls"][0]["attempt"], 2);
    other.stop.cancel();
    other.ended().await;
}

#[tokio::test]
async fn what_fails_too_often_is_ended() {
    let (app, alice) = shop().await;
    // Nothing runs without an open, so the message comes back until it is poisoned.
    app.audit.refuse(|entry| entry.kind == AuditKind::Open);
    let reader = Reader::of(&app, pace());
    let turn = alice.ask(&alice.converse().await, "list a").await;
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["not_run"]);
    until("no message is left", || async {
        let mut left = app.queue.depth(TOOL_CALLS_QUEUE).await.unwrap();
        left += app.queue.depth("tool-calls-poison").await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    reader.stop.cancel();
    reader.ended().await;
}

#[tokio::test]
async fn garbage_is_taken_out() {
    let (app, alice) = shop().await;
    for queue in QueueFunction::ALL.map(QueueFunction::queue) {
        for garbage in ["x", "{", "null", r#"{"v":1}"#] {
            app.queue
                .enqueue(queue, garbage, Duration::ZERO)
                .await
                .unwrap();
        }
    }
    let reader = Reader::of(&app, pace());
    for queue in QueueFunction::ALL.map(QueueFunction::queue) {
        until("the queue is empty", || async {
            (app.queue.depth(queue).await.unwrap() == 0).then_some(())
        })
        .await;
    }
    ask_until(&alice, "list a", &["done"]).await;
    reader.stop.cancel();
    reader.ended().await;
}
