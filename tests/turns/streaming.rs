//! Text, calls and steps as a reader sees them come.

use azimuth_domain::event::Outcome;
use azimuth_ports::model::ChatMessage;
use azimuth_tests::gate::Gate;
use azimuth_tests::script::{Line, Script, call, say};
use azimuth_tests::sse::{Events, text_of};
use azimuth_tests::tools::Behaviour;
use serde_json::json;

use super::{PATIENCE, names, outcomes, product};

#[tokio::test]
async fn text_comes_while_the_model_speaks() {
    let gate = Gate::default();
    let model = Script::in_steps([vec![
        say("Hel"),
        say("lo"),
        Line::Wait(gate.clone()),
        say("!"),
        Line::Usage(5, 3),
    ]]);
    let (_app, alice) = product(model).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "hi").await;
    let mut stream = alice.events(&turn, 0).await;
    let mut seen = Vec::new();
    while text_of(&seen) != "Hello" {
        seen.push(stream.next().await.expect("more, while the model waits"));
    }
    gate.open();
    seen.extend(stream.all().await);
    assert_eq!(text_of(&seen), "Hello!");
    let mut order = names(&seen);
    order.retain(|name| *name != "text_delta");
    assert_eq!(
        order,
        [
            "turn_started",
            "model_started",
            "usage",
            "message_completed",
            "turn_completed"
        ]
    );
    let numbers: Vec<u64> = seen.iter().filter_map(|e| e.id).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    for event in &seen {
        assert_eq!(event.data["seq"].as_u64(), event.id);
        assert_eq!(event.data["turn_id"], turn.as_str());
        assert_eq!(event.data["type"], event.name.as_str());
    }
    let ended = alice.get(&format!("/v1/turns/{turn}")).await.body;
    assert_eq!(
        ended["usage"],
        json!({"input_tokens": 5, "output_tokens": 3})
    );
    assert_eq!(alice.said(&conversation, &turn).await, "Hello!");
}

#[tokio::test]
async fn text_comes_ahead_of_the_log_to_whoever_takes_it() {
    let (first, second) = (Gate::default(), Gate::default());
    let model = Script::in_steps([vec![
        say("Hel"),
        Line::Wait(first.clone()),
        say("lo"),
        Line::Wait(second.clone()),
        say(" there."),
    ]]);
    let (_app, alice) = product(model).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "hi").await;
    let path = format!("/v1/turns/{turn}/events?after=0&ahead=true");
    let response = alice.request(reqwest::Method::GET, &path).send().await;
    let mut stream = Events::of(response.unwrap());
    let mut seen = Vec::new();
    while text_of(&seen) != "Hel" {
        let event = stream.next().await.expect("more, while the model waits");
        // Whoever reads before the model speaks is told of that ahead, too.
        if event.id.is_some() {
            seen.push(event);
        }
    }
    first.open();
    let ahead = stream.next().await.expect("more, while the model waits");
    assert_eq!(
        (ahead.id, ahead.name.as_str(), &ahead.data),
        (
            None,
            "text_ahead",
            &json!({"type": "text_ahead", "after": seen.len(), "step": 0, "ahead": "lo"})
        )
    );
    // Then it is an event as any, and has a number.
    let stored = stream.next().await.expect("more, while the model waits");
    assert_eq!(stored.id, Some(seen.len() as u64 + 1));
    seen.push(stored);
    assert_eq!(text_of(&seen), "Hello");
    second.open();
    seen.extend(stream.all().await.into_iter().filter(|e| e.id.is_some()));
    assert_eq!(seen, alice.events(&turn, 0).await.all().await);
    assert_eq!(text_of(&seen), "Hello there.");
}

#[tokio::test]
async fn the_request_that_asks_can_stream() {
    let (_app, alice) = product(Script::in_steps([vec![say("Hello.")]])).await;
    let conversation = alice.converse().await;
    let events = alice.ask_streaming(&conversation, "hi").await;
    assert_eq!(text_of(&events), "Hello.");
    assert_eq!(names(&events).last(), Some(&"turn_completed"));
}

