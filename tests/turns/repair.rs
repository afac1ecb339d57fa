//! Answers of a model that cannot be used: one repair, then a clear end.

use azimuth_domain::event::Outcome;
use azimuth_ports::model::{ChatMessage, ModelError};
use azimuth_tests::script::{Line, Script, call, raw_call, say};
use azimuth_tests::sse::text_of;
use serde_json::{Value, json};

use super::{PATIENCE, ask_until, names, outcomes, product};

fn unusable() -> Vec<(&'static str, Line, &'static str)> {
    let mut rows = vec![
        (
            "an unknown tool",
            raw_call("a", "fake__nothing", "{}"),
            "There is no tool named fake__nothing.",
        ),
        ("no name", raw_call("a", "", "{}"), "There is no tool named"),
        (
            "broken JSON",
            raw_call("a", "fake__thing_list", "{\"name\": "),
            "no valid JSON",
        ),
        (
            "no object",
            raw_call("a", "fake__thing_list", "[1]"),
            "must be a JSON object",
        ),
        (
            "a wrong type",
            call("a", "thing_list", &json!({"name": 7})),
            "do not fit the tool",
        ),
        (
            "an unknown argument",
            call("a", "thing_list", &json!({"nom": "x"})),
            "do not fit the tool",
        ),
        (
            "another case",
            call("a", "thing_list", &json!({"Name": "x"})),
            "do not fit the tool",
        ),
    ];
    let large = json!({"name": "x".repeat(40_000)});
    rows.push((
        "too large",
        call("a", "thing_list", &large),
        "do not fit the tool",
    ));
    rows
}

#[tokio::test]
async fn the_model_is_told_once_and_may_do_better() {
    for (what, line, told) in unusable() {
        let model = Script::in_steps([
            vec![line],
            vec![call("b", "thing_list", &json!({}))],
            vec![say("Here.")],
        ]);
        let (app, alice) = product(model.clone()).await;
        let turn = ask_until(&alice, "look", &["done"]).await;
        assert_eq!(outcomes(&turn), ["not_run", "ok"], "{what}");
        assert_eq!(app.tools.seen().len(), 1, "{what}");
        let asked = model.asked();
        let Some(ChatMessage::ToolResult {
            outcome, content, ..
        }) = asked[1].messages.last()
        else {
            panic!("{what}: {:?}", asked[1].messages);
        };
        assert_eq!(*outcome, Outcome::NotRun, "{what}");
        assert!(content.contains(told), "{what}: {content}");
    }
}

#[tokio::test]
async fn twice_ends_the_turn() {
    for (what, line, _) in unusable() {
        let model = Script::answering(move |_| vec![line.clone()]);
        let (app, alice) = product(model.clone()).await;
        let turn = ask_until(&alice, "look", &["failed"]).await;
        assert_eq!(turn["error"]["code"], "model_unusable", "{what}");
        assert_eq!(model.asked().len(), 2, "{what}");
        assert!(app.tools.seen().is_empty(), "{what}");
        let events = alice
            .events(turn["id"].as_str().unwrap(), 0)
            .await
            .all()
            .await;
        let last = events.last().unwrap();
        assert_eq!(
            (last.name.as_str(), &last.data["code"]),
            ("turn_failed", &json!("model_unusable"))
        );
    }
}

#[tokio::test]
async fn a_good_answer_in_between_forgives() {
    let bad = || raw_call("a", "fake__nothing", "{}");
    let good = || call("b", "thing_list", &json!({}));
    let model = Script::in_steps([
        vec![bad()],
        vec![good()],
        vec![bad()],
        vec![good()],
        vec![say("Here.")],
    ]);
    let (_app, alice) = product(model).await;
    let turn = ask_until(&alice, "look", &["done"]).await;
    assert_eq!(outcomes(&turn), ["not_run", "ok", "not_run", "ok"]);
}

#[tokio::test]
async fn what_is_valid_beside_it_runs() {
    let model = Script::in_steps([vec![
        raw_call("a", "fake__nothing", "{}"),
        call("b", "thing_list", &json!({})),
    ]]);
    let (app, alice) = product(model).await;
    let turn = ask_until(&alice, "look", &["done"]).await;
    assert_eq!(outcomes(&turn), ["not_run", "ok"]);
    assert_eq!(app.tools.seen().len(), 1);
}

