//! Point 11: nothing is collected on the way, silence ends an exchange, and so
//! does a client that goes away.

use std::time::Duration;

use serde_json::json;

use crate::support::{BrokenOff, RawClient, TestApp, eventually};

#[tokio::test]
async fn an_answer_streams_chunk_by_chunk() {
    let app = TestApp::new().start().await;
    app.rule(
        "/api/events",
        &json!({
            "headers": {"content-type": "text/event-stream"},
            "chunks": [{"data": "data: 1\n\n"}, {"gate": "two", "data": "data: 2\n\n"}, {"gate": "three", "data": "data: 3\n\n"}],
        }),
    );
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let head = client.head().await;
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(client.chunk().await.as_deref(), Some("data: 1\n\n"));
    // The second does not exist yet while the first is here.
    app.open_gate("two");
    assert_eq!(client.chunk().await.as_deref(), Some("data: 2\n\n"));
    app.open_gate("three");
    assert_eq!(client.chunk().await.as_deref(), Some("data: 3\n\n"));
    assert_eq!(client.chunk().await, None);
}

#[tokio::test]
async fn a_chunked_request_streams_piece_by_piece() {
    let app = TestApp::new().start().await;
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("POST /api/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        .await;
    let piece = app.event("piece", "/api/upload").await;
    assert_eq!(piece["data"], "first");
    client.write("6\r\nsecond\r\n0\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    let request = app.request("/api/upload").await;
    assert_eq!(request["body"], "firstsecond");
    assert!(
        request["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["transfer-encoding", "chunked"]))
    );
}

#[tokio::test]
async fn a_sized_request_keeps_its_length() {
    let app = TestApp::new().start().await;
    app.post("/api/x", &[], "12345").await;
    let request = app.request("/api/x").await;
    assert!(
        request["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["content-length", "5"]))
    );
    assert_eq!(request["body"], "12345");
}

#[tokio::test]
async fn expect_continue_is_answered_by_the_host() {
    let app = TestApp::new().start().await;
    let mut client = RawClient::connect(app.address()).await;
    client
        .write(
            "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        )
        .await;
    assert_eq!(client.head().await.status, 100);
    client.write("ok").await;
    assert_eq!(client.answer().await.status, 200);
    let request = app.request("/api/x").await;
    assert_eq!(request["body"], "ok");
    let headers = request["headers"].as_array().unwrap();
    assert!(!headers.iter().any(|header| header[0] == "expect"));
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_stream_in_the_handler() {
    let app = TestApp::new().start().await;
    app.rule(
        "/api/events",
        &json!({"chunks": [{"data": "first"}, {"gate": "never", "data": "second"}]}),
    );
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    client.head().await;
    assert_eq!(client.chunk().await.as_deref(), Some("first"));
    drop(client);
    app.event("dropped", "/api/events").await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_cancels_the_handler_s_work() {
    let app = TestApp::new().start().await;
    app.rule("/api/slow", &json!({"forever": true}));
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    app.request("/api/slow").await;
    drop(client);
    app.event("dropped", "/api/slow").await;
}

#[tokio::test]
async fn silence_before_the_answer_is_a_gateway_timeout() {
    let app = TestApp::new()
        .timing(|timing| timing.activity_timeout = Duration::from_millis(500))
        .start()
        .await;
    app.rule("/api/slow", &json!({"forever": true}));
    assert_eq!(app.get("/api/slow").await.status, 504);
    app.event("dropped", "/api/slow").await;
}

#[tokio::test]
async fn silence_within_a_stream_breaks_it_off_and_a_heartbeat_prevents_that() {
    let app = TestApp::new()
        .timing(|timing| timing.activity_timeout = Duration::from_millis(1500))
        .start()
        .await;
    let beats: Vec<_> = (0..8)
        .map(|beat| json!({"gate": format!("beat{beat}"), "data": ": heartbeat\n\n"}))
        .collect();
    let mut chunks = vec![json!({"data": "start"})];
    chunks.extend(beats);
    chunks.push(json!({"gate": "never", "data": "lost"}));
    app.rule("/api/events", &json!({"chunks": chunks}));
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    client.head().await;
    let started = std::time::Instant::now();
    assert_eq!(client.chunk().await.as_deref(), Some("start"));
    for beat in 0..8 {
        let due = started + Duration::from_millis(250) * (beat + 1);
        tokio::time::sleep_until(due.into()).await;
        app.open_gate(&format!("beat{beat}"));
        assert_eq!(client.chunk().await.as_deref(), Some(": heartbeat\n\n"));
    }
    assert!(started.elapsed() > Duration::from_millis(1500));
    assert_eq!(client.try_chunk().await, Err(BrokenOff));
    app.event("dropped", "/api/events").await;
}

#[tokio::test]
async fn a_stream_that_the_handler_breaks_off_breaks_off_for_the_client() {
    let app = TestApp::new().start().await;
    app.rule(
        "/api/events",
        &json!({"chunks": [{"data": "first"}, {"gate": "never", "data": "second"}]}),
    );
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    client.head().await;
    assert_eq!(client.chunk().await.as_deref(), Some("first"));
    app.rule("/work", &json!({"exit": 200}));
    app.queue.put("items", "exit").await;
    assert_eq!(client.try_chunk().await, Err(BrokenOff));
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_before_it_is_sent() {
    let app = TestApp::new().start().await;
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("POST /api/big HTTP/1.1\r\nHost: x\r\nContent-Length: 104857601\r\n\r\n")
        .await;
    assert_eq!(client.head().await.status, 413);
    assert!(app.requests("/api/big").is_empty());
}

#[tokio::test]
async fn a_chunked_body_above_the_limit_is_broken_off() {
    let app = TestApp::new().start().await;
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("POST /api/big HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let mebibyte = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
    for _ in 0..100 {
        client.write(&mebibyte).await;
    }
    client.write("1\r\nx\r\n").await;
    assert_eq!(client.head().await.status, 413);
    eventually("the broken body", || {
        (!app.events_of("body-broken").is_empty()).then_some(())
    })
    .await;
}
