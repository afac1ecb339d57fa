//! What a call would do is read before people are asked, read again before it runs,
//! and once more when nobody knows how it ended.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::preview::PreviewRule;
use azimuth_domain::work::WorkItem;
use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, call, say};
use azimuth_tests::tools::Behaviour;
use azimuth_tests::waiting::until;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{PATIENCE, approval, ask_until, names, outcomes, product, turn_id};

/// A product whose tool `thing_create` has `thing_list` to tell what it would do.
async fn shop(model: Arc<Script>) -> (TestApp, Person) {
    let (app, alice) = product(model).await;
    let rule: PreviewRule = serde_json::from_value(json!({
        "read": "thing_list",
        "arguments": ["name"],
        "change": "put",
        "resource": "/thing",
        "fields": [{"name": "name", "argument": "name"},
                   {"name": "size", "from": "/thing/size", "default": "small"}],
    }))
    .unwrap();
    app.tools.change(|tools| {
        for tool in tools.iter_mut().filter(|t| t.tool.name == "thing_create") {
            tool.preview = Some(rule.clone());
        }
    });
    (app, alice)
}

/// The read's answers from now on.
fn reads(app: &TestApp, sizes: &[Option<&str>]) {
    let answers = sizes
        .iter()
        .map(|size| Behaviour::Says(json!({"thing": size.map(|size| json!({"size": size}))})));
    app.tools.will("thing_list", answers.collect::<Vec<_>>());
}

fn id(turn: &Value) -> &str {
    turn["id"].as_str().unwrap()
}

fn tools(app: &TestApp) -> Vec<String> {
    app.tools.seen().into_iter().map(|seen| seen.tool).collect()
}

/// Purpose and outcome of every close, oldest first.
async fn closes(person: &Person, turn: &str) -> Vec<(Value, Value)> {
    let path = format!("/v1/audit?kind=close&turn_id={turn}");
    let found = person.get(&path).await.body;
    let mut closes: Vec<(Value, Value)> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["purpose"].clone(), r["outcome"].clone()))
        .collect();
    closes.reverse();
    closes
}

#[tokio::test]
async fn what_is_shown_is_what_is_approved_and_what_runs() {
    let (app, alice) = shop(Script::clerk()).await;
    reads(&app, &[None, None]);
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval, digest) = approval(&turn);
    let shown = alice.get(&format!("/v1/approvals/{approval}")).await.body;
    assert_eq!(shown["preview_state"], "shown");
    assert_eq!(shown["drifts"], 0);
    assert_eq!(
        shown["preview"],
        json!({
            "action": "create",
            "resource": "a",
            "fields": [{"name": "name", "old": null, "new": "a"},
                       {"name": "size", "old": null, "new": "small"}],
            "resources": 1,
            "undo": null,
        })
    );
    assert_eq!(turn["calls"][0]["approval"]["preview"], shown["preview"]);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"], "reads of ours are no calls");
    assert_eq!(tools(&app), ["thing_list", "thing_list", "thing_create"]);
    let seen = app.tools.seen();
    assert!(seen.iter().all(|s| s.oid == app.user("alice").oid));
    assert_eq!(seen[0].arguments, json!({"name": "a"}));
    assert_eq!(
        closes(&alice, id(&turn)).await,
        [
            (json!("preview"), json!("ok")),
            (json!("repeat"), json!("ok")),
            (Value::Null, json!("ok"))
        ]
    );
    let events = alice.events(id(&turn), 0).await.all().await;
    let asked: Vec<&Value> = events
        .iter()
        .filter(|event| event.name == "approval_required")
        .map(|event| &event.data)
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["preview"], shown["preview"]);
    assert_eq!(asked[0]["preview_state"], "shown");
    let of_calls = |name: &str| names(&events).iter().filter(|n| **n == name).count();
    assert_eq!(of_calls("tool_call_started"), 1);
    assert_eq!(of_calls("tool_call_finished"), 1);
}

