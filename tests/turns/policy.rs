//! What was allowed when it was asked is looked at again when it runs.

use std::time::Duration;

use azimuth_domain::principal::Role;
use azimuth_domain::tool::{Availability, EffectClass, ToolSpec};
use azimuth_domain::work::{TOOL_CALLS_QUEUE, WorkItem};
use azimuth_ports::users::{UserRecord, UserStatus};
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, call};
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, call_id, outcomes, product};

/// A turn whose call lies in the queue, approved where it must be; nothing is
/// delivered.
async fn queued(order: &str) -> (TestApp, Person, Value) {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let mut turn = ask_until(&alice, order, &["waiting", "running"]).await;
    app.engine.idle().await;
    let id = turn["id"].as_str().unwrap().to_owned();
    turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    if turn["status"] == "waiting" {
        let (approval, digest) = approval(&turn);
        assert_eq!(
            alice.decide(&approval, &digest, "approve").await.status,
            200
        );
    }
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    assert_eq!(turn["calls"][0]["state"], "queued", "{turn}");
    (app, alice, turn)
}

/// Runs the call, and gives the turn as it ends.
async fn run(app: &TestApp, alice: &Person, turn: &Value) -> Value {
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(turn, 0));
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
    alice
        .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
        .await
}

async fn denials(person: &Person, turn: &Value) -> Vec<Value> {
    let path = format!(
        "/v1/audit?kind=denied&turn_id={}",
        turn["id"].as_str().unwrap()
    );
    person.get(&path).await.body["items"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_call_whose_tool_changed_after_the_yes_is_denied() {
    type Change = fn(&mut Vec<ToolSpec>);
    let changes: [(&str, Change); 5] = [
        ("hash", |tools| tools[1].hash = "0".repeat(64)),
        ("gone", |tools| drop(tools.remove(1))),
        ("switched off", |tools| {
            tools[1].availability = Availability::SwitchedOff;
        }),
        ("more dangerous", |tools| {
            tools[1].effect = EffectClass::Destructive;
        }),
        ("secret", |tools| tools[1].secret = true),
    ];
    for (what, change) in changes {
        let (app, alice, turn) = queued("create a").await;
        app.tools.change(change);
        let ended = run(&app, &alice, &turn).await;
        assert_eq!(outcomes(&ended), ["denied"], "{what}");
        assert!(app.tools.seen().is_empty(), "{what}");
        assert_eq!(denials(&alice, &turn).await.len(), 1, "{what}");
    }
    // Without a change it runs.
    let (app, alice, turn) = queued("create a").await;
    assert_eq!(outcomes(&run(&app, &alice, &turn).await), ["ok"]);
}

#[tokio::test]
async fn a_call_of_somebody_who_lost_the_right_is_denied() {
    type Change = fn(&mut UserRecord);
    let changes: [(&str, &str, Change); 4] = [
        ("list", "switched off", |user| {
            user.status = UserStatus::Disabled;
        }),
        ("create a", "switched off", |user| {
            user.status = UserStatus::Disabled;
        }),
        ("create a", "a reader now", |user| {
            user.roles = Some(vec![Role::Reader]);
        }),
        ("list", "without a role", |user| {
            user.roles = Some(Vec::new());
        }),
    ];
    for (order, what, change) in changes {
        let (app, alice, turn) = queued(order).await;
        let user = app.user("alice");
        crate::api::set_record(&app, &user, change).await;
        let item = WorkItem::tool_call(&user.tid, &call_id(&turn, 0));
        assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
        crate::api::set_record(&app, &user, |user| {
            user.status = UserStatus::Active;
            user.roles = None;
        })
        .await;
        let ended = alice
            .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
            .await;
        assert_eq!(outcomes(&ended), ["denied"], "{order} {what}");
        assert!(app.tools.seen().is_empty(), "{order} {what}");
        assert_eq!(denials(&alice, &turn).await.len(), 1, "{order} {what}");
    }
}

#[tokio::test]
async fn a_call_that_policies_no_longer_permit_when_it_runs_is_denied() {
    let forbid = |condition: &str| {
        format!(
            r#"@id("all") permit (principal, action, resource);
            @id("rule") @reason("not_permitted")
            forbid (principal, action == Azimuth::Action::"call", resource) when {{ {condition} }};"#
        )
    };
    let prod = "00000000-0000-4000-8000-0000000000a1";
    let scope = format!("context has subscription && context.subscription == \"{prod}\"");
    for (order, text) in [
        ("list", String::new()),
        (
            "create a",
            forbid(r#"resource.effect == Azimuth::Effect::"mutating""#),
        ),
        // The call names no subscription.
        ("create a", forbid(&scope)),
    ] {
        let (app, alice, turn) = queued(order).await;
        // A process that has decided by the former policies, and made no change.
        let beside = app.beside(AppShape::undelivered(Script::clerk())).await;
        assert_eq!(alice.at(&beside.api).get("/v1/tools").await.status, 200);
        let dave = app.person("dave").await;
        crate::api::replace_policies(&dave, &text).await;
        app.clock.advance(Duration::from_secs(59));
        let ended = run(&beside, &alice, &turn).await;
        assert_eq!(outcomes(&ended), ["denied"], "{order} {text}");
        assert!(app.tools.seen().is_empty(), "{order} {text}");
        let denied = denials(&alice, &turn).await;
        assert_eq!(denied.len(), 1, "{order} {text}");
        let now = dave.get("/v1/admin/policies").await.body;
        assert_eq!(
            denied[0]["policy_version"], now["policy_version"],
            "{order} {text}"
        );
    }
}

#[tokio::test]
async fn a_call_names_the_policies_that_let_it_run() {
    let (app, alice, turn) = queued("create a").await;
    let dave = app.person("dave").await;
    let built_in = dave.get("/v1/admin/policies").await.body;
    let text = format!("// as before\n{}", built_in["text"].as_str().unwrap())
        + "\n@id(\"more\") @approval(\"asker\") permit (principal in Azimuth::Role::\"admin\", action, resource);";
    crate::api::replace_policies(&dave, &text).await;
    let now = dave.get("/v1/admin/policies").await.body;
    assert_eq!(outcomes(&run(&app, &alice, &turn).await), ["ok"]);
    let path = format!("/v1/audit?turn_id={}", turn["id"].as_str().unwrap());
    let records = alice.get(&path).await.body;
    let version = |kind: &str| {
        let items = records["items"].as_array().unwrap();
        let found = items.iter().find(|record| record["kind"] == kind);
        found.unwrap()["policy_version"].clone()
    };
    assert_eq!(version("approval"), built_in["policy_version"]);
    assert_eq!(version("open"), now["policy_version"]);
    assert_eq!(version("close"), now["policy_version"]);
}

#[tokio::test]
async fn what_policy_refuses_is_never_queued() {
    let foreign = "00000000-0000-4000-8000-000000000002";
    for (person, tool, arguments) in [
        ("bob", "thing_create", json!({"name": "a"})),
        ("bob", "thing_delete", json!({"name": "a"})),
        ("alice", "odd_thing", json!({})),
        ("bob", "thing_list", json!({"secret": "db"})),
        ("bob", "thing_list", json!({"value": "pw"})),
        ("dave", "thing_create", json!({"value": "pw"})),
        ("alice", "thing_list", json!({"tenant": foreign})),
        ("carol", "thing_delete", json!({"name": "a"})),
        ("dave", "thing_create", json!({"name": "a"})),
    ] {
        let what = format!("{person} {tool} {arguments}");
        let model = Script::in_steps([vec![call("c", tool, &arguments)]]);
        let (app, _alice) = product(model).await;
        let person = app.person(person).await;
        let turn = ask_until(&person, "do it", &["done"]).await;
        assert_eq!(outcomes(&turn), ["denied"], "{what}");
        assert!(app.tools.seen().is_empty(), "{what}");
        assert!(app.drain(TOOL_CALLS_QUEUE).await.is_empty(), "{what}");
        let denied = denials(&person, &turn).await;
        assert_eq!(denied.len(), 1, "{what}");
        assert_eq!(denied[0]["outcome"], "denied");
        assert!(
            !denied[0].to_string().contains("\"pw\""),
            "{what}: {}",
            denied[0]
        );
    }
}

#[tokio::test]
async fn a_turn_that_only_looks_changes_nothing() {
    let (app, alice) = product(Script::clerk()).await;
    for (mode, order, expected) in [
        ("read_only", "list", "ok"),
        ("read_only", "create a", "denied"),
        ("read_only", "delete a", "denied"),
        ("review", "list", "ok"),
        ("autonomous", "list", "ok"),
    ] {
        let path = format!("/v1/conversations/{}/turns", alice.converse().await);
        let asked = alice
            .post(&path, json!({"text": order, "mode": mode}))
            .await;
        let turn = asked.text("turn_id");
        let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
        assert_eq!(outcomes(&ended), [expected], "{mode} {order}");
        assert_eq!(ended["mode"], mode);
        if expected == "denied" {
            let record = &denials(&alice, &ended).await[0];
            let told = record["detail"].as_str().unwrap();
            assert!(told.contains("may only look"), "{record}");
        }
    }
    let seen: Vec<String> = app.tools.seen().into_iter().map(|call| call.tool).collect();
    assert_eq!(seen, ["thing_list"; 3]);
    // Where nothing is said, changes wait for people.
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    assert_eq!(turn["mode"], "review");
    for wrong in [json!("yolo"), json!(7), json!(["review"])] {
        let path = format!("/v1/conversations/{}/turns", alice.converse().await);
        let refused = alice
            .post(&path, json!({"text": "list", "mode": wrong}))
            .await;
        assert_eq!(refused.status, 422, "{wrong}: {refused:?}");
    }
}
