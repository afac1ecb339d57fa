//! An audit that does not answer once, or whose answer is lost, costs nobody a known
//! outcome and no attempt.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::audit::{AuditEntry, AuditKind};
use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// `create a`, approved, up to its end, while the audit is told to `fail`.
async fn created_while(fail: impl FnOnce(&TestApp)) -> (Arc<TestApp>, Person, Value) {
    let (app, alice) = super::clerk().await;
    let turn = alice.ask(&alice.converse().await, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().unwrap().to_owned();
    fail(&app);
    let decided = alice
        .decide(&text("approval_id"), &text("digest"), "approve")
        .await;
    assert_eq!(decided.status, 200, "{decided:?}");
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(app.tools.seen().len(), 1, "a change happens once");
    (app, alice, ended)
}

fn is(kind: AuditKind) -> impl Fn(&AuditEntry) -> bool + Send + Sync + 'static {
    move |entry| entry.kind == kind
}

/// Attempt and outcome of a turn's only call, and of its only close.
async fn told(person: &Person, turn: &Value) -> [(Value, Value); 2] {
    let of = |v: &Value| (v["attempt"].clone(), v["outcome"].clone());
    let path = format!(
        "/v1/audit?kind=close&turn_id={}",
        turn["id"].as_str().unwrap()
    );
    let closes = person.get(&path).await.body;
    let closes = closes["items"].as_array().unwrap();
    assert_eq!(closes.len(), 1, "{closes:?}");
    [of(&turn["calls"][0]), of(&closes[0])]
}

#[tokio::test]
async fn a_close_that_is_refused_once_does_not_make_a_success_unknown() {
    let (_app, alice, ended) =
        created_while(|app| app.audit.refuse_some(2, is(AuditKind::Close))).await;
    let expected = (json!(1), json!("ok"));
    assert_eq!(told(&alice, &ended).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_close_whose_reply_is_lost_is_known_for_ones_own() {
    let (_app, alice, ended) =
        created_while(|app| app.audit.lose_replies(1, is(AuditKind::Close))).await;
    let expected = (json!(1), json!("ok"));
    assert_eq!(told(&alice, &ended).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn an_open_that_is_refused_once_costs_no_attempt() {
    let (_app, alice, ended) =
        created_while(|app| app.audit.refuse_some(2, is(AuditKind::Open))).await;
    let expected = (json!(1), json!("ok"));
    assert_eq!(told(&alice, &ended).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn an_open_whose_reply_is_lost_is_known_for_ones_own() {
    let (_app, alice, ended) =
        created_while(|app| app.audit.lose_replies(1, is(AuditKind::Open))).await;
    let expected = (json!(1), json!("ok"));
    assert_eq!(told(&alice, &ended).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_turn_that_is_stopped_while_its_call_cannot_be_opened_runs_nothing() {
    let (app, alice) = super::clerk().await;
    app.audit.refuse(is(AuditKind::Open));
    let turn = alice.ask(&alice.converse().await, "list").await;
    azimuth_tests::waiting::until("the open is refused", || async {
        (app.audit.refused() > 0).then_some(())
    })
    .await;
    let stopped = alice
        .post(&format!("/v1/turns/{turn}/cancel"), json!({}))
        .await;
    assert_eq!(stopped.status, 200, "{stopped:?}");
    app.audit.accept_all();
    let ended = alice.wait_for(&turn, &["cancelled"], PATIENCE).await;
    assert_eq!(ended["calls"][0]["outcome"], "cancelled");
    assert!(app.tools.seen().is_empty());
}
