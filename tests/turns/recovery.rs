//! Whatever is lost, every turn ends, and no change happens twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use azimuth_app::triggers::QueueFunction;
use azimuth_app::turn::ChatRequest;
use azimuth_domain::ids::{CallId, ConversationId, TurnId};
use azimuth_domain::principal::{Principal, Role};
use azimuth_domain::work::{TOOL_CALLS_QUEUE, TURNS_QUEUE, WORK_ITEM_VERSION, WorkItem};
use azimuth_embedded::{SqliteQueue, SystemRandom};
use azimuth_ports::clock::Clock;
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::tokens::Secret;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Line, Script, say};
use azimuth_tests::sse::text_of;
use azimuth_tests::tools::Behaviour;
use azimuth_tests::waiting::until;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{PATIENCE, approval, ask_until, call_id, names, outcomes, product, turn_id};

/// Longer than any lease.
const LEASE_AND_MORE: Duration = Duration::from_secs(21);

fn id(turn: &Value) -> &str {
    turn["id"].as_str().unwrap()
}

/// A product beside `app` that dies, with everything that it was doing, when the
/// test says so: it has a runtime of its own.
struct Mortal {
    api: String,
    runtime: tokio::runtime::Runtime,
}

impl Mortal {
    async fn beside(app: Arc<TestApp>, shape: AppShape) -> Self {
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            let product = runtime.block_on(app.beside(shape));
            let api = product.api.clone();
            // It lives in its runtime until that ends.
            runtime.spawn(async move {
                let _product = product;
                std::future::pending::<()>().await;
            });
            Self { api, runtime }
        })
        .await
        .unwrap()
    }

    fn dies(self) {
        self.runtime.shutdown_background();
    }
}

async fn watchdog(app: &TestApp, turn: &str, number: u64) -> u16 {
    let item = WorkItem::watchdog(&app.user("alice").tid, &turn_id(turn), number);
    app.trigger("advance-turn", &item, 1).await
}

/// Delivers what lies in both queues, until the turn has ended.
async fn deliver_until_ended(app: &TestApp, person: &Person, turn: &str) -> Value {
    until("the turn ends", || async {
        for (queue, function) in [
            (TOOL_CALLS_QUEUE, "execute-tool"),
            (TURNS_QUEUE, "advance-turn"),
        ] {
            for item in app.drain(queue).await {
                assert_eq!(app.trigger(function, &item, 1).await, 200);
            }
        }
        let found = person.get(&format!("/v1/turns/{turn}")).await.body;
        ["done", "failed", "cancelled"]
            .contains(&found["status"].as_str().unwrap())
            .then_some(found)
    })
    .await
}

#[tokio::test]
async fn a_turn_whose_driver_died_is_driven_again_by_its_watchdog() {
    let app = Arc::new(
        TestApp::start(AppShape::undelivered(Script::in_steps([vec![say(
            "Whole.",
        )]])))
        .await,
    );
    let half = Script::in_steps([vec![say("Ha"), Line::Wait(Gate::default())]]);
    let mortal = Mortal::beside(app.clone(), AppShape::undelivered(half.clone())).await;
    let alice = app.person("alice").await;
    let conversation = alice.converse().await;
    let turn = alice.at(&mortal.api).ask(&conversation, "hi").await;
    until("half of it is written", || async {
        let path = format!("/v1/turns/{turn}/events?after=0");
        let request = alice
            .request(reqwest::Method::GET, &path)
            .header("accept", "application/json");
        let page = alice.send(request).await.body;
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["type"] == "text_delta")
            .then_some(())
    })
    .await;
    mortal.dies();
    // While the lease lives, nobody takes over.
    assert_eq!(watchdog(&app, &turn, 0).await, 200);
    assert_eq!(
        alice.get(&format!("/v1/turns/{turn}")).await.text("status"),
        "running"
    );
    app.clock.advance(LEASE_AND_MORE);
    assert_eq!(watchdog(&app, &turn, 1).await, 200);
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    let events = alice.events(&turn, 0).await.all().await;
    assert!(
        names(&events).contains(&"model_restarted"),
        "{:?}",
        names(&events)
    );
    assert_eq!(text_of(&events), "Whole.");
    assert_eq!(alice.said(&conversation, &turn).await, "Whole.");
}

