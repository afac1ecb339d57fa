//! What people may use in a day, destroy in an hour, and start while the kill switch is
//! on: one below, at, and one above.

use std::time::Duration;

use azimuth_domain::audit::AuditKind;
use azimuth_domain::limits::MAX_CALLS_PER_STEP;
use azimuth_domain::work::WorkItem;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Line, Script, call, question, say, step_of};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, call_id, outcomes, product};

/// Lets everybody do everything, without asking anybody.
const EVERYTHING: &str = r#"@id("all") permit (principal, action, resource);"#;

/// Chooses the limits of the tenant, and gives its administrator.
async fn limit(app: &TestApp, limits: Value) -> Person {
    let dave = app.person("dave").await;
    let mut body = limits;
    body["reason"] = json!("for a test");
    put(&dave, "quotas", body).await;
    dave
}

/// Turns the kill switch.
async fn stop(dave: &Person, on: bool, scope: &str) {
    let body = json!({"on": on, "scope": scope, "reason": "something is wrong"});
    put(dave, "kill-switch", body).await;
}

async fn put(dave: &Person, what: &str, body: Value) {
    let path = format!("/v1/admin/{what}");
    let request = dave.request(Method::PUT, &path).header("if-match", "*");
    let stored = Reply::to(request.json(&body)).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
}

/// Asks, and gets no turn.
async fn refused(person: &Person, code: &str, quota: &str) -> Reply {
    let path = format!("/v1/conversations/{}/turns", person.converse().await);
    let request = person.request(Method::POST, &path);
    let request = request.header("idempotency-key", "one-too-many");
    let reply = Reply::to(request.json(&json!({"text": "hello"}))).await;
    reply.assert_problem(quota, 429, code);
    assert_eq!(reply.body["quota"], quota);
    let seconds: u32 = reply.header("retry-after").parse().unwrap();
    assert!(seconds > 0);
    reply
}

/// What somebody used today, as they are told.
async fn used(person: &Person) -> Value {
    let rows = person.get("/v1/usage").await.body["items"].clone();
    rows[0].clone()
}

/// Waits until somebody is told that they used so many turns.
async fn counted(person: &Person, turns: u64) -> Value {
    azimuth_tests::waiting::until("the turns are counted", || async {
        let used = used(person).await;
        (used["turns"] == turns).then_some(used)
    })
    .await
}

async fn denials(person: &Person) -> Vec<Value> {
    let records = person.get("/v1/audit?kind=denied").await.body["items"].clone();
    records.as_array().unwrap().clone()
}

fn notes(turn: &Value) -> Vec<&str> {
    let calls = turn["calls"].as_array().unwrap().iter();
    calls.filter_map(|call| call["note"].as_str()).collect()
}

/// A model that asks for `count` calls of `tool` in its first step.
fn asks_for(tool: &'static str, count: usize) -> std::sync::Arc<Script> {
    let calls = (0..count).map(|n| {
        let name = json!({"name": format!("thing-{n}")});
        call(&format!("c{n}"), tool, &name)
    });
    Script::in_steps([calls.collect()])
}

#[tokio::test]
async fn a_quota_of_turns_is_met_at_its_limit_and_is_fresh_at_midnight() {
    let (app, alice) = product(Script::clerk()).await;
    limit(&app, json!({"roles": {"operator": {"turns_per_day": 2}}})).await;
    for turns in 1..=2 {
        ask_until(&alice, "hello", &["done"]).await;
        counted(&alice, turns).await;
    }
    let reply = refused(&alice, "turn_quota", "turns_per_day").await;
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("yours is 2") && detail.contains("T00:00:00.000Z"),
        "{detail}"
    );
    assert_eq!(
        used(&alice).await["turns"],
        2,
        "what was refused is not counted"
    );
    // Somebody with another role has another limit.
    let bob = app.person("bob").await;
    for turns in 1..=3 {
        ask_until(&bob, "hello", &["done"]).await;
        counted(&bob, turns).await;
    }
    app.clock.advance(Duration::from_hours(24));
    ask_until(&alice, "hello", &["done"]).await;
}