#[tokio::test]
async fn a_resource_that_drifted_needs_a_new_yes() {
    let (app, alice) = shop(Script::clerk()).await;
    reads(&app, &[None, Some("large"), Some("large")]);
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval_id, old) = approval(&turn);
    let path = format!("/v1/approvals/{approval_id}");
    assert_eq!(
        alice.decide(&approval_id, &old, "approve").await.status,
        200
    );
    let shown = until("somebody is asked anew", || async {
        let shown = alice.get(&path).await.body;
        (shown["digest"] != old && shown["state"] == "pending").then_some(shown)
    })
    .await;
    assert_eq!(shown["decision"], Value::Null, "the old yes is gone");
    // Whoever comes only now is told too.
    let told = alice.get(&format!("/v1/turns/{}", id(&turn))).await.body;
    let inbox = alice.get("/v1/approvals").await.body;
    for approval in [&shown, &told["calls"][0]["approval"], &inbox["items"][0]] {
        assert_eq!(approval["drifts"], 1, "{approval}");
    }
    assert_eq!(shown["preview"]["action"], "change");
    assert_eq!(
        shown["preview"]["fields"],
        json!([{"name": "size", "old": "large", "new": "small"}])
    );
    assert!(!tools(&app).contains(&"thing_create".to_owned()));
    let stale = alice.decide(&approval_id, &old, "approve").await;
    assert_eq!(
        (stale.status, stale.text("code").as_str()),
        (409, "approval_drifted"),
        "{stale:?}"
    );
    let new = shown["digest"].as_str().unwrap();
    assert_eq!(alice.decide(&approval_id, new, "approve").await.status, 200);
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 4, "what drifted was shown as read");
    let events = alice.events(id(&turn), 0).await.all().await;
    let decisions: Vec<&Value> = events
        .iter()
        .filter(|event| event.name == "approval_decided")
        .map(|event| &event.data["decision"])
        .collect();
    assert_eq!(decisions, ["approved", "superseded", "approved"]);
    let path = format!("/v1/audit?kind=approval&turn_id={}", id(&turn));
    let recorded = alice.get(&path).await.body;
    let digests: Vec<&Value> = recorded["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["approval_digest"])
        .collect();
    assert_eq!(digests, [new, old.as_str()], "both are on record");
}

#[tokio::test]
async fn what_drifts_for_ever_is_denied() {
    let (app, alice) = shop(Script::clerk()).await;
    let sizes: Vec<String> = (0..20).map(|n| format!("size {n}")).collect();
    let sizes: Vec<Option<&str>> = sizes.iter().map(|s| Some(s.as_str())).collect();
    reads(&app, &sizes);
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval_id, mut digest) = approval(&turn);
    let path = format!("/v1/approvals/{approval_id}");
    for round in 0..4 {
        let decided = alice.decide(&approval_id, &digest, "approve").await;
        assert_eq!(decided.status, 200, "round {round}: {decided:?}");
        let shown = until("the call drifts", || async {
            let shown = alice.get(&path).await.body;
            let asked_anew = shown["digest"] != digest && shown["state"] == "pending";
            (asked_anew || (round == 3 && shown["state"] == "superseded")).then_some(shown)
        })
        .await;
        shown["digest"].as_str().unwrap().clone_into(&mut digest);
    }
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied"]);
    assert!(!tools(&app).contains(&"thing_create".to_owned()));
    let denied = alice
        .get(&format!("/v1/audit?kind=denied&turn_id={}", id(&turn)))
        .await
        .body;
    assert_eq!(denied["items"].as_array().unwrap().len(), 1);
    let late = alice.decide(&approval_id, &digest, "approve").await;
    assert_eq!(late.text("code"), "approval_drifted");
}