#[tokio::test]
async fn a_turn_goes_on_without_a_reader() {
    let gate = Gate::default();
    let model = Script::in_steps([vec![say("Hel"), Line::Wait(gate.clone()), say("lo.")]]);
    let (_app, alice) = product(model).await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let response = alice
        .request(reqwest::Method::POST, &path)
        .header("idempotency-key", "k")
        .header("accept", "text/event-stream")
        .json(&json!({"text": "hi"}))
        .send()
        .await
        .unwrap();
    let turn = response.headers()["x-azimuth-turn-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut stream = Events::of(response);
    assert_eq!(stream.next().await.unwrap().name, "turn_started");
    drop(stream);
    gate.open();
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(alice.said(&conversation, &turn).await, "Hello.");
}

#[tokio::test]
async fn two_calls_run_side_by_side_and_a_second_step_reads_them() {
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let model = Script::in_steps([
        vec![
            say("Let me look."),
            call("a", "thing_list", &json!({"name": "one"})),
            call("b", "thing_list", &json!({"name": "two"})),
        ],
        vec![say("Both are there.")],
    ]);
    let (app, alice) = product(model.clone()).await;
    let held = |value| Behaviour::Gated(gate.clone(), value);
    app.tools
        .will("thing_list", [held(json!({"n": 1})), held(json!({"n": 1}))]);
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "look").await;
    // Both are at the tool before either has answered.
    app.tools.wait_for_calls(2).await;
    gate.notify_waiters();
    gate.notify_one();
    gate.notify_one();
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok", "ok"]);
    assert_eq!(
        alice.said(&conversation, &turn).await,
        "Let me look.\nBoth are there."
    );

    let events = alice.events(&turn, 0).await.all().await;
    let of = |name: &str| events.iter().filter(|e| e.name == name).count();
    assert_eq!(
        (
            of("tool_call_requested"),
            of("tool_call_started"),
            of("tool_call_finished"),
            of("model_started")
        ),
        (2, 2, 2, 2)
    );
    let first_end = events
        .iter()
        .position(|e| e.name == "tool_call_finished")
        .unwrap();
    let second_step = events
        .iter()
        .rposition(|e| e.name == "model_started")
        .unwrap();
    assert!(first_end < second_step);
    let finished = &events[first_end].data;
    assert_eq!(finished["outcome"], "ok");
    assert_eq!(finished["preview"], "{\"n\":1}");
    assert_eq!(finished["result_ref"]["size_bytes"], 7);

    let asked = model.asked();
    assert_eq!(asked.len(), 2);
    let results: Vec<_> = asked[1]
        .messages
        .iter()
        .filter_map(|message| match message {
            ChatMessage::ToolResult {
                call_id,
                outcome,
                content,
                ..
            } => Some((call_id.as_str(), *outcome, content.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        results,
        [
            ("a", Outcome::Ok, "{\"n\":1}"),
            ("b", Outcome::Ok, "{\"n\":1}")
        ]
    );
    let ids: Vec<_> = app.tools.seen().into_iter().map(|seen| seen.oid).collect();
    let oid = app.user("alice").oid;
    assert_eq!(ids, [oid.clone(), oid]);
}

#[tokio::test]
async fn a_model_may_say_nothing() {
    let model = Script::in_steps([vec![Line::Usage(1, 0)]]);
    let (_app, alice) = product(model.clone()).await;
    let conversation = alice.converse().await;
    for question in ["one", "two"] {
        let (_, said) = alice.ask_and_wait(&conversation, question).await;
        assert_eq!(said, "");
    }
    let shown = model.asked()[1].messages.clone();
    let expected = ["one", "two"].map(|text| ChatMessage::User(text.to_owned()));
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn the_model_is_offered_a_handful_that_fits_and_that_it_may_use() {
    let model = Script::in_steps([vec![say("Yes.")]]);
    let (app, alice) = product(model.clone()).await;
    let bob = app.person("bob").await;
    for person in [&alice, &bob] {
        let conversation = person.converse().await;
        person
            .ask_and_wait(&conversation, "create a thing, delete a thing, list things")
            .await;
    }
    let offered: Vec<Vec<String>> = model
        .asked()
        .iter()
        .map(|request| {
            let mut names: Vec<String> = request.tools.iter().map(|t| t.name.clone()).collect();
            names.sort();
            names
        })
        .collect();
    assert_eq!(
        offered,
        [
            vec![
                "fake__thing_create",
                "fake__thing_delete",
                "fake__thing_list"
            ],
            vec!["fake__thing_list"],
        ]
    );
}
