//! Points 3 and 7: what a request of the host looks like, and when a handler
//! is taken to be ready.

use std::time::Duration;

use azimuth_host::handler::Stopped;
use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

fn header<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    let headers = request["headers"].as_array().unwrap();
    let found = headers.iter().find(|header| header[0] == name);
    found.map(|header| header[1].as_str().unwrap())
}

#[tokio::test]
async fn an_invocation_has_the_headers_of_the_host() {
    let app = TestApp::new().start().await;
    app.queue.put("items", "one").await;
    app.queue.put("items", "two").await;
    let one = app.nth_request("/work", 1).await;
    let two = app.nth_request("/work", 2).await;
    assert_eq!(one["method"], "POST");
    assert_eq!(one["target"], "/work");
    assert_eq!(header(&one, "transfer-encoding"), Some("chunked"));
    assert_eq!(header(&one, "content-length"), None);
    assert_eq!(
        header(&one, "content-type"),
        Some("application/json; charset=utf-8")
    );
    let version = header(&one, "x-azure-functions-hostversion").unwrap();
    assert_eq!(
        header(&one, "user-agent"),
        Some(format!("Azure-Functions-Host/{version}").as_str())
    );
    let environment = &app.events_of("start")[0]["environment"];
    let port = environment["FUNCTIONS_CUSTOMHANDLER_PORT"]
        .as_str()
        .unwrap();
    assert_eq!(
        header(&one, "host"),
        Some(format!("127.0.0.1:{port}").as_str())
    );
    for fresh in ["x-azure-functions-invocationid", "traceparent"] {
        assert!(header(&one, fresh).is_some(), "{fresh}");
        assert_ne!(header(&one, fresh), header(&two, fresh), "{fresh}");
    }
    let trace = header(&one, "traceparent").unwrap();
    assert_eq!(
        trace.split('-').map(str::len).collect::<Vec<_>>(),
        [2, 32, 16, 2]
    );
}

#[tokio::test]
async fn any_http_answer_to_get_slash_is_ready() {
    let mut app = TestApp::new();
    app.rule("/", &json!({"status": 503, "body": "not well"}));
    app.try_start().await.unwrap();
    app.ready().await;
    let asked = app.request("/").await;
    assert_eq!(asked["method"], "GET");
    // Nothing else is asked, no /health.
    assert_eq!(app.events_of("request").len(), 1);
    assert_eq!(app.get("/api/x").await.status, 200);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_ready_too() {
    let mut app = TestApp::new();
    app.rule("/", &json!({"hang_up": true}));
    app.try_start().await.unwrap();
    app.ready().await;
}

#[tokio::test]
async fn requests_wait_until_the_handler_is_ready() {
    let mut app = TestApp::new();
    app.rule("/", &json!({"gate": "booted", "body": ""}));
    app.try_start().await.unwrap();
    app.queue.put("items", "early").await;
    app.request("/").await;
    let (answer, ()) = tokio::join!(app.get("/api/early"), async {
        // The listener takes the message while the handler still starts.
        eventually("a look", || {
            let taken = app.queue.messages("items").first()?.dequeue_count == 1;
            taken.then_some(())
        })
        .await;
        assert_eq!(app.events_of("request").len(), 1);
        app.open_gate("booted");
    });
    assert_eq!(answer.status, 200);
    app.request("/work").await;
}

#[tokio::test]
async fn a_handler_that_never_listens_counts_as_failed() {
    let mut app =
        TestApp::new().host_setting("/customHandler/initializationTimeout", "00:00:00.500");
    app.at_start(&json!({"silent": true}));
    app.try_start().await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(20), app.host().stopped()).await;
    assert!(matches!(stopped, Ok(Stopped::ThreeStrikes)), "{stopped:?}");
    let starts = app.events_of("start");
    assert_eq!(starts.len(), 3);
    app.logged("did not answer GET / on 127.0.0.1").await;
}
