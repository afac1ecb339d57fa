//! The history of a conversation that many ask in at once: one turn after the other.

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::script::Script;
use azimuth_tests::waiting::until;
use serde_json::{Value, json};

use super::PATIENCE;

/// Askers at once, and how many questions each has.
const ASKERS: usize = 6;
const QUESTIONS: usize = 4;

/// One accepted turn, as its log and the message list tell it.
#[derive(Debug)]
struct Told {
    turn: String,
    question: String,
    /// Moments of its first and its last event, RFC 3339.
    from: String,
    to: String,
}

/// Asks again until the conversation is free.
async fn ask(person: &Person, conversation: &str, text: &str) -> String {
    let path = format!("/v1/conversations/{conversation}/turns");
    let accepted = until("the conversation is free", || async {
        let answer = person
            .post_with_key(&path, &text.replace(' ', "-"), json!({"text": text}))
            .await;
        match answer.status {
            202 => Some(answer.text("turn_id")),
            409 => {
                assert_eq!(answer.text("code"), "turn_running");
                None
            }
            _ => panic!("{answer:?}"),
        }
    });
    accepted.await
}

async fn told(person: &Person, turn: &str, question: &str) -> Told {
    person.wait_for(turn, &["done"], PATIENCE).await;
    let events = person.events(turn, 0).await.all().await;
    let at = |event: &Value| event["at"].as_str().unwrap().to_owned();
    Told {
        turn: turn.to_owned(),
        question: question.to_owned(),
        from: at(&events.first().unwrap().data),
        to: at(&events.last().unwrap().data),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn turns_of_one_conversation_run_one_after_the_other() {
    let shape = || AppShape::with(Script::clerk());
    let app = TestApp::start(shape()).await;
    let other = app.beside(shape()).await;
    let alice = app.person("alice").await;
    let conversation = alice.converse().await;
    let asking = (0..ASKERS).map(|asker| {
        let address = if asker % 2 == 0 { &app.api } else { &other.api };
        let (alice, conversation) = (alice.at(address), conversation.clone());
        async move {
            let mut history = Vec::new();
            for number in 0..QUESTIONS {
                let question = format!("list {asker}-{number}");
                let turn = ask(&alice, &conversation, &question).await;
                history.push(told(&alice, &turn, &question).await);
            }
            history
        }
    });
    let histories = futures::future::join_all(asking).await;
    let mut all: Vec<Told> = histories.into_iter().flatten().collect();
    assert_eq!(all.len(), ASKERS * QUESTIONS);
    all.sort_by(|a, b| a.from.cmp(&b.from));
    for (one, next) in all.iter().zip(&all[1..]) {
        assert_ne!(one.turn, next.turn);
        assert!(one.to <= next.from, "{one:?} and {next:?} overlap");
    }
    // The messages and what the tool saw come in the same order.
    let mut asked = Vec::new();
    let mut path = format!("/v1/conversations/{conversation}/messages?limit=100");
    loop {
        let page = alice.get(&path).await.body;
        let items = page["items"].as_array().unwrap();
        let questions = items.iter().filter(|item| item["author"] == "user");
        asked.extend(questions.map(|item| item["text"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/conversations/{conversation}/messages?limit=100&cursor={cursor}");
    }
    asked.reverse();
    let in_time: Vec<&String> = all.iter().map(|turn| &turn.question).collect();
    assert_eq!(asked.iter().collect::<Vec<_>>(), in_time);
    let seen: Vec<String> = app
        .tools
        .seen()
        .iter()
        .map(|seen| format!("list {}", seen.arguments["name"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, asked);
}