#[tokio::test]
async fn a_tenants_turns_are_everybodys_together() {
    let (app, alice) = product(Script::clerk()).await;
    limit(&app, json!({"tenant": {"turns_per_day": 2}})).await;
    let bob = app.person("bob").await;
    ask_until(&alice, "hello", &["done"]).await;
    counted(&alice, 1).await;
    ask_until(&bob, "hello", &["done"]).await;
    counted(&bob, 1).await;
    // The sum is at most a minute old.
    app.clock.advance(Duration::from_mins(1));
    for person in [&alice, &bob] {
        let reply = refused(person, "turn_quota", "turns_per_day").await;
        let detail = reply.body["detail"].as_str().unwrap();
        assert!(
            detail.contains("that of your organisation is 2"),
            "{detail}"
        );
    }
    let eve = app.person("eve").await;
    ask_until(&eve, "hello", &["done"]).await;
}

#[tokio::test]
async fn a_quota_of_tool_calls_denies_the_next_one_and_says_why() {
    let (app, alice) = product(asks_for("thing_list", 3)).await;
    limit(&app, json!({"person": {"tool_calls_per_day": 2}})).await;
    let turn = ask_until(&alice, "look", &["done"]).await;
    let mut ended = outcomes(&turn);
    ended.sort_unstable();
    assert_eq!(ended, ["denied", "ok", "ok"]);
    assert!(notes(&turn)[0].contains("quota of tool calls"), "{turn}");
    assert_eq!(app.tools.seen().len(), 2);
    assert_eq!(denials(&alice).await.len(), 1);
    let used = counted(&alice, 1).await;
    assert_eq!(
        (&used["tool_calls"], &used["turns"]),
        (&json!(2), &json!(1))
    );
    // Without a model nothing is made of it.
    let body = json!({"arguments": {}});
    let request = alice.request(Method::POST, "/v1/tools/fake/thing_list/calls");
    let request = request.header("idempotency-key", "by-hand").json(&body);
    let reply = Reply::to(request).await;
    reply.assert_problem("by hand", 429, "tool_call_quota");
    assert_eq!(reply.body["quota"], "tool_calls_per_day");
}

#[tokio::test]
async fn a_quota_of_tokens_ends_the_turn_before_the_model_is_asked_again() {
    for (tokens, state) in [(99, "done"), (100, "failed"), (101, "failed")] {
        let model = Script::in_steps([vec![
            call("a", "thing_list", &json!({})),
            Line::Usage(tokens - 1, 1),
        ]]);
        let (app, alice) = product(model.clone()).await;
        limit(&app, json!({"person": {"tokens_per_day": 100}})).await;
        let turn = ask_until(&alice, "look", &[state]).await;
        assert_eq!(outcomes(&turn), ["ok"], "what ran is kept");
        let used = counted(&alice, 1).await;
        assert_eq!(used["input_tokens"], tokens - 1);
        if state == "failed" {
            assert_eq!(turn["error"]["code"], "token_quota");
            assert_eq!(model.asked().len(), 1);
            refused(&alice, "token_quota", "tokens_per_day").await;
        }
    }
}

