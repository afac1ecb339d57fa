//! What is written: a pair for every call, a record for every refusal.

use std::collections::BTreeMap;
use std::time::Duration;

use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::tools::Behaviour;
use azimuth_tests::waiting::until;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// Asks, says `decision` where one is asked for, and waits for the end.
async fn ask(person: &Person, order: &str, decision: &str) -> Value {
    let turn = person.ask(&person.converse().await, order).await;
    let found = person.wait_for(&turn, &["waiting", "done"], PATIENCE).await;
    if found["status"] == "done" {
        return found;
    }
    let approval = &found["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    let decided = person
        .decide(&text("approval_id"), &text("digest"), decision)
        .await;
    assert_eq!(decided.status, 200, "{decided:?}");
    person.wait_for(&turn, &["done"], PATIENCE).await
}

async fn records(person: &Person, query: &str) -> Vec<Value> {
    let found = person.get(&format!("/v1/audit?limit=100&{query}")).await;
    assert_eq!(found.status, 200, "{found:?}");
    let mut items = found.body["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

#[tokio::test]
async fn every_call_that_a_tool_saw_is_one_pair() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    app.tools.will(
        "thing_list",
        [
            Behaviour::Says(json!({"n": 1})),
            Behaviour::Fails(404, "no".to_owned()),
            Behaviour::Unclear("cut".to_owned()),
        ],
    );
    app.tools
        .will("thing_create", [Behaviour::Fails(500, "no".to_owned())]);
    for order in [
        "list a", "list b", "list c", "create d", "create e", "hello",
    ] {
        ask(&alice, order, "approve").await;
    }
    ask(&alice, "create f", "deny").await;
    ask(&bob, "list g", "approve").await;
    ask(&bob, "create h", "approve").await;

    let carol = app.person("carol").await;
    let all = records(&carol, "").await;
    let mut opens: Vec<(String, Value)> = Vec::new();
    let mut closes: BTreeMap<String, Value> = BTreeMap::new();
    for record in &all {
        let key = format!("{}:{}", record["call_id"], record["attempt"]);
        match record["kind"].as_str().unwrap() {
            "open" => {
                assert!(!closes.contains_key(&key), "a close before its open");
                opens.push((key, record.clone()));
            }
            "close" => assert!(closes.insert(key, record.clone()).is_none(), "two closes"),
            _ => {}
        }
    }
    let seen: Vec<(String, String, Value)> = app
        .tools
        .seen()
        .into_iter()
        .map(|seen| (seen.oid, format!("fake/{}", seen.tool), seen.arguments))
        .collect();
    let opened: Vec<(String, String, Value)> = opens
        .iter()
        .map(|(_, r)| {
            let text = |field: &str| r[field].as_str().unwrap().to_owned();
            (text("oid"), text("tool"), r["arguments"].clone())
        })
        .collect();
    assert_eq!(opened, seen);
    assert_eq!(opens.len(), closes.len());
    for (key, open) in &opens {
        let close = &closes[key];
        for field in [
            "tid",
            "oid",
            "tool",
            "tool_hash",
            "turn_id",
            "target",
            "arguments",
            "acting_identity",
            "correlation_id",
            "writer",
            "policy_version",
            "approval_digest",
        ] {
            assert_eq!(open[field], close[field], "{field}");
        }
        for field in [
            "at",
            "tid",
            "oid",
            "tool",
            "tool_hash",
            "turn_id",
            "call_id",
            "writer",
            "correlation_id",
            "policy_version",
        ] {
            let is_told = open[field].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_told, "{field} of {open}");
        }
        let is_change = open["tool"] == "fake/thing_create";
        assert_eq!(open["approval_digest"].is_string(), is_change, "{open}");
        assert_eq!(open["token_uti"], Value::Null, "it has asked for none yet");
        assert_eq!(close["token_uti"], azimuth_tests::tools::TOKEN_ID);
        assert_eq!(open["hosts"], json!([]), "it has reached none yet");
        assert_eq!(close["hosts"], json!([azimuth_tests::tools::HOST]));
        assert_eq!(open["acting_identity"], "user");
        assert_eq!(open["outcome"], Value::Null);
        assert!(close["duration_ms"].is_i64());
    }
    let outcomes: Vec<&str> = opens
        .iter()
        .map(|(key, _)| closes[key]["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["ok", "error", "error", "unknown", "ok", "ok"]);
}

#[tokio::test]
async fn the_open_is_there_before_the_tool_begins() {
    let (app, alice) = super::clerk().await;
    for (order, tool) in [("list a", "thing_list"), ("create a", "thing_create")] {
        let gate = Gate::default();
        app.tools.will(tool, [Behaviour::Held(gate.clone())]);
        let before = app.tools.seen().len();
        let held = app.tools.held();
        let turn = alice.ask(&alice.converse().await, order).await;
        if tool == "thing_create" {
            let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
            let approval = &waiting["calls"][0]["approval"];
            let text = |field: &str| approval[field].as_str().unwrap().to_owned();
            let decided = alice
                .decide(&text("approval_id"), &text("digest"), "approve")
                .await;
            assert_eq!(decided.status, 200, "{decided:?}");
        }
        until("the call is at the tool's door", || async {
            (app.tools.held() > held).then_some(())
        })
        .await;
        assert_eq!(app.tools.seen().len(), before, "{tool} has not begun");
        let path = format!("turn_id={turn}&tool=fake/{tool}");
        let kinds: Vec<Value> = records(&alice, &path)
            .await
            .iter()
            .map(|r| r["kind"].clone())
            .filter(|kind| kind != "approval")
            .collect();
        assert_eq!(kinds, [json!("open")], "{tool}");
        gate.open();
        alice.wait_for(&turn, &["done"], PATIENCE).await;
        assert_eq!(app.tools.seen().len(), before + 1);
    }
}

#[tokio::test]
async fn attempts_that_are_refused_at_the_door_are_on_record() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    // A tool that he may not use, and an approval that is not hers to give.
    let path = "/v1/tools/fake/thing_delete/calls";
    let refused = bob.post(path, json!({"arguments": {"name": "a"}})).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    let turn = alice.ask(&alice.converse().await, "delete a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    let refused = alice
        .decide(&text("approval_id"), &text("digest"), "approve")
        .await;
    assert_eq!(refused.status, 403, "{refused:?}");
    for (person, tool, turn) in [
        (&bob, "fake/thing_delete", Value::Null),
        (&alice, "fake/thing_delete", json!(turn)),
    ] {
        let denied = records(person, "kind=denied").await;
        assert_eq!(denied.len(), 1, "{denied:?}");
        let user = app.user(&person.name);
        let record = &denied[0];
        assert_eq!(
            (
                &record["tid"],
                &record["oid"],
                &record["tool"],
                &record["turn_id"],
                &record["outcome"]
            ),
            (
                &json!(user.tid),
                &json!(user.oid),
                &json!(tool),
                &turn,
                &json!("denied")
            )
        );
        assert!(record["at"].is_string() && record["policy_version"].is_string());
    }
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn deleting_and_restoring_a_conversation_is_on_record() {
    let (app, alice) = super::clerk().await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}");
    let gone = alice.send(alice.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    let restore = alice.request(Method::POST, &format!("{path}/restore"));
    assert_eq!(alice.send(restore).await.status, 200);
    let records = records(&alice, "kind=conversation").await;
    let user = app.user("alice");
    assert_eq!(records.len(), 2, "{records:?}");
    for (record, word) in records.iter().zip(["deleted", "restored"]) {
        assert_eq!(
            (&record["oid"], &record["detail"], &record["target"]),
            (&json!(user.oid), &json!(word), &json!(conversation))
        );
    }
}

#[tokio::test]
async fn an_approved_call_names_who_agreed_to_what() {
    let (app, alice) = super::clerk().await;
    let turn = alice.ask(&alice.converse().await, "delete a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let digest = approval["digest"].as_str().unwrap();
    let carol = app.person("carol").await;
    let decided = carol
        .decide(approval["approval_id"].as_str().unwrap(), digest, "approve")
        .await;
    assert_eq!(decided.status, 200);
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    let records = records(&alice, &format!("turn_id={turn}")).await;
    let kinds: Vec<&str> = records
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["approval", "open", "close"]);
    let carol = app.user("carol");
    for record in &records {
        assert_eq!(record["decided_by"], format!("{}:{}", carol.tid, carol.oid));
        assert_eq!(record["approval_digest"], digest);
        assert_eq!(record["oid"], app.user("alice").oid);
    }
    assert_eq!(records[0]["detail"], "a test");
}

#[tokio::test]
async fn a_yes_that_did_not_count_is_no_yes_on_record() {
    let (app, alice) = super::clerk().await;
    let turn = alice.ask(&alice.converse().await, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let id = approval["approval_id"].as_str().unwrap();
    let digest = approval["digest"].as_str().unwrap();
    let wrong = alice.decide(id, &"0".repeat(64), "approve").await;
    assert_eq!(wrong.text("code"), "digest_mismatch");
    assert_eq!(alice.decide(id, digest, "approve").await.status, 200);
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    let late = alice.ask(&alice.converse().await, "create b").await;
    let waiting = alice.wait_for(&late, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    app.clock.advance(Duration::from_secs(3601));
    let expired = alice
        .decide(
            approval["approval_id"].as_str().unwrap(),
            approval["digest"].as_str().unwrap(),
            "approve",
        )
        .await;
    assert_eq!(expired.text("code"), "approval_expired");
    let agreed: Vec<(Value, Value)> = records(&alice, "kind=approval")
        .await
        .iter()
        .map(|r| (r["turn_id"].clone(), r["approval_digest"].clone()))
        .collect();
    assert_eq!(agreed, [(json!(turn), json!(digest))]);
}

#[tokio::test]
async fn refusals_are_on_record() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    let by_policy = ask(&bob, "create a", "approve").await;
    let by_person = ask(&alice, "create b", "deny").await;
    let late = alice.ask(&alice.converse().await, "create c").await;
    alice.wait_for(&late, &["waiting"], PATIENCE).await;
    app.clock.advance(Duration::from_secs(3601));
    assert_eq!(app.sweep().await, 200);
    alice.wait_for(&late, &["done"], PATIENCE).await;
    for (person, turn, kinds) in [
        (&bob, by_policy["id"].as_str().unwrap(), vec!["denied"]),
        (&alice, by_person["id"].as_str().unwrap(), vec!["approval"]),
        (&alice, late.as_str(), vec!["denied"]),
    ] {
        let records = records(person, &format!("turn_id={turn}")).await;
        let seen: Vec<&str> = records
            .iter()
            .map(|r| r["kind"].as_str().unwrap())
            .collect();
        assert!(
            kinds.iter().all(|kind| seen.contains(kind)),
            "{turn}: {seen:?}"
        );
        assert!(!seen.contains(&"open"));
        assert!(
            records.iter().all(|r| r["outcome"] == "denied"),
            "{records:?}"
        );
    }
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn secrets_leave_only_their_names() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    let body = json!({"arguments": {"secret": "db", "value": "hunter2", "name": "a"}});
    for (person, state, given) in [
        // He may not, and it is not kept what he may not.
        (
            &bob,
            "done",
            json!({"secret": "(secret)", "value": "(secret)", "name": "(secret)"}),
        ),
        // Hers waits for somebody who must know what it is about.
        (
            &alice,
            "waiting",
            json!({"secret": "db", "value": "(secret)", "name": "a"}),
        ),
    ] {
        let path = "/v1/tools/fake/thing_list/calls";
        let turn = person.post(path, body.clone()).await.text("turn_id");
        let turn = person.wait_for(&turn, &[state], PATIENCE).await;
        assert_eq!(turn["calls"][0]["arguments"], given, "{turn}");
        let id = turn["id"].as_str().unwrap();
        if state == "waiting" {
            let path = format!("/v1/turns/{id}");
            let gone = person.post(&format!("{path}/cancel"), json!({})).await;
            assert!(gone.status < 300, "{gone:?}");
            person.wait_for(id, &["cancelled"], PATIENCE).await;
            continue;
        }
        let records = records(person, &format!("turn_id={id}")).await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["arguments"], given);
    }
    let export = alice
        .send(alice.request(reqwest::Method::GET, "/v1/audit/export"))
        .await;
    assert!(!export.body.to_string().contains("hunter2"));
}
