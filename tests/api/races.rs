//! Many requests at once come to one outcome.

use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// Two products over the same files, and alice at each.
async fn two_processes() -> (TestApp, TestApp, [Person; 2]) {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let other = app.beside(AppShape::with(Script::clerk())).await;
    let alice = app.person("alice").await;
    let there = alice.at(&other.api);
    (app, other, [alice, there])
}

/// Sends `count` requests at once, alternately to both products.
async fn all_at_once(
    people: &[Person; 2],
    count: usize,
    request: impl Fn(&Person, usize) -> reqwest::RequestBuilder,
) -> Vec<Reply> {
    join_all((0..count).map(|n| Reply::to(request(&people[n % 2], n)))).await
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut all: Vec<u16> = replies.iter().map(|r| r.status).collect();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn somebodys_very_first_requests() {
    let (_app, _other, people) = two_processes().await;
    let replies = all_at_once(&people, 20, |p, _| p.request(Method::GET, "/v1/me")).await;
    assert_eq!(statuses(&replies), [200; 20]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_conversation_per_key() {
    let (_app, _other, people) = two_processes().await;
    let replies = all_at_once(&people, 20, |p, _| {
        p.request(Method::POST, "/v1/conversations")
            .header("idempotency-key", "k")
            .json(&json!({"title": "Plans"}))
    })
    .await;
    let mut expected = vec![200; 19];
    expected.push(201);
    assert_eq!(statuses(&replies), expected);
    assert!(replies.iter().all(|r| r.body == replies[0].body));
    let list = people[0].get("/v1/conversations").await.body;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_change_per_version() {
    let (_app, _other, people) = two_processes().await;
    let id = people[0].converse().await;
    let path = format!("/v1/conversations/{id}");
    for path in [path.as_str(), "/v1/settings"] {
        let etag = Reply::to(people[0].request(Method::GET, path))
            .await
            .header("etag");
        let body = if path == "/v1/settings" {
            json!({"theme": "dark"})
        } else {
            json!({"pinned": true})
        };
        let replies = all_at_once(&people, 10, |p, _| {
            p.request(Method::PATCH, path)
                .header("if-match", &etag)
                .json(&body)
        })
        .await;
        let mut expected = vec![200];
        expected.extend([412; 9]);
        assert_eq!(statuses(&replies), expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_turn_per_key_in_two_processes() {
    let (_app, _other, people) = two_processes().await;
    let id = people[0].converse().await;
    let path = format!("/v1/conversations/{id}/turns");
    let replies = all_at_once(&people, 20, |p, n| {
        let text = if n % 5 == 4 { "another text" } else { "hello" };
        p.request(Method::POST, &path)
            .header("idempotency-key", "k")
            .json(&json!({"text": text}))
    })
    .await;
    let messages = {
        let turn = replies.iter().find(|r| r.status == 202).unwrap().body["turn_id"].clone();
        people[0]
            .wait_for(turn.as_str().unwrap(), &["done"], PATIENCE)
            .await;
        people[0]
            .get(&format!("/v1/conversations/{id}/messages"))
            .await
            .body
    };
    let items = messages["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "asked once: {messages}");
    let won = items[1]["text"].as_str().unwrap();
    for (n, reply) in replies.iter().enumerate() {
        let text = if n % 5 == 4 { "another text" } else { "hello" };
        if text == won {
            assert_eq!(
                (reply.status, &reply.body["turn_id"]),
                (202, &items[1]["turn_id"])
            );
        } else {
            reply.assert_problem(text, 422, "idempotency_key_reused");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_tool_call_per_key_in_two_processes() {
    let (app, _other, people) = two_processes().await;
    let replies = all_at_once(&people, 20, |p, _| {
        p.request(Method::POST, "/v1/tools/fake/thing_list/calls")
            .header("idempotency-key", "k")
            .json(&json!({"arguments": {"name": "a"}}))
    })
    .await;
    assert_eq!(statuses(&replies), [202; 20], "{:?}", replies[0].text());
    assert!(replies.iter().all(|r| r.body == replies[0].body));
    let turn = replies[0].body["turn_id"].as_str().unwrap();
    people[1].wait_for(turn, &["done"], PATIENCE).await;
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deleting_and_asking_at_once_leave_nothing_running() {
    let (_app, _other, people) = two_processes().await;
    for _ in 0..10 {
        let id = people[0].converse().await;
        let path = format!("/v1/conversations/{id}");
        let turns = format!("{path}/turns");
        let (deleted, asked) = tokio::join!(
            Reply::to(people[0].request(Method::DELETE, &path)),
            people[1].post(&turns, json!({"text": "create a"})),
        );
        assert_eq!(deleted.status, 204, "{}", deleted.text());
        match asked.status {
            404 => assert_eq!(asked.text("code"), "not_found"),
            202 => {
                let turn = asked.text("turn_id");
                people[0].wait_for(&turn, &["cancelled"], PATIENCE).await;
            }
            _ => panic!("{asked:?}"),
        }
    }
    let me = people[0].get("/v1/me").await.body;
    assert_eq!(me["quotas"][0]["name"], "running_turns");
    assert_eq!(me["quotas"][0]["used"], 0);
}

#[tokio::test]
async fn a_repeated_request_can_stream_the_same_turn() {
    let (_app, alice) = super::clerk().await;
    let id = alice.converse().await;
    let stream = || async {
        let request = alice
            .request(Method::POST, &format!("/v1/conversations/{id}/turns"))
            .header("idempotency-key", "k")
            .header("accept", "text/event-stream")
            .json(&json!({"text": "hello"}));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        azimuth_tests::sse::Events::of(response).all().await
    };
    let first = stream().await;
    assert_eq!(first.last().unwrap().name, "turn_completed");
    assert_eq!(stream().await, first);
    let turns: Vec<&Value> = first.iter().map(|e| &e.data["turn_id"]).collect();
    assert!(turns.iter().all(|turn| *turn == turns[0]));
}
