//! Bodies: how large, how deep, how odd.

use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::json;

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
