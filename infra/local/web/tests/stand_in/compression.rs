//! Brotli and gzip, and what caches are told about them.

use std::io::Read;

use serde_json::json;

use crate::support::{Answer, Running, TestSite};

fn script() -> String {
    "export const word = '안녕';\n".repeat(200)
}

async fn site() -> Running {
    let site = TestSite::new(&json!({}));
    site.file("a.js", script());
    site.file("small.js", "a".repeat(255));
    site.file("a.png", vec![0; 4096]);
    site.start().await
}

fn unpack(answer: &Answer) -> String {
    let mut text = String::new();
    match answer.header("content-encoding") {
        Some("br") => brotli::Decompressor::new(answer.body.as_slice(), 4096)
            .read_to_string(&mut text)
            .unwrap(),
        Some("gzip") => flate2::read::GzDecoder::new(answer.body.as_slice())
            .read_to_string(&mut text)
            .unwrap(),
        other => panic!("{other:?}"),
    };
    text
}

#[tokio::test]
async fn a_text_is_packed_as_the_client_takes_it() {
    let running = site().await;
    for (accepted, encoding) in [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, *", "gzip"),
    ] {
        let answer = running
            .get_with("/a.js", &[("Accept-Encoding", accepted)])
            .await;
        assert_eq!(
            answer.header("content-encoding"),
            Some(encoding),
            "{accepted}"
        );
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.header("content-type"), Some("text/javascript"));
        let length: usize = answer.header("content-length").unwrap().parse().unwrap();
        assert_eq!(length, answer.body.len());
        assert!(length * 5 < script().len());
        assert_eq!(unpack(&answer), script());
    }
}

#[tokio::test]
async fn the_plain_text_varies_too() {
    let running = site().await;
    for headers in [&[][..], &[("Accept-Encoding", "identity")]] {
        let answer = running.get_with("/a.js", headers).await;
        assert_eq!(answer.header("content-encoding"), None);
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.text(), script());
    }
}

#[tokio::test]
async fn what_is_packed_already_or_small_stays_as_it_is() {
    let running = site().await;
    let accepted = [("Accept-Encoding", "br, gzip")];
    let picture = running.get_with("/a.png", &accepted).await;
    assert_eq!(picture.header("content-encoding"), None);
    assert_eq!(picture.header("vary"), None);
    let small = running.get_with("/small.js", &accepted).await;
    assert_eq!(small.header("content-encoding"), None);
    assert_eq!(small.header("vary"), Some("Accept-Encoding"));
}

#[tokio::test]
async fn each_encoding_has_its_own_tag() {
    let running = site().await;
    let mut tags = Vec::new();
    for accepted in ["identity", "gzip", "br"] {
        let header = ("Accept-Encoding", accepted);
        let answer = running.get_with("/a.js", &[header]).await;
        let tag = answer.header("etag").unwrap().to_owned();
        let again = running
            .get_with("/a.js", &[header, ("If-None-Match", &tag)])
            .await;
        assert_eq!(again.status, 304, "{accepted}");
        assert_eq!(again.header("vary"), Some("Accept-Encoding"));
        tags.push(tag);
    }
    let other = [
        ("Accept-Encoding", "br"),
        ("If-None-Match", tags[1].as_str()),
    ];
    assert_eq!(running.get_with("/a.js", &other).await.status, 200);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3);
}

#[tokio::test]
async fn head_tells_the_packed_length_without_a_body() {
    let running = site().await;
    let accepted = [("Accept-Encoding", "br")];
    let get = running.get_with("/a.js", &accepted).await;
    let head = running.send("HEAD", "/a.js", &accepted).await;
    assert!(head.body.is_empty());
    for name in ["content-length", "content-encoding", "etag", "vary"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}