#[tokio::test]
async fn no_more_is_destroyed_in_an_hour_than_the_budget_holds() {
    let (app, alice) = product(asks_for("thing_delete", 3)).await;
    let limits = json!({"person": {"destructive_calls_per_hour": 2}});
    let dave = limit(&app, limits).await;
    crate::api::replace_policies(&dave, EVERYTHING).await;
    let turn = ask_until(&alice, "delete", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok", "ok", "denied"], "in their order");
    assert!(notes(&turn)[0].contains("in the last hour"), "{turn}");
    assert_eq!(denials(&alice).await.len(), 1);
    let me = alice.get("/v1/me").await.body;
    let quotas = me["quotas"].as_array().unwrap().iter();
    let budget = quotas
        .clone()
        .find(|quota| quota["name"] == "destructive_calls_per_hour");
    let of = |field: &str| budget.unwrap()[field].clone();
    assert_eq!(
        (of("limit"), of("used"), of("left")),
        (json!(2), json!(2), json!(0))
    );

    // Nobody is asked about what may not run.
    crate::api::replace_policies(&dave, BY_ANOTHER).await;
    let turn = ask_until(&alice, "delete", &["done"]).await;
    assert_eq!(outcomes(&turn), ["denied"; 3]);
    let inbox = app.person("carol").await.get("/v1/approvals").await.body;
    assert_eq!(inbox["items"], json!([]));
    assert_eq!(app.tools.seen().len(), 2);

    crate::api::replace_policies(&dave, EVERYTHING).await;
    app.clock.advance(Duration::from_hours(1));
    let turn = ask_until(&alice, "delete", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok", "ok", "denied"]);
}

/// What destroys needs somebody else.
const BY_ANOTHER: &str = r#"@id("all") @approval("another") permit (principal, action, resource);"#;

#[tokio::test]
async fn what_was_approved_while_something_was_left_is_denied_when_nothing_is() {
    let (app, alice) = product(Script::clerk()).await;
    limit(&app, json!({"tenant": {"destructive_calls_per_hour": 1}})).await;
    let carol = app.person("carol").await;
    let first = ask_until(&alice, "delete a", &["waiting"]).await;
    let second = ask_until(&alice, "delete b", &["waiting"]).await;
    for (turn, outcome) in [(&first, "ok"), (&second, "denied")] {
        let (id, digest) = approval(turn);
        assert_eq!(carol.decide(&id, &digest, "approve").await.status, 200);
        let id = turn["id"].as_str().unwrap();
        let ended = alice.wait_for(id, &["done"], PATIENCE).await;
        assert_eq!(outcomes(&ended), [outcome], "{ended}");
    }
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn a_destructive_call_that_is_tried_again_is_in_the_budget_once() {
    let app = TestApp::start(AppShape::undelivered(asks_for("thing_delete", 1))).await;
    let alice = app.person("alice").await;
    let dave = limit(&app, json!({"person": {"destructive_calls_per_hour": 1}})).await;
    crate::api::replace_policies(&dave, EVERYTHING).await;
    let turn = ask_until(&alice, "delete", &["running"]).await;
    app.engine.idle().await;
    let id = turn["id"].as_str().unwrap().to_owned();
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    app.audit.refuse(|entry| entry.kind == AuditKind::Open);
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 500);
    assert!(app.tools.seen().is_empty());
    app.audit.accept_all();
    assert_eq!(app.trigger("execute-tool", &item, 2).await, 200);
    let ended = alice.wait_for(&id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
}

#[tokio::test]
async fn while_the_kill_switch_is_on_nothing_starts_and_words_are_answered() {
    let (app, alice) = product(Script::clerk()).await;
    let dave = app.person("dave").await;
    let waiting = ask_until(&alice, "create a", &["waiting"]).await;
    let (id, digest) = approval(&waiting);
    assert_eq!(alice.get("/v1/me").await.body["kill_switch"], Value::Null);
    for (scope, reads) in [("all", "denied"), ("changes", "ok")] {
        stop(&dave, true, scope).await;
        let notice = alice.get("/v1/me").await.body["kill_switch"].clone();
        assert_eq!(
            (&notice["scope"], &notice["reason"]),
            (&json!(scope), &json!("something is wrong"))
        );
        let turn = ask_until(&alice, "list", &["done"]).await;
        assert_eq!(outcomes(&turn), [reads], "{scope}");
        let turn = ask_until(&alice, "create b", &["done"]).await;
        assert_eq!(outcomes(&turn), ["denied"], "{scope}");
        assert!(notes(&turn)[0].contains("kill switch"), "{turn}");
        ask_until(&alice, "hello", &["done"]).await;
        let decided = alice.decide(&id, &digest, "approve").await;
        assert_eq!(
            (decided.status, decided.text("code").as_str()),
            (409, "kill_switch_on")
        );
    }
    stop(&dave, false, "all").await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let id = waiting["id"].as_str().unwrap();
    let ended = alice.wait_for(id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(denials(&alice).await.len(), 3);
}

#[tokio::test]
async fn a_call_that_waits_in_the_queue_is_denied_by_every_process_within_15_seconds() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.engine.idle().await;
    let id = turn["id"].as_str().unwrap().to_owned();
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    // The executor's process has looked at the switch just now.
    let other = app.beside(AppShape::undelivered(Script::clerk())).await;
    alice.at(&other.api).get("/v1/me").await;
    stop(&app.person("dave").await, true, "all").await;
    app.clock.advance(Duration::from_secs(15));
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    assert_eq!(other.trigger("execute-tool", &item, 1).await, 200);
    let ended = alice.wait_for(&id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied"]);
    assert!(app.tools.seen().is_empty());
}

/// Promise S12, without a clock: she has all that she may have, and asks for more.
#[tokio::test]
async fn somebody_above_their_limit_leaves_the_others_alone() {
    let model = Script::answering(|request| {
        let count = match question(request) {
            "much" => MAX_CALLS_PER_STEP,
            _ => 1,
        };
        if step_of(request) > 0 {
            return vec![say("Done.")];
        }
        let calls = (0..count).map(|n| call(&format!("c{n}"), "thing_list", &json!({})));
        calls.collect()
    });
    let (app, alice) = product(model).await;
    limit(&app, json!({"roles": {"operator": {"turns_per_day": 1}}})).await;
    let gate = Gate::default();
    let oid = app.user("alice").oid;
    app.tools.hold(&oid, gate.clone());
    let hers = alice.ask(&alice.converse().await, "much").await;
    // As many as one executor with four slots gives her.
    app.tools.wait_for_calls(3).await;
    for _ in 0..10 {
        refused(&alice, "turn_quota", "turns_per_day").await;
    }
    let bob = app.person("bob").await;
    for turns in 1..=2 {
        let ended = ask_until(&bob, "little", &["done"]).await;
        assert_eq!(outcomes(&ended), ["ok"], "while all of hers hang");
        counted(&bob, turns).await;
    }
    let before = app.tools.seen().into_iter().filter(|seen| seen.oid == oid);
    assert_eq!(before.count(), 3);
    gate.open();
    let ended = alice.wait_for(&hers, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"; MAX_CALLS_PER_STEP]);
    let used = counted(&alice, 1).await;
    assert_eq!(used["tool_calls"], MAX_CALLS_PER_STEP);
    assert_eq!(counted(&bob, 2).await["tool_calls"], 2);
}

#[tokio::test]
async fn where_quotas_are_lifted_nothing_is_limited_and_all_is_counted() {
    let app = TestApp::start(AppShape {
        quotas: false,
        ..AppShape::with(asks_for("thing_delete", 2))
    })
    .await;
    let alice = app.person("alice").await;
    let limits = json!({"person": {
        "turns_per_day": 0, "tool_calls_per_day": 0, "tokens_per_day": 0,
        "destructive_calls_per_hour": 0, "turns_per_minute": 0,
    }});
    let dave = limit(&app, limits).await;
    crate::api::replace_policies(&dave, EVERYTHING).await;
    let turn = ask_until(&alice, "delete", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok", "ok"]);
    let used = counted(&alice, 1).await;
    assert_eq!(used["destructive_calls"], 2);
    assert_eq!(alice.get("/v1/me").await.body["quotas"], json!([]));
}

#[tokio::test]
async fn requests_of_a_minute_are_granted_up_to_the_limit() {
    let (app, alice) = product(Script::clerk()).await;
    limit(
        &app,
        json!({"roles": {"reader": {"requests_per_minute": 10}}}),
    )
    .await;
    let bob = app.person("bob").await;
    let mut refused = Vec::new();
    for n in 0..30 {
        let reply = Reply::to(bob.request(Method::GET, "/v1/settings")).await;
        // The eleventh is, unless six seconds have passed.
        if reply.status != 200 {
            assert!(n >= 10, "{n}");
            refused.push(reply);
        }
    }
    let reply = refused
        .first()
        .expect("there is one more every six seconds");
    reply.assert_problem("the eleventh", 429, "too_many_requests");
    assert_eq!(reply.body["quota"], "requests_per_minute");
    assert!(!reply.header("retry-after").is_empty());
    for _ in 0..20 {
        assert_eq!(alice.get("/v1/settings").await.status, 200);
    }
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(bob.get("/v1/settings").await.status, 200);
}