/// An order whose tool hangs in a product that then dies.
async fn lost_call(order: &str, tool: &str) -> (Arc<TestApp>, Person, Value) {
    let app = Arc::new(TestApp::start(AppShape::undelivered(Script::clerk())).await);
    app.tools
        .will(tool, [Behaviour::Gated(Arc::new(Notify::new()), json!({}))]);
    let mortal = Mortal::beside(app.clone(), AppShape::with(Script::clerk())).await;
    let alice = app.person("alice").await;
    let there = alice.at(&mortal.api);
    let reads = tool == "thing_list";
    let turn = ask_until(&there, order, &[if reads { "running" } else { "waiting" }]).await;
    if !reads {
        let (approval, digest) = approval(&turn);
        assert_eq!(
            there.decide(&approval, &digest, "approve").await.status,
            200
        );
    }
    app.tools.wait_for_calls(1).await;
    mortal.dies();
    app.clock.advance(LEASE_AND_MORE);
    (app, alice, turn)
}

#[tokio::test]
async fn a_read_whose_executor_died_runs_again() {
    let (app, alice, turn) = lost_call("list", "thing_list").await;
    assert_eq!(watchdog(&app, id(&turn), 5).await, 200);
    let ended = deliver_until_ended(&app, &alice, id(&turn)).await;
    assert_eq!(
        (&ended["status"], outcomes(&ended)),
        (&json!("done"), vec!["ok"])
    );
    assert_eq!(ended["calls"][0]["attempt"], 2);
    assert_eq!(app.tools.seen().len(), 2);
    let closes = alice
        .get(&format!("/v1/audit?kind=close&turn_id={}", id(&turn)))
        .await
        .body;
    let closes: Vec<(&Value, &Value)> = closes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["attempt"], &r["outcome"]))
        .collect();
    assert_eq!(
        closes,
        [(&json!(2), &json!("ok")), (&json!(1), &json!("unknown"))]
    );
}

