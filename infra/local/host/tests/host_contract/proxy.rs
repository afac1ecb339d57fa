//! Point 10: headers, redirects, upgrades and failures of the proxy.

use serde_json::{Value, json};

use crate::support::{RawClient, TestApp, eventually, send};

fn values(request: &Value, name: &str) -> Vec<String> {
    let headers = request["headers"].as_array().unwrap();
    let found = headers.iter().filter(|header| header[0] == name);
    found
        .map(|header| header[1].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_handler_sees_its_own_host_and_the_forwarded_headers() {
    let app = TestApp::new().start().await;
    assert_eq!(app.get("/api/x").await.status, 200);
    let request = app.request("/api/x").await;
    let handler = app.events_of("start")[0]["environment"]["FUNCTIONS_CUSTOMHANDLER_PORT"].clone();
    let handler = format!("127.0.0.1:{}", handler.as_str().unwrap());
    assert_eq!(values(&request, "host"), [handler]);
    assert_eq!(values(&request, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&request, "x-forwarded-host"), ["portal.example"]);
    assert_eq!(values(&request, "x-forwarded-proto"), ["http"]);
    // The User-Agent is the client's, which sends none here.
    assert_eq!(values(&request, "user-agent"), Vec::<String>::new());
}

#[tokio::test]
async fn forwarded_headers_are_appended_to_the_client_s() {
    let app = TestApp::new().start().await;
    let headers = [
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Host", "outer.example"),
        ("X-Forwarded-Proto", "https"),
    ];
    app.post("/api/x", &headers, "").await;
    let request = app.request("/api/x").await;
    assert_eq!(
        values(&request, "x-forwarded-for"),
        ["203.0.113.7, 127.0.0.1"]
    );
    assert_eq!(
        values(&request, "x-forwarded-host"),
        ["outer.example, portal.example"]
    );
    assert_eq!(values(&request, "x-forwarded-proto"), ["https, http"]);
}

#[tokio::test]
async fn a_client_cannot_forge_the_host_s_headers() {
    let app = TestApp::new().start().await;
    let headers = [
        ("X-Azure-Functions-InvocationId", "forged"),
        ("X-Azure-Functions-InvocationId", "twice"),
        ("X-Azure-Functions-HostVersion", "forged"),
        ("X-Ms-Invocation-Id", "forged"),
        ("X-Ms-Client-Principal", "passes through"),
    ];
    app.post("/api/x", &headers, "").await;
    let request = app.request("/api/x").await;
    let id = values(&request, "x-azure-functions-invocationid");
    assert_eq!(id.len(), 1);
    assert_eq!(id[0].len(), 36);
    assert_eq!(values(&request, "x-ms-invocation-id"), id);
    assert_eq!(
        values(&request, "x-azure-functions-hostversion"),
        ["4.1037.0.0"]
    );
    assert_eq!(
        values(&request, "x-ms-client-principal"),
        ["passes through"]
    );
}

#[tokio::test]
async fn hop_by_hop_headers_are_dropped_both_ways() {
    let app = TestApp::new().start().await;
    app.rule(
        "/api/x",
        &json!({"headers": {"keep-alive": "timeout=5", "connection": "x-private", "x-private": "1", "x-kept": "2"}, "body": "ok"}),
    );
    let headers = [
        ("Connection", "keep-alive, X-Secret-Hop"),
        ("Keep-Alive", "timeout=5"),
        ("X-Secret-Hop", "1"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("Authorization", "Bearer token"),
    ];
    let answer = app.post("/api/x", &headers, "body").await;
    let request = app.request("/api/x").await;
    for dropped in [
        "keep-alive",
        "x-secret-hop",
        "te",
        "proxy-authorization",
        "connection",
    ] {
        assert_eq!(values(&request, dropped), Vec::<String>::new(), "{dropped}");
    }
    assert_eq!(values(&request, "authorization"), ["Bearer token"]);
    assert_eq!(request["body"], "body");
    for dropped in ["keep-alive", "x-private"] {
        assert_eq!(answer.header(dropped), None, "{dropped}");
    }
    assert_eq!(answer.header("x-kept"), Some("2"));
}

#[tokio::test]
async fn a_trace_goes_on() {
    let app = TestApp::new().start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    app.post("/api/x", &[("traceparent", trace)], "").await;
    let sent = values(&app.request("/api/x").await, "traceparent");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0][..36], trace[..36]);
    assert_ne!(sent[0], trace);
}

#[tokio::test]
async fn status_headers_and_cookies_pass_and_redirects_are_not_followed() {
    let app = TestApp::new().start().await;
    app.rule(
        "/api/go",
        &json!({"status": 302, "headers": {"location": "/api/next", "set-cookie": "a=1"}, "body": ""}),
    );
    let answer = app.get("/api/go").await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("/api/next"));
    assert_eq!(answer.header("set-cookie"), Some("a=1"));
    app.get("/api/after").await;
    assert_eq!(
        values(&app.request("/api/after").await, "cookie"),
        Vec::<String>::new()
    );
    assert!(app.requests("/api/next").is_empty());
    for (path, status) in [
        ("/api/gone", 404),
        ("/api/teapot", 418),
        ("/api/broken", 500),
    ] {
        app.rule(path, &json!({"status": status, "body": "as it is"}));
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, "as it is"));
    }
}

#[tokio::test]
async fn a_head_request_keeps_the_length_and_has_no_body() {
    let app = TestApp::new()
        .function("api", &crate::support::http_function("{*path}", &["head"]))
        .start()
        .await;
    app.rule("/api/x", &json!({"body": "12345"}));
    let answer = send(app.address(), "HEAD", "/api/x", &[], None).await;
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("5"))
    );
}

#[tokio::test]
async fn an_upgrade_is_refused() {
    let app = TestApp::new().start().await;
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 501);
    assert!(app.requests("/api/ws").is_empty());
}

#[tokio::test]
async fn an_unreachable_handler_is_tried_ten_times_and_then_502() {
    let app = TestApp::new().start().await;
    app.ready().await;
    app.rule("/work", &json!({"unlisten": true}));
    app.queue.put("items", "stop listening").await;
    app.request("/work").await;
    // The listener is gone once nothing connects any more.
    let handler = app.events_of("start")[0]["environment"]["FUNCTIONS_CUSTOMHANDLER_PORT"].clone();
    let handler = format!("127.0.0.1:{}", handler.as_str().unwrap());
    eventually("a closed port", || {
        std::net::TcpStream::connect(&handler)
            .is_err()
            .then_some(())
    })
    .await;
    assert_eq!(app.post("/api/x", &[], "body").await.status, 502);
    let retries = app
        .log
        .lines()
        .iter()
        .filter(|line| line.contains("Retrying in"))
        .count();
    assert_eq!(retries, 9);
    app.logged("Retrying in 5ms. Attempt 1 of 10").await;
    app.logged("Retrying in 25ms. Attempt 9 of 10").await;
}

#[tokio::test]
async fn a_request_with_a_body_that_was_sent_is_not_tried_again() {
    let app = TestApp::new().start().await;
    app.rule("/api/once", &json!({"hang_up": true}));
    assert_eq!(app.post("/api/once", &[], "body").await.status, 502);
    assert_eq!(app.requests("/api/once").len(), 1);
    // Without a body the real host's retry handler sends it again.
    assert_eq!(app.get("/api/once").await.status, 502);
    assert_eq!(app.requests("/api/once").len(), 11);
}
