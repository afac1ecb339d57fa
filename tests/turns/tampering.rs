//! An approved call that somebody changed in the store does not run.

use std::time::Duration;

use azimuth_domain::turn::Turn;
use azimuth_domain::work::WorkItem;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::script::Script;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, call_id, outcomes};

/// What is changed of a turn's first call, as it lies in the store.
type Change = fn(&mut Value);

/// Everything that the digest covers and that can be changed without the store or the
/// queue finding another turn or call.
const CHANGES: [(&str, Change); 8] = [
    ("argument", |turn| {
        call(turn)["arguments"]["name"] = json!("b");
    }),
    ("one argument more", |turn| {
        call(turn)["arguments"]["resource-group"] = json!("rg");
    }),
    ("target", |turn| call(turn)["target"] = json!("b")),
    ("tool", |turn| {
        call(turn)["tool"]["name"] = json!("thing_delete");
    }),
    ("pinned tool", |turn| {
        call(turn)["tool_hash"] = json!("0".repeat(64));
    }),
    ("digest in the queue", |turn| {
        call(turn)["state"]["digest"] = json!("0".repeat(64));
    }),
    ("digest that was approved", |turn| {
        call(turn)["approval"]["digest"] = json!("0".repeat(64));
    }),
    ("the yes is a no", |turn| {
        call(turn)["approval"]["decided"]["approved"] = json!(false);
    }),
];

fn call(turn: &mut Value) -> &mut Value {
    &mut turn["steps"][0]["calls"][0]
}

/// Replaces the stored turn, as somebody with an editor does.
fn bend(app: &TestApp, id: &str, change: Change) {
    let connection = Connection::open(app.data().join("azimuth.sqlite")).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    let body: String = connection
        .query_row("SELECT body FROM turns WHERE id = ?", [id], |row| {
            row.get(0)
        })
        .unwrap();
    let before: Value = serde_json::from_str(&body).unwrap();
    let mut after = before.clone();
    change(&mut after);
    assert_ne!(after, before);
    // It must still be a turn, or nothing is shown.
    let _: Turn = serde_json::from_value(after.clone()).unwrap();
    let changed = connection
        .execute(
            "UPDATE turns SET body = ? WHERE id = ?",
            params![after.to_string(), id],
        )
        .unwrap();
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn a_call_that_was_changed_after_the_yes_is_denied_whatever_was_changed() {
    let untouched: (&str, Change) = ("nothing", |turn| turn["model_name"] = json!("another"));
    for (what, change) in CHANGES.into_iter().chain([untouched]) {
        let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
        let alice = app.person("alice").await;
        let turn = ask_until(&alice, "create a", &["waiting"]).await;
        let (approval, digest) = approval(&turn);
        let decided = alice.decide(&approval, &digest, "approve").await;
        assert_eq!(decided.status, 200, "{decided:?}");
        app.engine.idle().await;
        let id = turn["id"].as_str().unwrap();
        bend(&app, id, change);
        let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
        assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
        let (outcome, calls) = if what == "nothing" {
            ("ok", 1)
        } else {
            ("denied", 0)
        };
        let ended = alice.wait_for(id, &["done", "failed"], PATIENCE).await;
        assert_eq!(outcomes(&ended), [outcome], "{what}: {ended}");
        assert_eq!(app.tools.seen().len(), calls, "{what}");
    }
}
