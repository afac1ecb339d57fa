//! When the audit takes no record, nothing is done and nobody is told that it was.

use std::time::Duration;

use azimuth_domain::audit::AuditKind;
use azimuth_tests::app::TestApp;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// How often an executor offers a close before it leaves the call to its lease.
const TRIES: usize = 5;

/// Returns when an executor has offered its close for the last time.
async fn executor_gave_up(app: &TestApp) {
    azimuth_tests::waiting::until("the close is refused", || async {
        (app.audit.refused() == TRIES).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_an_open_no_call() {
    let (app, alice) = super::clerk().await;
    app.audit.refuse(|entry| entry.kind == AuditKind::Open);
    for order in ["list", "create a"] {
        let turn = alice.ask(&alice.converse().await, order).await;
        let found = alice.wait_for(&turn, &["waiting", "done"], PATIENCE).await;
        if found["status"] == "waiting" {
            let approval = &found["calls"][0]["approval"];
            let text = |field: &str| approval[field].as_str().unwrap().to_owned();
            let decided = alice
                .decide(&text("approval_id"), &text("digest"), "approve")
                .await;
            assert_eq!(decided.status, 200);
        }
        let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
        assert_eq!(ended["calls"][0]["outcome"], "not_run", "{order}");
        assert!(ended["calls"][0]["result"].is_null());
    }
    assert!(app.tools.seen().is_empty());
    assert!(app.audit.refused() >= 2);
    app.audit.accept_all();
    let turn = alice.ask(&alice.converse().await, "list").await;
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(
        ended["calls"][0]["outcome"], "ok",
        "afterwards it works again"
    );
}

#[tokio::test]
async fn without_a_close_no_success() {
    let (app, alice) = super::clerk().await;
    app.audit.refuse(|entry| entry.kind == AuditKind::Close);
    let turn = alice.ask(&alice.converse().await, "list").await;
    app.tools.wait_for_calls(1).await;
    executor_gave_up(&app).await;
    let found = alice.get(&format!("/v1/turns/{turn}")).await.body;
    assert_eq!(
        (&found["status"], &found["calls"][0]["outcome"]),
        (&json!("running"), &Value::Null),
        "nothing is claimed"
    );
    // The audit takes records again, and the call that nobody closed is reclaimed.
    app.audit.accept_all();
    app.clock.advance(Duration::from_secs(21));
    assert_eq!(app.sweep().await, 200);
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(ended["calls"][0]["outcome"], "ok");
    let path = format!("/v1/audit?turn_id={turn}");
    let records = alice.get(&path).await.body;
    let kinds: Vec<&str> = records["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.iter().filter(|k| **k == "open").count(),
        kinds.iter().filter(|k| **k == "close").count()
    );
}

#[tokio::test]
async fn a_change_that_nobody_closed_is_unknown_and_not_repeated() {
    let (app, alice) = super::clerk().await;
    app.audit.refuse(|entry| entry.kind == AuditKind::Close);
    let turn = alice.ask(&alice.converse().await, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    let decided = alice
        .decide(&text("approval_id"), &text("digest"), "approve")
        .await;
    assert_eq!(decided.status, 200);
    executor_gave_up(&app).await;
    app.audit.accept_all();
    app.clock.advance(Duration::from_secs(21));
    assert_eq!(app.sweep().await, 200);
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(ended["calls"][0]["outcome"], "unknown");
    assert_eq!(app.tools.seen().len(), 1);
    let closes = alice
        .get(&format!("/v1/audit?kind=close&turn_id={turn}"))
        .await
        .body;
    let outcomes: Vec<&Value> = closes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["outcome"])
        .collect();
    assert_eq!(outcomes, [&json!("unknown")], "turn and audit agree");
}

#[tokio::test]
async fn without_a_record_no_decision() {
    let (app, alice) = super::clerk().await;
    let turn = alice.ask(&alice.converse().await, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    app.audit.refuse(|entry| entry.kind == AuditKind::Approval);
    let refused = alice
        .decide(&text("approval_id"), &text("digest"), "approve")
        .await;
    assert_eq!(refused.status, 503, "{refused:?}");
    let found = alice
        .get(&format!("/v1/approvals/{}", text("approval_id")))
        .await;
    assert_eq!(found.text("state"), "pending");
    assert!(app.tools.seen().is_empty());
    app.audit.accept_all();
    let decided = alice
        .decide(&text("approval_id"), &text("digest"), "approve")
        .await;
    assert_eq!(decided.status, 200);
    alice.wait_for(&turn, &["done"], PATIENCE).await;
}

#[tokio::test]
async fn without_a_record_no_reading_of_others_and_no_deletion() {
    let (app, alice) = super::clerk().await;
    let conversation = alice.converse().await;
    let carol = app.person("carol").await;
    app.audit.refuse(|_| true);
    for path in ["/v1/audit", "/v1/audit/export"] {
        let reply = Reply::to(carol.request(Method::GET, path)).await;
        reply.assert_problem(path, 503, "audit_unavailable");
    }
    let path = format!("/v1/conversations/{conversation}");
    let reply = Reply::to(alice.request(Method::DELETE, &path)).await;
    reply.assert_problem("delete", 503, "audit_unavailable");
    assert_eq!(alice.get(&path).await.status, 200, "it is still there");
    let reply = Reply::to(alice.request(Method::GET, "/v1/subscriptions")).await;
    reply.assert_problem("subscriptions", 503, "audit_unavailable");
    // One's own records are read without one.
    assert_eq!(alice.get("/v1/audit").await.status, 200);
}