#[tokio::test]
async fn a_change_whose_executor_died_is_unknown_and_never_repeated() {
    let (app, alice, turn) = lost_call("create a", "thing_create").await;
    assert_eq!(watchdog(&app, id(&turn), 5).await, 200);
    let ended = deliver_until_ended(&app, &alice, id(&turn)).await;
    assert_eq!(
        (&ended["status"], outcomes(&ended)),
        (&json!("done"), vec!["unknown"])
    );
    let note = ended["calls"][0]["note"].as_str().unwrap();
    assert!(note.contains("may still happen"), "{note}");
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn a_lost_change_is_found_by_the_sweeper_alone() {
    let (app, alice, turn) = lost_call("create a", "thing_create").await;
    assert_eq!(app.sweep().await, 200);
    let ended = deliver_until_ended(&app, &alice, id(&turn)).await;
    assert_eq!(outcomes(&ended), ["unknown"]);
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_message_that_comes_often_runs_its_change_once() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let other = app.beside(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval, digest) = approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    let here = (0..5).map(|_| app.trigger("execute-tool", &item, 1));
    let there = (0..5).map(|_| other.trigger("execute-tool", &item, 2));
    let (here, there) = tokio::join!(
        futures::future::join_all(here),
        futures::future::join_all(there)
    );
    assert_eq!((here, there), (vec![200; 5], vec![200; 5]));
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.trigger("execute-tool", &item, 9).await, 200);
    assert_eq!(app.tools.seen().len(), 1);
    let records = alice
        .get(&format!(
            "/v1/audit?turn_id={}&tool=fake/thing_create",
            id(&turn)
        ))
        .await
        .body;
    let kinds: Vec<&str> = records["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["close", "open", "approval"]);
}

#[tokio::test]
async fn a_duplicate_beside_a_living_executor_leaves_it_alone() {
    let gate = Arc::new(Notify::new());
    let (app, alice) = product(Script::clerk()).await;
    app.tools.will(
        "thing_create",
        [Behaviour::Gated(gate.clone(), json!({"made": true}))],
    );
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval, digest) = approval(&turn);
    alice.decide(&approval, &digest, "approve").await;
    app.tools.wait_for_calls(1).await;
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    for function in ["execute-tool", "execute-tool-poison"] {
        assert_eq!(app.trigger(function, &item, 5).await, 200);
    }
    assert_eq!(watchdog(&app, id(&turn), 0).await, 200);
    assert_eq!(app.sweep().await, 200);
    gate.notify_one();
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn a_call_that_cannot_be_processed_ends_and_others_are_not_held_up() {
    let (app, alice) = {
        let app = TestApp::start(AppShape {
            quotas: false,
            ..AppShape::with(Script::clerk())
        })
        .await;
        let alice = app.person("alice").await;
        (app, alice)
    };
    app.audit
        .refuse(|entry| entry.target.as_deref() == Some("poison"));
    let bad = alice.ask(&alice.converse().await, "list poison").await;
    let good = futures::future::join_all((0..20).map(|n| {
        let alice = alice.clone();
        async move {
            let turn = alice
                .ask(&alice.converse().await, &format!("list good{n}"))
                .await;
            alice.wait_for(&turn, &["done"], PATIENCE).await
        }
    }))
    .await;
    for turn in &good {
        assert_eq!(outcomes(turn), ["ok"]);
    }
    let ended = alice.wait_for(&bad, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["not_run"]);
    let seen: Vec<Value> = app
        .tools
        .seen()
        .into_iter()
        .map(|seen| seen.arguments)
        .collect();
    assert_eq!(seen.len(), 20);
    assert!(
        !seen.contains(&json!({"name": "poison"})),
        "no record, no call"
    );
}

#[tokio::test]
async fn a_poisoned_message_ends_its_queued_call() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.engine.idle().await;
    let turn = alice.get(&format!("/v1/turns/{}", id(&turn))).await.body;
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    for _ in 0..2 {
        assert_eq!(app.trigger("execute-tool-poison", &item, 1).await, 200);
    }
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["not_run"]);
    assert!(app.tools.seen().is_empty());
    // The message itself comes late, and changes nothing.
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn a_poisoned_watchdog_comes_back_and_a_poisoned_advance_does_not() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let depth = || async { app.queue.depth(TURNS_QUEUE).await.unwrap() };
    let before = depth().await;
    let tenant = app.user("alice").tid;
    let advance = WorkItem::advance(&tenant, &turn_id(id(&turn)));
    assert_eq!(app.trigger("advance-turn-poison", &advance, 1).await, 200);
    assert_eq!(depth().await, before);
    let watchdog = WorkItem::watchdog(&tenant, &turn_id(id(&turn)), 3);
    assert_eq!(app.trigger("advance-turn-poison", &watchdog, 1).await, 200);
    assert_eq!(depth().await, before + 1);
}

#[tokio::test]
async fn what_a_newer_build_wrote_is_put_back_whoever_gets_it_and_however_often() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let newer = WorkItem {
        v: WORK_ITEM_VERSION + 1,
        ..WorkItem::advance(&app.user("alice").tid, &turn_id(id(&turn)))
    };
    // A queue's own clock is the system's.
    let random = Arc::new(SystemRandom::new(app.clock.clone()));
    let later = SqliteQueue::open_with(&app.data(), app.clock.clone(), random).unwrap();
    app.clock.advance(Duration::from_secs(10));
    for function in QueueFunction::ALL {
        let depth = || async { app.queue.depth(function.queue()).await.unwrap() };
        let before = depth().await;
        for (back, count) in (1..).zip([1, 5, 6]) {
            assert_eq!(app.trigger(function.name(), &newer, count).await, 200);
            assert_eq!(depth().await, before + back, "{function:?}");
        }
        let at_once = app.drain(function.queue()).await;
        assert!(!at_once.contains(&newer), "{function:?}");
        let found = later.receive(function.queue(), 32, Duration::ZERO).await;
        let found = found.unwrap().into_iter();
        let put_back =
            found.filter(|found| serde_json::from_str(&found.body).ok() == Some(newer.clone()));
        assert_eq!(put_back.count(), 3, "{function:?}");
    }
}

#[tokio::test]
async fn a_turn_whose_messages_are_all_lost_is_found() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.engine.idle().await;
    // The message of the call is lost; the watchdog's is never delivered here.
    assert_eq!(app.drain(TOOL_CALLS_QUEUE).await.len(), 1);
    assert!(app.drain(TURNS_QUEUE).await.is_empty());
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(app.sweep().await, 200);
    let ended = deliver_until_ended(&app, &alice, id(&turn)).await;
    assert_eq!(
        (&ended["status"], outcomes(&ended)),
        (&json!("done"), vec!["ok"])
    );
}

