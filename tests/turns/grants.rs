//! A yes that is given for the rest of a conversation.

use std::time::Duration;

use azimuth_domain::approval_grant::{ApprovalGrant, ApprovalScope, GrantId, Wanted};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::ids::{ConversationId, ConversationKey};
use azimuth_domain::limits::{GRANT_TTL_MS, MAX_GRANTS};
use azimuth_domain::tool::ToolRef;
use azimuth_domain::work::WorkItem;
use azimuth_ports::clock::Clock;
use azimuth_ports::model::ChatMessage;
use azimuth_ports::store::{Batch, ConversationStore, Precondition, Write};
use azimuth_ports::users::UserStore;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::azure::CONTOSO_DEV as DEV;
use azimuth_tests::person::{Answer, Person};
use azimuth_tests::script::{Line, Script, call, question, say, step_of};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, call_id, outcomes, product};

/// A change of the thing `name`, with something else that may differ.
fn change(name: &str, size: &str) -> Line {
    let place = json!({
        "subscription": DEV, "resource-group": "rg-dev", "name": name, "size": size,
    });
    call(&format!("{name}-{size}"), "thing_create", &place)
}

/// A model that asks for the calls of the open question, one a step: `a/1 a/2 b/1`.
fn obedient() -> std::sync::Arc<Script> {
    Script::answering(|request| {
        let mut orders = question(request).split(' ');
        match orders
            .nth(step_of(request))
            .and_then(|order| order.split_once('/'))
        {
            Some((name, size)) => vec![change(name, size)],
            None => vec![say("Done.")],
        }
    })
}

/// The tools take a size, too.
fn with_sizes(app: &TestApp) {
    app.tools.change(|tools| {
        for tool in tools {
            tool.input_schema["properties"]["size"] = json!({"type": "string"});
        }
    });
}

async fn remember(person: &Person, turn: &Value, index: usize) -> Answer {
    let asked = &turn["calls"][index]["approval"];
    let path = format!(
        "/v1/approvals/{}/decision",
        asked["approval_id"].as_str().unwrap()
    );
    let body = json!({
        "decision": "approve", "digest": asked["digest"], "remember": "conversation",
    });
    person.post(&path, body).await
}

async fn grants(person: &Person, conversation: &str) -> Vec<Value> {
    let listed = person
        .get(&format!("/v1/conversations/{conversation}/grants"))
        .await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body["items"].as_array().unwrap().clone()
}

async fn records(person: &Person, kind: &str, turn: &Value) -> Vec<Value> {
    let id = turn["id"].as_str().unwrap();
    let path = format!("/v1/audit?kind={kind}&turn_id={id}&limit=100");
    let found = person.get(&path).await;
    found.body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_same_call_again_runs_and_another_one_asks_again() {
    let (app, alice) = product(obedient()).await;
    with_sizes(&app);
    let conversation = alice.converse().await;
    let id = alice.ask(&conversation, "a/1 a/1 a/2").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    let (card, _) = approval(&turn);
    let card = alice.get(&format!("/v1/approvals/{card}")).await.body;
    let covered = json!({
        "covers": "same_place", "hours": 8, "server": "fake", "tool": "thing_create",
        "subscription": DEV, "resource_group": "rg-dev", "resource_id": null,
        "target": format!("{DEV}/rg-dev/a"),
    });
    assert_eq!(
        (&card["can_remember"], &card["remember"]),
        (&json!(true), &covered)
    );

    let decided = remember(&alice, &turn, 0).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    assert_eq!(decided.body["decision"]["remembered"], true);
    // The second call runs by it; the third has another argument, and the model has read
    // what the tool returned meanwhile.
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    assert_eq!(outcomes(&turn), ["ok", "ok", "open"]);
    let third = &turn["calls"][2]["approval"]["remember"];
    assert_eq!(third["covers"], "same_call", "{turn}");
    let given = grants(&alice, &conversation).await;
    assert_eq!(given.len(), 1);
    let grant = &given[0]["id"];
    assert_eq!(
        turn["calls"][1]["standing_approval"],
        json!({"kind": "conversation", "grant_id": grant})
    );
    assert_eq!(turn["calls"][1]["approval"], json!(null));
    assert_eq!(turn["calls"][0]["standing_approval"], json!(null));

    let second = &turn["calls"][1]["call_id"];
    let opened = records(&alice, "open", &turn).await;
    let opened = opened.iter().find(|one| one["call_id"] == *second).unwrap();
    let user = app.user("alice");
    assert_eq!(opened["approval_grant"], *grant);
    assert_eq!(opened["decided_by"], format!("{}:{}", user.tid, user.oid));
    assert!(
        opened["detail"]
            .as_str()
            .unwrap()
            .contains("for this conversation")
    );
    let about = records(&alice, "approval", &turn).await;
    let about = about
        .iter()
        .find(|one| one["approval_grant"] == *grant)
        .unwrap();
    assert!(about["seq"].as_u64() < opened["seq"].as_u64());
    // It is part of what is exported.
    let path = format!("/v1/conversations/{conversation}/export");
    assert_eq!(alice.get(&path).await.body["grants"], json!(given));
}

#[tokio::test]
async fn in_another_branch_the_same_place_is_covered_and_no_other() {
    let (app, alice) = product(obedient()).await;
    with_sizes(&app);
    let conversation = alice.converse().await;
    let id = alice.ask(&conversation, "a/1").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    assert_eq!(remember(&alice, &turn, 0).await.status, 200);
    let turn = alice.wait_for(&id, &["done"], PATIENCE).await;
    // Another branch, in which no tool has spoken: the same place is covered, and no other.
    let branch = |text: &'static str, parent: Value| {
        let (alice, conversation) = (alice.clone(), conversation.clone());
        async move {
            let path = format!("/v1/conversations/{conversation}/turns");
            let body = json!({"text": text, "parent_message_id": parent});
            let asked = alice.post(&path, body).await;
            assert_eq!(asked.status, 202, "{asked:?}");
            let states = ["done", "waiting"];
            alice
                .wait_for(&asked.text("turn_id"), &states, PATIENCE)
                .await
        }
    };
    let sibling = branch("a/2", turn["message_id"].clone()).await;
    assert_eq!(outcomes(&sibling), ["ok"]);
    let elsewhere = branch("b/1", turn["message_id"].clone()).await;
    assert_eq!(outcomes(&elsewhere), ["open"]);
    // Another conversation knows nothing of it.
    let other = super::ask_until(&alice, "a/1", &["waiting"]).await;
    assert_eq!(outcomes(&other), ["open"]);
    assert_eq!(app.tools.seen().len(), 2);
}

