//! Bodies: how large, how deep, how odd.

use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAX_BODY: usize = 256 * 1024;

async fn post(person: &Person, path: &str, body: Vec<u8>) -> Reply {
    let request = person
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .header("idempotency-key", ulid::Ulid::generate().to_string())
        .body(body);
    Reply::to(request).await
}

#[tokio::test]
async fn a_body_has_at_most_256_kib() {
    let (_app, alice) = super::clerk().await;
    for size in [MAX_BODY - 1, MAX_BODY, MAX_BODY + 1, 4 * MAX_BODY] {
        let mut body = b"{\"title\":\"padded\"}".to_vec();
        body.resize(size, b' ');
        let reply = post(&alice, "/v1/conversations", body).await;
        if size <= MAX_BODY {
            assert_eq!(reply.status, 201, "{size}: {}", reply.text());
        } else {
            reply.assert_problem(&size.to_string(), 413, "body_too_large");
        }
    }
}

#[tokio::test]
async fn an_unannounced_length_counts_too() {
    let (_app, alice) = super::clerk().await;
    for size in [MAX_BODY, MAX_BODY + 1] {
        let mut body = b"{\"title\":\"streamed\"}".to_vec();
        body.resize(size, b' ');
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> = body
            .chunks(10_000)
            .map(|piece| Ok(piece.to_vec()))
            .collect();
        let request = alice
            .request(Method::POST, "/v1/conversations")
            .header("content-type", "application/json")
            .body(reqwest::Body::wrap_stream(futures::stream::iter(pieces)));
        let reply = Reply::to(request).await;
        let expected = if size <= MAX_BODY { 201 } else { 413 };
        assert_eq!(reply.status, expected, "{size}");
    }
}

#[tokio::test]
async fn a_request_that_is_refused_unread_leaves_its_connection_to_the_next() {
    let (app, _alice) = super::clerk().await;
    let address = app.api.trim_start_matches("http://");
    let (address, prefix) = address.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = vec![b' '; MAX_BODY];
    let head = format!(
        "POST /{prefix}/v1/conversations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (first, second) = body.split_at(MAX_BODY / 2);
    stream.write_all(first).await.unwrap();
    // It is answered once all of it was read, so this does not meet a closed connection.
    stream.write_all(second).await.unwrap();
    let refused = read_answer(&mut stream).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let next = format!("GET /{prefix}/health/live HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(next.as_bytes()).await.unwrap();
    let answered = read_answer(&mut stream).await;
    assert!(answered.starts_with("HTTP/1.1 200 "), "{answered}");
}

/// One answer with an announced length.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let folded = head.to_ascii_lowercase();
            let length = folded
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if length.is_some_and(|length: usize| body.len() >= length) {
                return text;
            }
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the connection was closed: {text}");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

#[tokio::test]
async fn json_nests_at_most_64_levels() {
    let (_app, alice) = super::clerk().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [63, 64, 65, 5000] {
            let inner = depth - 1;
            let core = if open == "[" { "" } else { "1" };
            let body = format!(
                "{{\"x\":{}{core}{}}}",
                open.repeat(inner),
                close.repeat(inner)
            );
            let reply = post(&alice, "/v1/conversations", body.into_bytes()).await;
            let what = format!("{open} {depth}");
            if depth <= 64 {
                reply.assert_problem(&what, 422, "field_unknown");
            } else {
                reply.assert_problem(&what, 400, "json_too_deep");
            }
        }
    }
}

#[tokio::test]
async fn a_message_has_1_to_32768_bytes_of_utf8() {
    let (_app, alice) = super::clerk().await;
    let korean = "가".repeat(10_922);
    for (text, fits) in [
        ("a".to_owned(), true),
        ("a".repeat(32_767), true),
        ("a".repeat(32_768), true),
        ("a".repeat(32_769), false),
        (format!("{korean}b"), true),
        (format!("{korean}bb"), true),
        (format!("{korean}bbb"), false),
        ("😀".repeat(8_192), true),
        ("😀".repeat(8_193), false),
    ] {
        let conversation = alice.converse().await;
        let path = format!("/v1/conversations/{conversation}/turns");
        let body = serde_json::to_vec(&json!({"text": text})).unwrap();
        let reply = post(&alice, &path, body).await;
        let what = format!("{} bytes", text.len());
        if fits {
            assert_eq!(reply.status, 202, "{what}: {}", reply.text());
            let turn = reply.body["turn_id"].as_str().unwrap();
            alice
                .wait_for(turn, &["done"], std::time::Duration::from_mins(1))
                .await;
            let messages = alice
                .get(&format!("/v1/conversations/{conversation}/messages"))
                .await;
            let asked = messages.body["items"]
                .as_array()
                .unwrap()
                .last()
                .unwrap()
                .clone();
            assert!(asked["text"] == text.as_str(), "{what} came back changed");
        } else {
            reply.assert_problem(&what, 422, "text_too_long");
            assert_eq!(reply.body["pointer"], "/text");
        }
    }
}

#[tokio::test]
async fn arguments_have_at_most_32_kib() {
    let (_app, alice) = super::clerk().await;
    let frame = json!({"name": ""}).to_string().len();
    for size in [32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1] {
        let body = json!({"arguments": {"name": "x".repeat(size - frame)}});
        let body = serde_json::to_vec(&body).unwrap();
        let reply = post(&alice, "/v1/tools/fake/thing_list/calls", body).await;
        if size <= 32 * 1024 {
            assert_eq!(reply.status, 202, "{size}: {}", reply.text());
        } else {
            reply.assert_problem(&size.to_string(), 413, "arguments_too_large");
        }
    }
}
