//! Point 15: instances that hold one scale group each, as on Azure.

use azimuth_host::{Group, StartError};
use serde_json::json;

use crate::support::{TestApp, eventually, send, timer_function};

async fn start(group: &str) -> TestApp {
    let mut app = TestApp::new();
    app.group = group.parse().unwrap();
    app.start().await
}

#[tokio::test]
async fn the_http_group_listens_to_no_queue() {
    let app = start("http").await;
    app.queue.put("items", "hello").await;
    assert_eq!(app.get("/api/x").await.status, 200);
    assert_eq!(app.queue.looks("items"), Vec::<usize>::new());
    let environment = &app.events_of("start")[0]["environment"];
    assert_eq!(environment["FUNCTIONS_TARGET_GROUP"], "http");
}

#[tokio::test]
async fn a_function_group_serves_its_function_and_no_http() {
    let app = start("function:work").await;
    app.queue.put("items", "hello").await;
    app.request("/work").await;
    assert_eq!(app.get("/api/x").await.status, 404);
    let environment = &app.events_of("start")[0]["environment"];
    assert_eq!(environment["FUNCTIONS_TARGET_GROUP"], "function:work");
}

#[tokio::test]
async fn two_groups_are_two_processes_that_share_the_queue_only() {
    let app = start("http").await;
    let worker = app.second_host("function:work".parse().unwrap()).await;
    app.rule(
        "/work",
        &json!({"gate": "done", "headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    app.queue.put("items", "hello").await;
    app.get("/api/x").await;
    let http = app.request("/api/x").await;
    let work = app.request("/work").await;
    assert_ne!(http["pid"], work["pid"]);
    app.open_gate("done");
    eventually("success", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
    worker.stop().await;
}

#[tokio::test]
async fn only_the_group_s_own_timers_fire_but_any_function_can_be_started_by_hand() {
    let mut app = TestApp::new().function("tick", &timer_function("* * * * * *"));
    app.group = Group::Http;
    let app = app.start().await;
    let headers = [("Content-Type", "application/json")];
    let answer = send(
        app.address(),
        "POST",
        "/admin/functions/work",
        &headers,
        Some("{}"),
    )
    .await;
    assert_eq!(answer.status, 202);
    app.request("/work").await;
    assert!(app.requests("/tick").is_empty());
}

#[tokio::test]
async fn a_group_without_a_function_is_refused() {
    for group in ["function:absent", "function:api"] {
        let mut app = TestApp::new();
        app.group = group.parse().unwrap();
        let error = app.try_start().await.unwrap_err();
        assert!(matches!(error, StartError::EmptyGroup(_)), "{error}");
    }
    for text in ["", "queue", "function:", "Function:x"] {
        assert!(text.parse::<Group>().is_err(), "{text}");
    }
}