/// A call of alice that lies in the queue by a yes of before; nothing is delivered.
async fn queued_by_a_grant() -> (TestApp, Person, String, Value) {
    let app = TestApp::start(AppShape::undelivered(obedient())).await;
    with_sizes(&app);
    let alice = app.person("alice").await;
    let conversation = alice.converse().await;
    let id = alice.ask(&conversation, "a/1 a/1").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    assert_eq!(remember(&alice, &turn, 0).await.status, 200);
    run(&app, &turn, 0).await;
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    assert_eq!(outcomes(&turn), ["ok", "open"], "{turn}");
    assert_eq!(turn["calls"][1]["state"], "queued", "{turn}");
    (app, alice, conversation, turn)
}

async fn run(app: &TestApp, turn: &Value, index: usize) {
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(turn, index));
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
}

async fn revoke(alice: &Person, conversation: &str) {
    let grant = grants(alice, conversation).await[0]["id"].clone();
    let path = format!(
        "/v1/conversations/{conversation}/grants/{}",
        grant.as_str().unwrap()
    );
    for expected in [204, 404] {
        let gone = alice.send(alice.request(Method::DELETE, &path)).await;
        assert_eq!(gone.status, expected, "{gone:?}");
    }
    assert!(grants(alice, conversation).await.is_empty());
}