#[tokio::test]
async fn the_watchdog_keeps_one_successor() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    app.engine.idle().await;
    let depth = || async { app.queue.depth(TURNS_QUEUE).await.unwrap() };
    let before = depth().await;
    // Its number counts once, however often it comes.
    for _ in 0..3 {
        assert_eq!(watchdog(&app, id(&turn), 0).await, 200);
    }
    assert_eq!(depth().await, before + 1);
    assert_eq!(watchdog(&app, id(&turn), 1).await, 200);
    assert_eq!(depth().await, before + 2);
    // A redelivery, when the first one may have died before the successor.
    let again = WorkItem::watchdog(&app.user("alice").tid, &turn_id(id(&turn)), 1);
    assert_eq!(app.trigger("advance-turn", &again, 2).await, 200);
    assert_eq!(depth().await, before + 3);
}

#[tokio::test]
async fn work_for_what_is_not_there_is_acknowledged() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let done = ask_until(&alice, "hello", &["done"]).await;
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    let tenant = app.user("alice").tid;
    let done_turn = turn_id(id(&done));
    let missing = CallId::new(&done_turn, 3, 3);
    let elsewhere = app.user("eve").tid;
    let call = call_id(&waiting, 0);
    for (function, item) in [
        ("advance-turn", WorkItem::advance(&tenant, &done_turn)),
        ("advance-turn", WorkItem::watchdog(&tenant, &done_turn, 7)),
        (
            "advance-turn",
            WorkItem::watchdog(&elsewhere, &done_turn, 7),
        ),
        ("execute-tool", WorkItem::tool_call(&tenant, &missing)),
        (
            "execute-tool-poison",
            WorkItem::tool_call(&tenant, &missing),
        ),
        ("execute-tool", WorkItem::advance(&tenant, &done_turn)),
        // A message has no authority: the call awaits a person.
        ("execute-tool", WorkItem::tool_call(&tenant, &call)),
        ("execute-tool-poison", WorkItem::tool_call(&tenant, &call)),
        ("execute-tool", WorkItem::tool_call(&elsewhere, &call)),
    ] {
        assert_eq!(
            app.trigger(function, &item, 1).await,
            200,
            "{function} {item:?}"
        );
    }
    assert!(app.tools.seen().is_empty());
    let still = alice.get(&format!("/v1/turns/{}", id(&waiting))).await;
    assert_eq!(still.text("status"), "waiting");
}

/// The message of its watchdog is twenty seconds away, and the clock stands still.
#[tokio::test]
async fn whoever_goes_away_while_the_turn_is_written_has_a_driver_all_the_same() {
    let (app, alice) = product(Script::in_steps([vec![say("Whole.")]])).await;
    let conversation = ConversationId::parse(&alice.converse().await).unwrap();
    let gate = Gate::default();
    let arrived = app.watched_store.hold_commits(gate.clone());
    let request = ChatRequest {
        principal: Principal {
            user: app.user("alice"),
            name: None,
            roles: BTreeSet::from([Role::Operator]),
            token_issued_at: app.clock.now(),
            token_expires_at: app.clock.now().plus_ms(3_600_000),
            session: None,
        },
        bearer: Secret::new(alice.token().to_owned()),
        conversation: conversation.clone(),
        idempotency_key: "once".to_owned(),
        text: "hi".to_owned(),
        model: None,
        parent: None,
        mode: azimuth_domain::policy::Mode::default(),
        language: None,
    };
    tokio::select! {
        accepted = app.engine.accept_chat(request) => panic!("not written: {accepted:?}"),
        () = arrived.notified() => {}
    }
    gate.open();
    let turn = TurnId::derived(&conversation, "once");
    until("the turn is written", || async {
        let found = alice.get(&format!("/v1/turns/{turn}")).await;
        (found.status == 200).then_some(())
    })
    .await;
    alice.wait_for(turn.as_str(), &["done"], PATIENCE).await;
    let events = alice.events(turn.as_str(), 0).await.all().await;
    assert_eq!(text_of(&events), "Whole.");
    assert!(!names(&events).contains(&"model_restarted"));
}
