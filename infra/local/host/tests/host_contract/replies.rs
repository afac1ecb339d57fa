//! Point 4: which answers count, and what an empty one does.

use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

/// Posts one message, with `rule` for its answer, and gives the application.
async fn work_answered_by(rule: &Value) -> TestApp {
    let app = TestApp::new().start().await;
    app.rule("/work", rule);
    app.queue.put("items", "hello").await;
    app
}

async fn assert_succeeds(rule: Value) {
    let app = work_answered_by(&rule).await;
    eventually(&format!("success of {rule}"), || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
    assert_eq!(app.requests("/work").len(), 1, "{rule}");
}

/// A failure releases the message at once (`visibilityTimeout` 0), so it comes again.
async fn assert_fails(rule: Value) {
    let app = work_answered_by(&rule).await;
    app.nth_request("/work", 2).await;
    app.logged("(Failed, Id=").await;
}

async fn assert_never_completes(rule: Value) {
    let app = TestApp::new()
        .host_setting("/functionTimeout", "00:00:00.150")
        .start()
        .await;
    app.rule("/work", &rule);
    app.queue.put("items", "hello").await;
    let first = app.ready().await;
    app.request("/work").await;
    app.logged("Timeout value of 150ms was exceeded by function: Functions.work")
        .await;
    // A kill and a restart is all that ends it.
    eventually("another handler", || {
        let starts = app.events_of("start");
        starts
            .iter()
            .any(|start| start["pid"] != first)
            .then_some(())
    })
    .await;
    assert_eq!(app.queue.bodies("items"), ["hello"], "{rule}");
}

#[tokio::test]
async fn a_2xx_with_a_json_object_is_a_success() {
    for (status, media_type, body) in [
        (200, "application/json", "{}"),
        (
            200,
            "application/json; charset=utf-8",
            r#"{"Outputs":{},"Logs":[],"ReturnValue":1}"#,
        ),
        (202, "TEXT/JSON", r#"{"outputs":null,"other":true}"#),
    ] {
        assert_succeeds(
            json!({"status": status, "headers": {"content-type": media_type}, "body": body}),
        )
        .await;
    }
}

#[tokio::test]
async fn logs_of_a_success_are_logged() {
    let rule = json!({"headers": {"content-type": "application/json"}, "body": r#"{"logs":["one thing"]}"#});
    let app = work_answered_by(&rule).await;
    let line = app.logged("one thing").await;
    assert_eq!(line, "[Information] Function.work.User: one thing");
}

#[tokio::test]
async fn another_status_is_a_failure_and_its_logs_are_lost() {
    for status in [400, 404, 429, 500, 503] {
        let rule = json!({
            "status": status,
            "headers": {"content-type": "application/json"},
            "body": r#"{"Logs":["lost line"]}"#,
        });
        let app = work_answered_by(&rule).await;
        app.nth_request("/work", 2).await;
        assert!(
            !app.log
                .lines()
                .iter()
                .any(|line| line.contains("lost line"))
        );
    }
}

#[tokio::test]
async fn a_2xx_that_is_not_json_is_a_failure() {
    assert_fails(json!({"headers": {"content-type": "text/plain"}, "body": "{}"})).await;
    assert_fails(json!({"body": "{}"})).await;
    assert_fails(json!({"headers": {"content-type": "application/json"}, "body": "{broken"})).await;
    assert_fails(json!({"headers": {"content-type": "application/json"}, "body": "[]"})).await;
    assert_fails(
        json!({"headers": {"content-type": "application/json"}, "body": r#"{"Logs":"text"}"#}),
    )
    .await;
}

#[tokio::test]
async fn an_empty_2xx_hangs_until_the_function_timeout() {
    assert_never_completes(json!({"body": ""})).await;
    assert_never_completes(json!({"status": 204})).await;
}

#[tokio::test]
async fn a_null_body_hangs_until_the_function_timeout() {
    assert_never_completes(
        json!({"headers": {"content-type": "application/json"}, "body": "null"}),
    )
    .await;
}

#[tokio::test]
async fn a_redirect_is_followed_inside_the_handler() {
    assert_succeeds(json!({"status": 307, "headers": {"location": "/elsewhere"}})).await;
    let app =
        work_answered_by(&json!({"status": 302, "headers": {"location": "/elsewhere?x=1"}})).await;
    let followed = app.request("/elsewhere").await;
    assert_eq!(followed["method"], "GET");
    assert_eq!(followed["target"], "/elsewhere?x=1");
    assert_fails(json!({"status": 302, "headers": {"location": "http://192.0.2.1/"}})).await;
}

#[tokio::test]
async fn a_broken_connection_is_a_failure() {
    assert_fails(json!({"hang_up": true})).await;
}

#[tokio::test]
async fn an_answer_within_the_function_timeout_is_in_time() {
    let app = TestApp::new()
        .host_setting("/functionTimeout", "00:01:00")
        .start()
        .await;
    app.rule(
        "/work",
        &json!({"gate": "later", "headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    app.queue.put("items", "hello").await;
    app.request("/work").await;
    assert_eq!(app.queue.bodies("items"), ["hello"]);
    app.open_gate("later");
    eventually("success", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
}