#[tokio::test]
async fn what_no_longer_stands_when_the_call_runs_denies_it() {
    for what in [
        "nothing", "revoked", "over", "hash", "policy", "disabled", "stopped",
    ] {
        let (app, alice, conversation, turn) = queued_by_a_grant().await;
        let tenant = app.user("alice").tid;
        let reason = match what {
            "revoked" => {
                revoke(&alice, &conversation).await;
                "taken back"
            }
            "over" => {
                app.clock
                    .advance(Duration::from_millis(GRANT_TTL_MS.unsigned_abs()));
                assert!(grants(&alice, &conversation).await.is_empty());
                "taken back"
            }
            "hash" => {
                app.tools.change(|tools| tools[1].hash = "0".repeat(64));
                "not enabled"
            }
            "policy" => {
                let dave = app.person("dave").await;
                let built_in = dave.get("/v1/admin/policies").await.body;
                let text = built_in["text"].as_str().unwrap();
                let text = text.replace("@remember(\"user\")\n", "");
                let put = dave
                    .request(Method::PUT, "/v1/admin/policies")
                    .header("if-match", "*")
                    .json(&json!({"text": text, "reason": "a test"}));
                assert_eq!(dave.send(put).await.status, 200);
                "taken back"
            }
            "disabled" => {
                let user = app.user("alice");
                let found = app.store.user(&user).await.unwrap().unwrap();
                let mut record = found.item;
                record.roles = Some(Vec::new());
                app.store
                    .put_user(&record, Some(&found.etag))
                    .await
                    .unwrap();
                "No policy"
            }
            "stopped" => {
                let dave = app.person("dave").await;
                let put = dave
                    .request(Method::PUT, "/v1/admin/kill-switch")
                    .header("if-match", "*")
                    .json(&json!({"on": true, "scope": "changes", "reason": "a test"}));
                let stopped = dave.send(put).await;
                assert_eq!(stopped.status, 200, "{stopped:?}");
                "kill switch"
            }
            _ => "",
        };
        run(&app, &turn, 1).await;
        let found = app
            .store
            .turn(&tenant, &super::turn_id(turn["id"].as_str().unwrap()))
            .await
            .unwrap()
            .unwrap();
        let call = &found.item.steps[1].calls[0];
        let note = call.note.clone().unwrap_or_default();
        let ran = app.tools.seen().len();
        if what == "nothing" {
            assert_eq!((call.state.name(), ran), ("finished", 2));
        } else {
            assert_eq!((call.state.name(), ran), ("denied", 1), "{what}");
            assert!(note.contains(reason), "{what}: {note}");
        }
    }
}

#[tokio::test]
async fn what_destroys_shows_a_secret_or_stands_alone_is_never_remembered() {
    let secret = json!({"subscription": DEV, "name": "a", "value": "pw"});
    let thing = json!({"subscription": DEV, "name": "a"});
    for (tool, arguments) in [("thing_delete", &thing), ("thing_create", &secret)] {
        let model = Script::in_steps([vec![call("c", tool, arguments)]]);
        let (app, alice) = product(model).await;
        let turn = super::ask_until(&alice, "do it", &["waiting"]).await;
        let asked = &turn["calls"][0]["approval"];
        assert_eq!(
            (&asked["can_remember"], &asked["remember"]),
            (&json!(false), &json!(null))
        );
        let carol = app.person("carol").await;
        let refused = remember(&carol, &turn, 0).await;
        let told = (refused.status, refused.text("code"));
        assert_eq!(told, (422, "not_to_remember".to_owned()), "{tool}");
        assert!(app.tools.seen().is_empty(), "{tool}");
    }
    let (_app, alice) = product(Script::clerk()).await;
    let path = "/v1/tools/fake/thing_create/calls";
    let console = alice
        .post(path, json!({"arguments": thing}))
        .await
        .text("turn_id");
    let console = alice.wait_for(&console, &["waiting"], PATIENCE).await;
    assert_eq!(console["calls"][0]["approval"]["can_remember"], false);
    assert_eq!(
        remember(&alice, &console, 0).await.text("code"),
        "not_to_remember"
    );
    // A no is for one call only, and there is no other span.
    let turn = super::ask_until(&alice, "create a", &["waiting"]).await;
    let (id, digest) = approval(&turn);
    let path = format!("/v1/approvals/{id}/decision");
    for (decision, span, code) in [
        ("deny", "conversation", "not_to_remember"),
        ("approve", "ever", "field_invalid"),
    ] {
        let body = json!({"decision": decision, "digest": digest, "remember": span});
        assert_eq!(
            alice.post(&path, body).await.text("code"),
            code,
            "{decision} {span}"
        );
    }
    let still = alice.get(&format!("/v1/approvals/{id}")).await;
    assert_eq!(still.text("state"), "pending");
    // A name is no place that can be told: the same call again, and nothing else.
    assert_eq!(still.body["remember"]["covers"], "same_call");
}

