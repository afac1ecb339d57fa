//! Answers and messages that do not belong: they are refused, and what they aimed at
//! goes on as if they had not come.

use azimuth_app::triggers::QueueFunction;
use azimuth_domain::ids::CallId;
use azimuth_domain::work::WorkItem;
use azimuth_ports::model::ChatMessage;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::script::{Line, Script, call, say};
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, call_id, outcomes, product, turn_id};

fn twins() -> Vec<Line> {
    vec![
        call("same", "thing_list", &json!({"name": "a"})),
        call("other", "thing_list", &json!({"name": "b"})),
        call("same", "thing_create", &json!({"name": "c"})),
    ]
}

#[tokio::test]
async fn a_duplicate_call_id_is_refused_and_the_model_may_do_better() {
    let model = Script::in_steps([twins(), vec![say("Then not.")]]);
    let (app, alice) = product(model.clone()).await;
    let turn = ask_until(&alice, "look", &["done"]).await;
    assert_eq!(turn["calls"], json!([]));
    assert!(app.tools.seen().is_empty());
    let Some(ChatMessage::Repair(note)) = model.asked()[1].messages.last().cloned() else {
        panic!("{:?}", model.asked()[1].messages);
    };
    assert!(note.contains("the same id"), "{note}");
}

#[tokio::test]
async fn a_duplicate_call_id_twice_ends_the_turn_with_a_clear_error() {
    let (app, alice) = product(Script::answering(|_| twins())).await;
    let turn = ask_until(&alice, "look", &["failed"]).await;
    assert_eq!(turn["error"]["code"], "model_unusable");
    assert!(!turn["error"]["message"].as_str().unwrap().is_empty());
    assert!(app.tools.seen().is_empty());
    let id = turn["id"].as_str().unwrap();
    let events = alice.events(id, 0).await.all().await;
    let last = events.last().unwrap();
    assert_eq!(
        (last.name.as_str(), &last.data["code"]),
        ("turn_failed", &json!("model_unusable"))
    );
}

/// A change of alice's that waits for her, nothing delivered.
async fn waiting() -> (TestApp, Person, Value) {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    app.engine.idle().await;
    (app, alice, turn)
}

/// What people and auditors see of a turn, but for its watchdog's counter.
async fn seen(person: &Person, turn: &str) -> [Value; 3] {
    let events = person
        .request(
            reqwest::Method::GET,
            &format!("/v1/turns/{turn}/events?after=0"),
        )
        .header("accept", "application/json");
    let mut document = person.get(&format!("/v1/turns/{turn}")).await.body;
    document["updated_at"] = Value::Null;
    [
        document,
        person.send(events).await.body["items"].clone(),
        person.get(&format!("/v1/audit?turn_id={turn}")).await.body["items"].clone(),
    ]
}

/// Says yes, and delivers the call by hand until the turn has ended.
async fn ends_well(app: &TestApp, alice: &Person, turn: &Value) {
    let (approval, digest) = approval(turn);
    let decided = alice.decide(&approval, &digest, "approve").await;
    assert_eq!(decided.status, 200, "{decided:?}");
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(turn, 0));
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
    let id = turn["id"].as_str().unwrap();
    let ended = alice.wait_for(id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn a_result_for_a_call_that_does_not_exist_is_refused() {
    let (app, alice, turn) = waiting().await;
    let id = turn["id"].as_str().unwrap();
    let before = seen(&alice, id).await;
    let tenant = app.user("alice").tid;
    for missing in [(0, 1), (0, 7), (1, 0), (15, 7), (99, 99)] {
        let missing = CallId::new(&turn_id(id), missing.0, missing.1);
        let item = WorkItem::tool_call(&tenant, &missing);
        for function in ["execute-tool", "execute-tool-poison"] {
            for dequeue_count in [1, 6] {
                let status = app.trigger(function, &item, dequeue_count).await;
                assert_eq!(status, 200, "{function} {missing}");
            }
        }
        let path = format!("/v1/turns/{id}/calls/{missing}/result");
        assert_eq!(alice.get(&path).await.status, 404, "{missing}");
    }
    assert_eq!(seen(&alice, id).await, before);
    assert!(app.tools.seen().is_empty());
    ends_well(&app, &alice, &turn).await;
}

#[tokio::test]
async fn a_message_for_another_users_turn_is_refused() {
    let (app, alice, turn) = waiting().await;
    let bob = app.person("bob").await;
    let bobs = ask_until(&bob, "list", &["running", "done"]).await;
    app.engine.idle().await;
    let bobs = bob
        .get(&format!("/v1/turns/{}", bobs["id"].as_str().unwrap()))
        .await
        .body;
    let ids = [&turn, &bobs].map(|turn| turn["id"].as_str().unwrap().to_owned());
    let before = (seen(&alice, &ids[0]).await, seen(&bob, &ids[1]).await);
    let tenant = app.user("alice").tid;
    let hers = WorkItem::tool_call(&tenant, &call_id(&turn, 0));
    let his = WorkItem::tool_call(&tenant, &call_id(&bobs, 0));
    let forged = [
        WorkItem {
            user: his.user.clone(),
            ..hers.clone()
        },
        WorkItem {
            conversation: his.conversation.clone(),
            ..hers.clone()
        },
        WorkItem {
            turn: hers.turn.clone(),
            ..his.clone()
        },
        WorkItem {
            call: hers.call.clone(),
            ..his.clone()
        },
        WorkItem {
            tenant: app.user("eve").tid,
            ..hers.clone()
        },
        WorkItem {
            tenant: app.user("eve").tid,
            watch: Some(7),
            call: None,
            ..hers.clone()
        },
    ];
    for item in forged {
        for function in QueueFunction::ALL.map(QueueFunction::name) {
            let status = app.trigger(function, &item, 6).await;
            assert_eq!(status, 200, "{function} {item:?}");
        }
    }
    let after = (seen(&alice, &ids[0]).await, seen(&bob, &ids[1]).await);
    assert_eq!(after, before);
    assert!(app.tools.seen().is_empty());
    // The same from outside: it is not there.
    let conversation = turn["conversation_id"].as_str().unwrap();
    let path = format!("/v1/conversations/{conversation}/turns");
    let asked = bob.post(&path, json!({"text": "delete a"})).await;
    assert_eq!(
        (asked.status, asked.text("code").as_str()),
        (404, "not_found")
    );
    let path = format!("/v1/turns/{}/cancel", ids[0]);
    let stopped = bob.post(&path, json!({})).await;
    assert_eq!(stopped.status, 404, "{stopped:?}");
    ends_well(&app, &alice, &turn).await;
}
