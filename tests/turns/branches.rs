//! Branches: what a message answers, and what the model is shown then.

use azimuth_ports::model::ChatMessage;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, question, say};
use serde_json::{Value, json};

use super::{PATIENCE, product};

/// Asks in a branch; the turn.
async fn ask(person: &Person, conversation: &str, text: &str, parent: Option<&Value>) -> Value {
    let mut body = json!({"text": text});
    if let Some(parent) = parent {
        body["parent_message_id"] = parent.clone();
    }
    let path = format!("/v1/conversations/{conversation}/turns");
    let accepted = person.post(&path, body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let turn = accepted.text("turn_id");
    person.wait_for(&turn, &["done"], PATIENCE).await
}

/// The newest message of a turn by this author.
async fn message(person: &Person, conversation: &str, turn: &Value, author: &str) -> Value {
    let path = format!("/v1/conversations/{conversation}/messages?limit=100");
    let found = person.get(&path).await.body;
    found["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["turn_id"] == turn["id"] && m["author"] == author)
        .unwrap()["id"]
        .clone()
}

fn shown(model: &Script) -> Vec<String> {
    model
        .asked()
        .last()
        .unwrap()
        .messages
        .iter()
        .map(|message| match message {
            ChatMessage::User(text) | ChatMessage::Assistant { text, .. } => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_branch_hangs_where_it_was_put() {
    let model = Script::answering(|request| vec![say(&format!("re {}", question(request)))]);
    let (_app, alice) = product(model.clone()).await;
    let c = alice.converse().await;
    let one = ask(&alice, &c, "one", None).await;
    assert_eq!(shown(&model), ["one"]);
    let two = ask(&alice, &c, "two", None).await;
    assert_eq!(shown(&model), ["one", "re one", "two"]);
    assert_eq!(
        two["parent_message_id"],
        message(&alice, &c, &one, "assistant").await
    );

    // Under an answer: a branch.
    let answer = message(&alice, &c, &one, "assistant").await;
    let three = ask(&alice, &c, "three", Some(&answer)).await;
    assert_eq!(shown(&model), ["one", "re one", "three"]);
    assert_eq!(three["parent_message_id"], answer);

    // Without a parent: under what was said last.
    ask(&alice, &c, "four", None).await;
    assert_eq!(
        shown(&model),
        ["one", "re one", "three", "re three", "four"]
    );

    // Under a message of one's own: beside it, which is how it is edited.
    let own = message(&alice, &c, &two, "user").await;
    let five = ask(&alice, &c, "five", Some(&own)).await;
    assert_eq!(shown(&model), ["one", "re one", "five"]);
    assert_eq!(five["parent_message_id"], two["parent_message_id"]);

    // The very first one, too.
    let first = message(&alice, &c, &one, "user").await;
    let six = ask(&alice, &c, "six", Some(&first)).await;
    assert_eq!(shown(&model), ["six"]);
    assert_eq!(six["parent_message_id"], Value::Null);

    let all = alice
        .get(&format!("/v1/conversations/{c}/messages?limit=100"))
        .await
        .body;
    let texts: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 12, "nothing was replaced: {texts:?}");
}

#[tokio::test]
async fn a_parent_lies_in_the_same_conversation() {
    let (app, alice) = product(Script::clerk()).await;
    let c = alice.converse().await;
    let other = alice.converse().await;
    let (turn, _) = alice.ask_and_wait(&other, "hello").await;
    let elsewhere = message(&alice, &other, &turn, "assistant").await;
    let bob = app.person("bob").await;
    let bobs = bob.converse().await;
    let (turn, _) = bob.ask_and_wait(&bobs, "hello").await;
    let foreign = message(&bob, &bobs, &turn, "assistant").await;
    let missing = json!(elsewhere.as_str().unwrap().replace(&other[2..], &c[2..]));
    for parent in [elsewhere, foreign, missing] {
        let body = json!({"text": "x", "parent_message_id": parent});
        let refused = alice
            .post(&format!("/v1/conversations/{c}/turns"), body)
            .await;
        assert_eq!(
            (refused.status, refused.text("code").as_str()),
            (422, "parent_not_found")
        );
    }
}