#[tokio::test]
async fn a_preview_that_fails_is_said_and_equals_only_itself() {
    let (app, alice) = shop(Script::clerk()).await;
    let fails = || Behaviour::Fails(403, "no access".to_owned());
    app.tools.will("thing_list", [fails(), fails()]);
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval_id, digest) = approval(&turn);
    let path = format!("/v1/approvals/{approval_id}");
    let shown = alice.get(&path).await.body;
    assert_eq!(
        (&shown["preview_state"], &shown["preview"]),
        (&json!("failed"), &Value::Null)
    );
    alice.decide(&approval_id, &digest, "approve").await;
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(tools(&app), ["thing_list", "thing_list", "thing_create"]);
}

#[tokio::test]
async fn a_preview_that_takes_too_long_is_not_waited_for() {
    let (app, alice) = shop(Script::clerk()).await;
    let gate = Arc::new(Notify::new());
    let slow = Behaviour::Gated(Arc::clone(&gate), json!({"thing": null}));
    app.tools.will("thing_list", [slow]);
    let turn = alice.ask(&alice.converse().await, "create a").await;
    app.tools.wait_for_calls(1).await;
    let path = format!("/v1/turns/{turn}");
    let found = alice.get(&path).await.body;
    assert_eq!(found["calls"][0]["state"], "previewing");
    assert_eq!(found["status"], "running");
    app.clock.advance(Duration::from_secs(11));
    let item = WorkItem::watchdog(&app.user("alice").tid, &turn_id(&turn), 0);
    assert_eq!(app.trigger("advance-turn", &item, 1).await, 200);
    let found = alice.get(&path).await.body;
    let asked = &found["calls"][0];
    assert_eq!(asked["state"], "awaiting_approval");
    assert_eq!(asked["approval"]["preview_state"], "late");
    let (_, digest) = approval(&found);
    gate.notify_one();
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    assert_eq!(
        approval(&waiting).1,
        digest,
        "what comes later is not shown as if it had been"
    );
}

#[tokio::test]
async fn what_has_no_read_is_asked_without_and_runs_at_once() {
    let (app, alice) = product(Script::clerk()).await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let shown = &turn["calls"][0]["approval"];
    assert_eq!(shown["preview_state"], "none");
    let (approval_id, digest) = approval(&turn);
    alice.decide(&approval_id, &digest, "approve").await;
    alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(tools(&app), ["thing_create"]);
}

#[tokio::test]
async fn a_denied_call_is_not_read_again() {
    let (app, alice) = shop(Script::clerk()).await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    let (approval_id, digest) = approval(&turn);
    alice.decide(&approval_id, &digest, "deny").await;
    alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(tools(&app), ["thing_list"]);
}

#[tokio::test]
async fn nobody_knows_how_it_ended_so_the_asker_is_told_what_can_be_seen() {
    for (size, finding, sentence) in [
        (Some("small"), "as_asked", "most likely happened"),
        (Some("large"), "not_as_asked", "may still happen"),
    ] {
        let model = Script::in_steps([
            vec![call("a", "thing_create", &json!({"name": "a"}))],
            vec![say("Nobody knows.")],
        ]);
        let (app, alice) = shop(Arc::clone(&model)).await;
        reads(&app, &[None, None, size]);
        app.tools.will(
            "thing_create",
            [Behaviour::Unclear("the line was cut".to_owned())],
        );
        let turn = ask_until(&alice, "create", &["waiting"]).await;
        let (approval_id, digest) = approval(&turn);
        alice.decide(&approval_id, &digest, "approve").await;
        let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
        assert_eq!(outcomes(&ended), ["unknown"], "never upgraded");
        assert_eq!(ended["calls"][0]["checked"]["finding"], finding);
        let told = format!("{:?}", model.asked()[1].messages.last().unwrap());
        assert!(told.contains(sentence), "{told}");
        assert_eq!(
            closes(&alice, id(&turn)).await.last().unwrap(),
            &(json!("check"), json!("ok")),
            "a record of its own"
        );
        let events = alice.events(id(&turn), 0).await.all().await;
        assert!(names(&events).contains(&"tool_call_checked"));
    }
}
