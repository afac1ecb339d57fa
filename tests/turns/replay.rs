//! The log of a turn is the same from wherever, however and through whomever it
//! is read.

use std::time::Duration;

use azimuth_app::http::StreamTimings;
use azimuth_ports::users::UserStatus;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::gate::Gate;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Line, Script, call, say};
use azimuth_tests::sse::{Event, Events};
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, names, product};

/// All events after `seq`, by long polls.
async fn polled(person: &Person, turn: &str, seq: u64) -> Vec<Value> {
    let mut after = seq;
    let mut events = Vec::new();
    loop {
        let path = format!("/v1/turns/{turn}/events?after={after}&wait=25");
        let request = person
            .request(Method::GET, &path)
            .header("accept", "application/json");
        let page = person.send(request).await;
        assert_eq!(page.status, 200, "{page:?}");
        events.extend(page.body["items"].as_array().unwrap().iter().cloned());
        after = page.body["next_after"].as_u64().unwrap();
        assert_eq!(after, seq + events.len() as u64);
        if page.body["ended"] == true {
            return events;
        }
    }
}

async fn streamed(person: &Person, turn: &str, seq: u64) -> Vec<Event> {
    person.events(turn, seq).await.all().await
}

async fn by_last_event_id(person: &Person, turn: &str, seq: u64) -> Vec<Event> {
    // A browser repeats the old address; the header is newer.
    let response = person
        .request(Method::GET, &format!("/v1/turns/{turn}/events?after=0"))
        .header("last-event-id", seq.to_string())
        .send()
        .await
        .unwrap();
    Events::of(response).all().await
}

fn talkative() -> std::sync::Arc<Script> {
    Script::in_steps([
        vec![
            say("I look.\n\nevent: forged\ndata: {}\n\n"),
            call("a", "thing_list", &json!({"name": "one"})),
            call("b", "thing_list", &json!({"name": "two"})),
        ],
        vec![say("It is "), say("there. 끝 😀"), Line::Usage(1, 2)],
    ])
}

#[tokio::test]
async fn replay_is_the_same_from_every_number() {
    let (app, alice) = product(talkative()).await;
    let conversation = alice.converse().await;
    let (turn, _) = alice.ask_and_wait(&conversation, "look").await;
    let turn = turn["id"].as_str().unwrap();
    let whole = streamed(&alice, turn, 0).await;
    assert!(whole.len() > 10, "{:?}", names(&whole));
    let other = app.beside(AppShape::with(talkative())).await;
    let there = alice.at(&other.api);
    for seq in 0..=whole.len() {
        let rest = &whole[seq..];
        let seq = seq as u64;
        assert_eq!(streamed(&alice, turn, seq).await, rest, "after {seq}");
        assert_eq!(
            streamed(&there, turn, seq).await,
            rest,
            "elsewhere after {seq}"
        );
        assert_eq!(
            by_last_event_id(&alice, turn, seq).await,
            rest,
            "header {seq}"
        );
        let data: Vec<Value> = rest.iter().map(|e| e.data.clone()).collect();
        assert_eq!(polled(&alice, turn, seq).await, data, "poll after {seq}");
        assert_eq!(
            polled(&there, turn, seq).await,
            data,
            "poll elsewhere after {seq}"
        );
    }
    assert_eq!(streamed(&alice, turn, 10_000).await, [], "beyond the end");
}

#[tokio::test]
async fn readers_from_every_number_agree_while_another_process_writes() {
    let gate = Gate::default();
    let (app, alice) = product(Script::in_steps([
        vec![
            say("one "),
            call("a", "thing_list", &json!({})),
            call("b", "thing_list", &json!({})),
        ],
        vec![
            say("two "),
            Line::Wait(gate.clone()),
            say("three "),
            say("four"),
        ],
    ]))
    .await;
    // It reads only: nothing is delivered to it, and its model is never asked.
    let reader = app
        .beside(AppShape::undelivered(Script::in_steps([])))
        .await;
    let there = alice.at(&reader.api);
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "look").await;
    let streams = futures::future::join_all((0..12).map(|seq| streamed(&there, &turn, seq)));
    let polls = futures::future::join_all((0..12).map(|seq| polled(&there, &turn, seq)));
    let opened = async {
        // Readers are at the log before its end is written.
        let mut first = there.events(&turn, 0).await;
        while let Some(event) = first.next().await {
            if event.name == "text_delta" && event.data["step"] == 1 {
                break;
            }
        }
        gate.open();
    };
    let (streams, polls, ()) = tokio::join!(streams, polls, opened);
    let whole = streamed(&alice, &turn, 0).await;
    assert_eq!(whole.last().unwrap().name, "turn_completed");
    for (seq, seen) in streams.iter().enumerate() {
        assert_eq!(*seen, whole[seq..], "stream after {seq}");
    }
    for (seq, seen) in polls.iter().enumerate() {
        let data: Vec<Value> = whole[seq..].iter().map(|e| e.data.clone()).collect();
        assert_eq!(*seen, data, "poll after {seq}");
    }
}

/// Raw text of a stream up to its end.
async fn raw(response: reqwest::Response) -> String {
    let mut text = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).unwrap()
}

fn quick() -> StreamTimings {
    StreamTimings {
        heartbeat: Duration::from_millis(30),
        planned_end: Duration::from_millis(300),
        poll_min: Duration::from_millis(5),
        poll_max: Duration::from_millis(20),
        recheck: Duration::from_millis(20),
        expiry_grace: Duration::from_secs(30),
    }
}