fn calls(count: usize) -> Vec<Line> {
    (0..count)
        .map(|n| {
            call(
                &format!("c{n}"),
                "thing_list",
                &json!({"name": n.to_string()}),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_step_has_at_most_eight_calls() {
    for count in [7, 8] {
        let (app, alice) = product(Script::in_steps([calls(count)])).await;
        let turn = ask_until(&alice, "look", &["done"]).await;
        assert_eq!(outcomes(&turn), vec!["ok"; count]);
        assert_eq!(app.tools.seen().len(), count);
    }
    for text in ["", "I try."] {
        let mut nine = calls(9);
        nine.insert(0, say(text));
        let model = Script::in_steps([nine, vec![say("Then not.")]]);
        let (app, alice) = product(model.clone()).await;
        let turn = ask_until(&alice, "look", &["done"]).await;
        assert_eq!(turn["calls"], json!([]));
        assert!(app.tools.seen().is_empty());
        let Some(ChatMessage::Repair(note)) = model.asked()[1].messages.last().cloned() else {
            panic!("{:?}", model.asked()[1].messages);
        };
        assert!(
            note.contains("9 tool calls") && note.contains("At most 8"),
            "{note}"
        );
    }
    let (_app, alice) = product(Script::answering(|_| calls(9))).await;
    let turn = ask_until(&alice, "look", &["failed"]).await;
    assert_eq!(turn["error"]["code"], "model_unusable");
}

#[tokio::test]
async fn a_turn_has_at_most_sixteen_steps() {
    for (steps, end) in [(15, "done"), (16, "failed")] {
        let model = Script::answering(move |request| {
            let step = azimuth_tests::script::step_of(request);
            if step < steps {
                vec![call("c", "thing_list", &json!({}))]
            } else {
                vec![say("Here.")]
            }
        });
        let (app, alice) = product(model.clone()).await;
        let turn = ask_until(&alice, "look", &[end]).await;
        assert_eq!((app.tools.seen().len(), model.asked().len()), (steps, 16));
        let code = if end == "done" {
            Value::Null
        } else {
            json!("step_limit")
        };
        assert_eq!(turn["error"]["code"], code);
    }
}

#[tokio::test]
async fn a_model_that_fails_ends_the_turn_by_its_code() {
    let unavailable = || {
        Line::Fail(ModelError::Unavailable {
            detail: "busy".to_owned(),
            retry_after: Some(std::time::Duration::ZERO),
        })
    };
    for (what, lines, code, questions) in [
        (
            "busy three times",
            vec![unavailable()],
            "model_unavailable",
            3,
        ),
        (
            "rejected",
            vec![Line::Fail(ModelError::Rejected("no".to_owned()))],
            "model_rejected",
            1,
        ),
        (
            "no key",
            vec![Line::Fail(ModelError::Unauthorized)],
            "model_unauthorized",
            1,
        ),
        (
            "broke off after text",
            vec![say("Hel"), Line::Break],
            "model_unavailable",
            1,
        ),
        (
            "failed after text",
            vec![say("Hel"), unavailable()],
            "model_unavailable",
            1,
        ),
    ] {
        let model = Script::answering(move |_| lines.clone());
        let (_app, alice) = product(model.clone()).await;
        let turn = ask_until(&alice, "look", &["failed"]).await;
        assert_eq!(turn["error"]["code"], code, "{what}");
        assert!(!turn["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(model.asked().len(), questions, "{what}");
    }
}

#[tokio::test]
async fn a_model_that_was_busy_for_a_moment_is_asked_again() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let model = Script::answering(move |_| {
        if tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            vec![Line::Fail(ModelError::Unavailable {
                detail: "busy".to_owned(),
                retry_after: Some(std::time::Duration::ZERO),
            })]
        } else {
            vec![say("Here.")]
        }
    });
    let (_app, alice) = product(model).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "look").await;
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    let events = alice.events(&turn, 0).await.all().await;
    assert_eq!(text_of(&events), "Here.");
    assert!(!names(&events).contains(&"model_restarted"));
}