#[tokio::test]
async fn a_conversation_that_is_full_takes_no_more_and_one_that_is_deleted_forgets() {
    let (app, alice) = product(obedient()).await;
    with_sizes(&app);
    let conversation = alice.converse().await;
    let user = app.user("alice");
    let key = ConversationKey::of(&user.tid, &ConversationId::parse(&conversation).unwrap());
    let fill = |count: usize| {
        let (store, user, key, now) = (
            app.store.clone(),
            user.clone(),
            key.clone(),
            app.clock.now(),
        );
        async move {
            let found = store.conversation(&key).await.unwrap().unwrap();
            let mut header = found.item;
            header.grants = (0..count)
                .map(|number| {
                    let scope = ApprovalScope {
                        subscription: None,
                        resource_group: None,
                        resource_id: None,
                        same_call: true,
                    };
                    let wanted = Wanted {
                        asker: &user,
                        tool: &ToolRef::new("fake", "other"),
                        tool_hash: "h",
                        arguments: &json!({"number": number}),
                        target: None,
                        scope: &scope,
                    };
                    let id = GrantId::parse(&format!("{number:026}")).unwrap();
                    ApprovalGrant::of(id, &wanted, now)
                })
                .collect();
            let batch = Batch {
                conversation: Some(Write {
                    item: header,
                    when: Precondition::Matches(found.etag),
                }),
                ..Batch::default()
            };
            store.commit(&key, batch).await.unwrap();
        }
    };
    let id = alice.ask(&conversation, "a/1").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    fill(MAX_GRANTS).await;
    let refused = remember(&alice, &turn, 0).await;
    assert_eq!(
        (refused.status, refused.text("code").as_str()),
        (409, "too_many_grants")
    );
    fill(MAX_GRANTS - 1).await;
    assert_eq!(remember(&alice, &turn, 0).await.status, 200);
    alice.wait_for(&id, &["done"], PATIENCE).await;
    assert_eq!(grants(&alice, &conversation).await.len(), MAX_GRANTS);
    let path = format!("/v1/conversations/{conversation}");
    let gone = alice.send(alice.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204);
    let back = alice.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(back.status, 200, "{back:?}");
    assert!(grants(&alice, &conversation).await.is_empty());
}

#[tokio::test]
async fn decision_and_grant_are_there_together_or_not_at_all() {
    let (app, alice) = product(obedient()).await;
    with_sizes(&app);
    let conversation = alice.converse().await;
    let id = alice.ask(&conversation, "a/1").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    for lost in ["commit", "conversation"] {
        app.watched_store.refuse(move |operation| operation == lost);
        assert_eq!(remember(&alice, &turn, 0).await.status, 503, "{lost}");
        let (card, _) = approval(&turn);
        let card = alice.get(&format!("/v1/approvals/{card}")).await;
        assert_eq!(card.text("state"), "pending", "{lost}");
        assert!(grants(&alice, &conversation).await.is_empty(), "{lost}");
    }
    // A turn that has none does not look at the conversation once it is accepted.
    let (approval, digest) = approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    alice.wait_for(&id, &["done"], PATIENCE).await;
    app.watched_store.refuse(|_| false);
    // What the audit does not take is not given.
    let id = alice.ask(&conversation, "a/1").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    app.audit.refuse(|entry| entry.approval_grant.is_some());
    assert_eq!(remember(&alice, &turn, 0).await.status, 503);
    assert!(grants(&alice, &conversation).await.is_empty());
    assert_eq!(app.tools.seen().len(), 1);
}

/// A text that plants a call can at most repeat what was approved.
#[tokio::test]
async fn an_order_in_what_a_tool_returned_repeats_at_most_what_was_approved() {
    let model = Script::answering(|request| {
        let read = request
            .messages
            .iter()
            .rev()
            .find_map(|message| match message {
                ChatMessage::ToolResult { content, .. } => {
                    serde_json::from_str::<Value>(content).ok()
                }
                _ => None,
            });
        match (step_of(request), read) {
            (0, _) => vec![change("a", "1")],
            (step, Some(read)) => match &read["orders"][step - 1] {
                Value::Null => vec![say("Done.")],
                order => vec![call(&format!("o{step}"), "thing_create", order)],
            },
            _ => vec![say("Done.")],
        }
    });
    let (app, alice) = product(model).await;
    with_sizes(&app);
    let same = json!({"subscription": DEV, "resource-group": "rg-dev", "name": "a", "size": "1"});
    let mut bigger = same.clone();
    bigger["size"] = json!("1000");
    let orders = json!({"orders": [same, bigger]});
    let says = || azimuth_tests::tools::Behaviour::Says(orders.clone());
    app.tools.will("thing_create", [says(), says()]);
    let conversation = alice.converse().await;
    let id = alice.ask(&conversation, "go").await;
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    assert_eq!(remember(&alice, &turn, 0).await.status, 200);
    let turn = alice.wait_for(&id, &["waiting"], PATIENCE).await;
    assert_eq!(outcomes(&turn), ["ok", "ok", "open"]);
    let ran: Vec<String> = app
        .tools
        .seen()
        .iter()
        .map(|seen| canonical_json(&seen.arguments))
        .collect();
    assert_eq!(ran, [canonical_json(&same), canonical_json(&same)]);
}
