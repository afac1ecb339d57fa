//! The Big List of Naughty Strings goes in and comes out unchanged.

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::corpora::corpus;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, say};
use futures::StreamExt;
use serde_json::json;

const AT_ONCE: usize = 8;

fn strings() -> Option<Vec<String>> {
    let file = corpus("naughty-strings/blns.json")?;
    let strings: Vec<String> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(strings.len() > 500, "{}", strings.len());
    Some(strings)
}

/// A product whose model says one word and that takes any number of turns.
async fn product() -> (TestApp, Person) {
    let model = Script::answering(|_| vec![say("Yes.")]);
    let app = TestApp::start(AppShape {
        quotas: false,
        ..AppShape::with(model)
    })
    .await;
    let alice = app.person("alice").await;
    (app, alice)
}

#[tokio::test]
async fn as_messages() {
    let Some(strings) = strings() else {
        return;
    };
    let (_app, alice) = product().await;
    futures::stream::iter(strings)
        .map(|text| message(alice.clone(), text))
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}

async fn message(alice: Person, text: String) {
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let accepted = alice.post(&path, json!({"text": text})).await;
    if text.trim().is_empty() {
        assert_eq!(accepted.text("code"), "text_empty", "{text:?}");
        return;
    }
    assert_eq!(accepted.status, 202, "{text:?}: {accepted:?}");
    let messages = alice
        .get(&format!("/v1/conversations/{conversation}/messages"))
        .await;
    let asked = messages.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["author"] == "user")
        .unwrap()
        .clone();
    assert_eq!(asked["text"], text.as_str());
    let export = alice
        .get(&format!("/v1/conversations/{conversation}/export"))
        .await;
    assert_eq!(export.status, 200, "{text:?}");
}

#[tokio::test]
async fn as_titles_and_searches() {
    let Some(strings) = strings() else {
        return;
    };
    let (_app, alice) = product().await;
    futures::stream::iter(strings)
        .map(|text| title(alice.clone(), text))
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}

async fn title(alice: Person, text: String) {
    let made = alice
        .post("/v1/conversations", json!({"title": text}))
        .await;
    let trimmed = text.trim();
    if trimmed.chars().count() > 120 {
        assert_eq!(made.text("code"), "title_too_long", "{text:?}");
        return;
    }
    if trimmed.is_empty() || trimmed.chars().any(char::is_control) {
        assert_eq!(made.text("code"), "field_invalid", "{text:?}");
        return;
    }
    assert_eq!(made.status, 201, "{text:?}: {made:?}");
    assert_eq!(made.text("title"), trimmed);
    let search = alice
        .request(reqwest::Method::GET, "/v1/conversations")
        .query(&[("q", trimmed), ("limit", "100")]);
    let found = alice.send(search).await;
    assert_eq!(found.status, 200, "{text:?}: {found:?}");
    let titles: Vec<&str> = found.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["title"].as_str())
        .collect();
    assert!(
        titles.contains(&trimmed) || found.body["next_cursor"].is_string(),
        "{trimmed:?} is not among {titles:?}"
    );
}
