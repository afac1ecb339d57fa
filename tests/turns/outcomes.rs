//! How calls end, and how their results are read.

use std::time::Duration;

use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use azimuth_tests::tools::Behaviour;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, outcomes, product};

/// Asks, says yes where it is asked for, and waits for the end.
async fn ask_and_agree(person: &Person, order: &str) -> Value {
    let turn = ask_until(person, order, &["waiting", "done"]).await;
    if turn["status"] == "done" {
        return turn;
    }
    let (approval, digest) = approval(&turn);
    assert_eq!(
        person.decide(&approval, &digest, "approve").await.status,
        200
    );
    person
        .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
        .await
}

#[tokio::test]
async fn what_azure_refuses_for_its_limits_is_not_asked_again_before_it_says() {
    let (app, alice) = product(Script::clerk()).await;
    let bob = app.person("bob").await;
    let says = "Please try again after '2' minutes.".to_owned();
    app.tools.will("thing_list", [Behaviour::Fails(429, says)]);
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["error"]);
    let asked = app.tools.seen().len();
    // It begins nothing, and says so.
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["error"]);
    let note = turn["calls"][0]["note"].as_str().unwrap();
    assert!(note.contains("The call did not run"), "{note}");
    assert_eq!(app.tools.seen().len(), asked);
    // Somebody else, another kind of request, and later.
    assert_eq!(outcomes(&ask_until(&bob, "list", &["done"]).await), ["ok"]);
    let turn = ask_and_agree(&alice, "create a").await;
    assert_eq!(outcomes(&turn), ["ok"]);
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(
        outcomes(&ask_until(&alice, "list", &["done"]).await),
        ["ok"]
    );
}

#[tokio::test]
async fn what_is_not_known_is_never_called_an_error() {
    let (app, alice) = product(Script::clerk()).await;
    let says = |value: Value| Behaviour::Says(value);
    let fails = |status| Behaviour::Fails(status, "no".to_owned());
    let not_started = || Behaviour::NotStarted("The tool server cannot be started.".to_owned());
    let unclear = || Behaviour::Unclear("The tool server broke off.".to_owned());
    for (order, tool, behaviour, outcome, has_result) in [
        ("list", "thing_list", says(json!({"n": 1})), "ok", true),
        ("list", "thing_list", fails(404), "error", true),
        ("list", "thing_list", fails(503), "error", true),
        ("list", "thing_list", not_started(), "error", false),
        ("list", "thing_list", unclear(), "error", false),
        (
            "create a",
            "thing_create",
            says(json!({"n": 1})),
            "ok",
            true,
        ),
        ("create a", "thing_create", fails(400), "error", true),
        ("create a", "thing_create", fails(403), "error", true),
        ("create a", "thing_create", fails(409), "error", true),
        ("create a", "thing_create", fails(408), "unknown", true),
        ("create a", "thing_create", fails(500), "unknown", true),
        ("create a", "thing_create", fails(503), "unknown", true),
        ("create a", "thing_create", not_started(), "error", false),
        ("create a", "thing_create", unclear(), "unknown", false),
    ] {
        app.tools.will(tool, [behaviour]);
        let before = app.tools.seen().len();
        let turn = ask_and_agree(&alice, order).await;
        let call = &turn["calls"][0];
        let what = format!("{order} {call}");
        assert_eq!(call["outcome"], outcome, "{what}");
        assert_eq!(call["result"].is_object(), has_result, "{what}");
        if outcome == "unknown" {
            assert!(
                call["note"].as_str().is_some_and(|n| !n.is_empty()),
                "{what}"
            );
        }
        assert!(
            app.tools.seen().len() - before <= 1,
            "nothing is tried again: {what}"
        );
        let audit = alice
            .get(&format!(
                "/v1/audit?turn_id={}&kind=close",
                turn["id"].as_str().unwrap()
            ))
            .await;
        assert_eq!(audit.body["items"][0]["outcome"], outcome, "{what}");
    }
}

#[tokio::test]
async fn a_result_is_read_whole_and_in_parts() {
    let (app, alice) = product(Script::clerk()).await;
    let value = json!({"text": "가나다".repeat(100_000)});
    let bytes = value.to_string().into_bytes();
    app.tools.will("thing_list", [Behaviour::Says(value)]);
    let turn = ask_until(&alice, "list", &["done"]).await;
    let call = &turn["calls"][0];
    assert_eq!(call["result"]["size_bytes"], bytes.len());
    let path = format!(
        "/v1/turns/{}/calls/{}/result",
        turn["id"].as_str().unwrap(),
        call["call_id"].as_str().unwrap()
    );
    let whole = Reply::to(alice.request(Method::GET, &path))
        .await
        .expect("whole", 200);
    assert!(whole.bytes == bytes);
    assert_eq!(whole.header("content-type"), "application/json");
    assert_eq!(
        whole.header("content-disposition"),
        "attachment; filename=\"result.json\""
    );
    assert_eq!(whole.header("x-azimuth-truncated"), "false");
    let mut pieces = Vec::new();
    while pieces.len() < bytes.len() {
        let part = format!("{path}?offset={}&length=65536", pieces.len());
        let reply = Reply::to(alice.request(Method::GET, &part))
            .await
            .expect(&part, 206);
        let end = pieces.len() + reply.bytes.len();
        let range = format!("bytes {}-{}/{}", pieces.len(), end - 1, bytes.len());
        assert_eq!(reply.header("content-range"), range);
        pieces.extend_from_slice(&reply.bytes);
    }
    assert!(pieces == bytes);
    let beyond = format!("{path}?offset={}", bytes.len());
    let reply = Reply::to(alice.request(Method::GET, &beyond)).await;
    reply.assert_problem("beyond the end", 416, "range_invalid");
    assert_eq!(
        reply.header("content-range"),
        format!("bytes */{}", bytes.len())
    );
}

#[tokio::test]
async fn a_preview_is_the_whole_up_to_1_kib() {
    let (app, alice) = product(Script::clerk()).await;
    let frame = json!({"t": ""}).to_string().len();
    for size in [1023, 1024, 1025] {
        let value = json!({"t": "x".repeat(size - frame)});
        app.tools
            .will("thing_list", [Behaviour::Says(value.clone())]);
        let turn = ask_until(&alice, "list", &["done"]).await;
        let events = alice
            .events(turn["id"].as_str().unwrap(), 0)
            .await
            .all()
            .await;
        let finished = events
            .iter()
            .find(|e| e.name == "tool_call_finished")
            .unwrap();
        let preview = finished.data["preview"].as_str().unwrap();
        assert_eq!(preview.len(), size.min(1024), "{size}");
        assert!(value.to_string().starts_with(preview));
        assert_eq!(finished.data["result_ref"]["size_bytes"], size);
    }
}

#[tokio::test]
async fn another_turns_call_is_not_found_here() {
    let (_app, alice) = product(Script::clerk()).await;
    let one = ask_until(&alice, "list", &["done"]).await;
    let two = ask_until(&alice, "list", &["done"]).await;
    let path = format!(
        "/v1/turns/{}/calls/{}/result",
        one["id"].as_str().unwrap(),
        two["calls"][0]["call_id"].as_str().unwrap()
    );
    let reply = Reply::to(alice.request(Method::GET, &path)).await;
    reply.assert_problem("another turn's", 404, "not_found");
}
