//! Limits of a turn, one below, at, and one above.

use std::time::Duration;

use azimuth_domain::work::WorkItem;
use azimuth_ports::model::ChatMessage;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::script::{Line, Script, call, say};
use azimuth_tests::tools::Behaviour;
use serde_json::{Value, json};

use super::{PATIENCE, ask_until, call_id, product};

fn code(turn: &Value) -> &str {
    turn["error"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn a_turn_uses_at_most_a_million_tokens() {
    for (tokens, expected) in [
        (999_999, "none"),
        (1_000_000, "none"),
        (1_000_001, "token_limit"),
    ] {
        let model = Script::in_steps([vec![
            call("a", "thing_list", &json!({})),
            Line::Usage(tokens - 1, 1),
        ]]);
        let (_app, alice) = product(model).await;
        let turn = ask_until(&alice, "look", &["done", "failed"]).await;
        assert_eq!(code(&turn), expected, "{tokens}");
    }
}

#[tokio::test]
async fn a_turn_runs_at_most_half_an_hour() {
    for (minutes, expected) in [(29, "none"), (31, "time_limit")] {
        let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
        let alice = app.person("alice").await;
        let turn = ask_until(&alice, "list", &["running"]).await;
        app.engine.idle().await;
        let path = format!("/v1/turns/{}", turn["id"].as_str().unwrap());
        let turn = alice.get(&path).await.body;
        app.clock.advance(Duration::from_mins(minutes));
        let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
        assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
        let id = turn["id"].as_str().unwrap();
        let ended = alice.wait_for(id, &["done", "failed"], PATIENCE).await;
        assert_eq!(code(&ended), expected, "{minutes} minutes");
        assert_eq!(ended["calls"][0]["outcome"], "ok", "what ran is kept");
    }
}

#[tokio::test]
async fn waiting_for_people_is_no_running_time() {
    let (app, alice) = product(Script::clerk()).await;
    let turn = ask_until(&alice, "create a", &["waiting"]).await;
    app.clock.advance(Duration::from_mins(55));
    let (approval, digest) = super::approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    let id = turn["id"].as_str().unwrap();
    alice.wait_for(id, &["done"], PATIENCE).await;
}

#[tokio::test]
async fn a_turn_that_grows_too_large_ends_before_its_calls() {
    let large = json!({"name": "x".repeat(31_000)});
    let model = Script::in_steps([
        vec![call("a", "thing_list", &large)],
        vec![call("b", "thing_list", &large)],
        vec![call("c", "thing_list", &large)],
    ]);
    let (app, alice) = product(model).await;
    let turn = ask_until(&alice, "look", &["failed"]).await;
    assert_eq!(code(&turn), "turn_too_large");
    let ran = app.tools.seen().len();
    assert!(ran < 3, "{ran}");
    assert_eq!(
        turn["calls"].as_array().unwrap().len(),
        ran,
        "no call is left open"
    );
    let records = alice
        .get(&format!(
            "/v1/audit?turn_id={}",
            turn["id"].as_str().unwrap()
        ))
        .await
        .body;
    assert_eq!(records["items"].as_array().unwrap().len(), 2 * ran);
}

#[tokio::test]
async fn a_model_reads_256_kib_of_a_result_and_8_kib_of_an_old_one() {
    const NOW: usize = 256 * 1024;
    const LATER: usize = 8 * 1024;
    let frame = json!({"t": ""}).to_string().len();
    for (size, limit) in [
        (NOW - 1, NOW),
        (NOW, NOW),
        (NOW + 1, NOW),
        (LATER - 1, LATER),
        (LATER, LATER),
        (LATER + 1, LATER),
    ] {
        let model = Script::answering(|request| {
            if azimuth_tests::script::question(request) == "look"
                && azimuth_tests::script::step_of(request) == 0
            {
                vec![call("a", "thing_list", &json!({}))]
            } else {
                vec![say("Read.")]
            }
        });
        let (app, alice) = product(model.clone()).await;
        let value = json!({"t": "x".repeat(size - frame)});
        app.tools.will("thing_list", [Behaviour::Says(value)]);
        let conversation = alice.converse().await;
        alice.ask_and_wait(&conversation, "look").await;
        alice.ask_and_wait(&conversation, "and then?").await;
        let read: Vec<(usize, bool)> = model.asked()[1..]
            .iter()
            .map(|request| {
                let found = request.messages.iter().find_map(|message| match message {
                    ChatMessage::ToolResult {
                        content, truncated, ..
                    } => Some((content.len(), *truncated)),
                    _ => None,
                });
                found.unwrap()
            })
            .collect();
        let expected = |limit: usize| (size.min(limit), size > limit);
        assert_eq!(
            read,
            [expected(NOW), expected(LATER)],
            "{size} against {limit}"
        );
    }
}