async fn waiting_turn(stream: StreamTimings) -> (TestApp, Person, String) {
    let app = TestApp::start(AppShape {
        stream,
        ..AppShape::with(Script::clerk())
    })
    .await;
    let alice = app.person("alice").await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "create a").await;
    alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    (app, alice, turn)
}

#[tokio::test]
async fn a_quiet_stream_beats_and_ends_as_planned() {
    let (_app, alice, turn) = waiting_turn(quick()).await;
    let response = alice
        .request(Method::GET, &format!("/v1/turns/{turn}/events"))
        .send()
        .await
        .unwrap();
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-accel-buffering"], "no");
    let text = raw(response).await;
    assert!(text.starts_with(": open\n\n"), "{text}");
    assert!(text.contains(": heartbeat\n\n"), "{text}");
    let last = text.rfind("id: ").map(|at| &text[at + 4..]).unwrap();
    let last: u64 = last.lines().next().unwrap().parse().unwrap();
    let end = format!("event: reconnect\ndata: {{\"after\":{last},\"reason\":\"planned\"}}\n\n");
    assert!(text.ends_with(&end), "{text}");
    assert!(!text[..text.len() - end.len()].contains("reconnect"));

    // Whoever follows the advice misses nothing.
    let whole = alice.get(&format!("/v1/turns/{turn}")).await.body;
    let (approval, digest) = super::approval(&whole);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    let rest = streamed(&alice, &turn, last).await;
    assert_eq!(rest[0].id, Some(last + 1));
    assert_eq!(rest.last().unwrap().name, "turn_completed");
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    let timings = StreamTimings {
        planned_end: Duration::from_mins(10),
        ..quick()
    };
    let (app, alice, turn) = waiting_turn(timings).await;
    let token = app.token(json!({"user": "alice", "expires_in": 600})).await;
    let brief = Person::new("alice for ten minutes", &app.api, &token);
    let mut stream = brief.events(&turn, 0).await;
    while stream.next().await.unwrap().name != "turn_waiting" {}
    // Not while the token holds, nor in the grace that clocks are given.
    app.clock.advance(Duration::from_mins(10));
    let long = alice.events(&turn, 0).await;
    app.clock.advance(Duration::from_secs(31));
    let last = stream.next().await.unwrap();
    assert_eq!(
        (last.name.as_str(), &last.data["reason"]),
        ("reconnect", &json!("token_expired"))
    );
    assert!(stream.next().await.is_none());
    drop(long);
    let reply = Reply::to(brief.request(Method::GET, "/v1/me")).await;
    assert_eq!(reply.status, 200, "five minutes of leeway");
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_is_switched_off() {
    let timings = StreamTimings {
        planned_end: Duration::from_mins(10),
        ..quick()
    };
    let (app, alice, turn) = waiting_turn(timings).await;
    let mut stream = alice.events(&turn, 0).await;
    while stream.next().await.unwrap().name != "turn_waiting" {}
    crate::api::set_record(&app, &app.user("alice"), |record| {
        record.status = UserStatus::Disabled;
    })
    .await;
    let last = stream.next().await.unwrap();
    assert_eq!(
        (last.name.as_str(), &last.data["reason"]),
        ("reconnect", &json!("user_disabled"))
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_long_poll_comes_back_empty_or_at_once() {
    let (_app, alice, turn) = waiting_turn(StreamTimings::default()).await;
    let poll = |after: u64, wait: u64| {
        let path = format!("/v1/turns/{turn}/events?after={after}&wait={wait}");
        let request = alice
            .request(Method::GET, &path)
            .header("accept", "application/json");
        alice.send(request)
    };
    let seen = poll(0, 0).await.body["next_after"].as_u64().unwrap();
    assert_eq!(
        poll(seen, 1).await.body,
        json!({"items": [], "next_after": seen, "ended": false})
    );
    let cancel = async {
        let cancelled = alice
            .send(alice.request(Method::POST, &format!("/v1/turns/{turn}/cancel")))
            .await;
        assert_eq!(cancelled.status, 200);
    };
    let (page, ()) = tokio::join!(poll(seen, 25), cancel);
    let items = page.body["items"].as_array().unwrap();
    assert_eq!(items[0]["seq"], seen + 1);
    assert_eq!(page.body["ended"], true, "{page:?}");
}

#[tokio::test]
async fn events_are_kept_for_a_day() {
    let (app, alice) = product(Script::clerk()).await;
    let conversation = alice.converse().await;
    let (turn, _) = alice.ask_and_wait(&conversation, "hello").await;
    let last = turn["event_seq"].as_u64().unwrap();
    let turn = turn["id"].as_str().unwrap();
    let read = |after: u64| {
        Reply::to(
            alice
                .request(
                    Method::GET,
                    &format!("/v1/turns/{turn}/events?after={after}"),
                )
                .header("accept", "application/json"),
        )
    };
    app.clock.advance(Duration::from_mins(24 * 60 - 1));
    assert_eq!(app.sweep().await, 200);
    assert_eq!(read(0).await.body["next_after"], last);
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(app.sweep().await, 200);
    for after in 0..last {
        read(after)
            .await
            .assert_problem(&format!("after {after}"), 410, "events_expired");
    }
    // Who has seen everything asked for nothing that is gone.
    assert_eq!(
        read(last).await.body,
        json!({"items": [], "next_after": last, "ended": true})
    );
    assert_eq!(
        alice.get(&format!("/v1/turns/{turn}")).await.text("status"),
        "done"
    );
}
