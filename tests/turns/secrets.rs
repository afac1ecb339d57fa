//! Secrets: sealed on receipt, opened in front of the tool alone; what a call reveals is
//! shown once, to the person who asked.

use std::time::Duration;

use azimuth_ports::model::ModelRequest;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Line, Script, call, question, say, step_of};
use azimuth_tests::tools::Behaviour;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, approval, outcomes, product};

/// What nothing may tell by its form.
const WORD: &str = "plum-brandy";

/// A model that creates a thing whose value is what the question says behind `=`.
fn giver(request: &ModelRequest) -> Vec<Line> {
    if step_of(request) > 0 {
        return vec![say("Done.")];
    }
    let value = question(request).split('=').nth(1).unwrap_or_default();
    let arguments = json!({"name": "a", "value": value.trim_end_matches(';')});
    vec![call("c", "thing_create", &arguments)]
}

async fn ask(person: &Person, text: &str, state: &str) -> Value {
    let conversation = person.converse().await;
    let turn = person.ask(&conversation, text).await;
    person.wait_for(&turn, &[state], PATIENCE).await
}

/// Carol agrees, and the turn goes on to its end.
async fn agreed(app: &TestApp, asker: &Person, turn: &Value) -> Value {
    let carol = app.person("carol").await;
    let (id, digest) = approval(turn);
    let decided = carol.decide(&id, &digest, "approve").await;
    assert_eq!(decided.status, 200, "{decided:?}");
    asker
        .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
        .await
}

/// A direct call that reveals a secret, agreed to and ended.
async fn revealed(app: &TestApp, asker: &Person, says: Value) -> Value {
    app.tools.will("thing_list", [Behaviour::Says(says)]);
    let body = json!({"arguments": {"name": "kv", "secret": "db"}});
    let path = "/v1/tools/fake/thing_list/calls";
    let turn = asker.post(path, body).await.text("turn_id");
    let turn = asker.wait_for(&turn, &["waiting"], PATIENCE).await;
    assert_eq!(turn["calls"][0]["approval"]["by"], "another_approver");
    agreed(app, asker, &turn).await
}

fn result_path(turn: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, call) = (text(&turn["id"]), text(&turn["calls"][0]["call_id"]));
    format!("/v1/turns/{id}/calls/{call}/result")
}

/// Everything that lies in files of the store and the queue.
fn files(app: &TestApp) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(app.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|part| part == word.as_bytes())
}

#[tokio::test]
async fn a_revealed_secret_is_given_once_and_to_its_asker() {
    let model = Script::clerk();
    let (app, alice) = product(model.clone()).await;
    let secret = json!({"value": WORD});
    let turn = revealed(&app, &alice, secret.clone()).await;
    assert_eq!(outcomes(&turn), ["ok"]);
    let call = &turn["calls"][0];
    assert_eq!(
        (&call["result"], &call["preview"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        call["note"].as_str().unwrap().contains("shown once"),
        "{call}"
    );
    assert_eq!(call["arguments"], json!({"name": "kv", "secret": "db"}));
    assert!(!holds(&files(&app), WORD), "before it was read");

    let path = result_path(&turn);
    for name in ["bob", "carol", "dave", "eve"] {
        let other = app.person(name).await;
        let refused = other.get(&path).await;
        assert_eq!(
            (refused.status, refused.text("code").as_str()),
            (404, "not_found"),
            "{name}"
        );
    }
    // What would give it without giving it whole.
    let head = alice.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.status(), 405);
    for part in ["?offset=1", "?length=3"] {
        assert_eq!(
            alice.get(&format!("{path}{part}")).await.status,
            416,
            "{part}"
        );
    }
    let given = Reply::to(alice.request(Method::GET, &path)).await;
    assert_eq!((given.status, &given.body), (200, &secret), "{given:?}");
    assert_eq!(given.header("cache-control"), "no-store");
    let again = alice.get(&path).await;
    assert_eq!(
        (again.status, again.text("code").as_str()),
        (410, "secret_gone")
    );
    assert!(!holds(&files(&app), WORD), "after it was read");
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_it() {
    let (app, alice) = product(Script::clerk()).await;
    let turn = revealed(&app, &alice, json!({"value": WORD})).await;
    let path = result_path(&turn);
    let beside = app.beside(AppShape::with(Script::clerk())).await;
    let asked = (0..8).map(|n| {
        let person = if n % 2 == 0 {
            alice.clone()
        } else {
            alice.at(&beside.api)
        };
        let path = path.clone();
        async move { person.get(&path).await.status }
    });
    let mut answers = futures::future::join_all(asked).await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 410, 410, 410, 410, 410, 410, 410]);
}

#[tokio::test]
async fn nobody_gets_it_after_five_minutes() {
    let (app, alice) = product(Script::clerk()).await;
    for (waits, status) in [(299, 200), (300, 410), (301, 410)] {
        let turn = revealed(&app, &alice, json!({"value": WORD})).await;
        app.clock.advance(Duration::from_secs(waits));
        let answer = alice.get(&result_path(&turn)).await;
        // What the test itself takes counts as well.
        assert!(
            answer.status == status || (waits == 299 && answer.status == 410),
            "{waits}"
        );
    }
}

#[tokio::test]
async fn a_model_learns_that_it_was_shown_and_nothing_else() {
    let model = Script::in_steps([vec![call("c", "thing_list", &json!({"secret": "db"}))]]);
    let (app, alice) = product(model.clone()).await;
    app.tools
        .will("thing_list", [Behaviour::Says(json!({"value": WORD}))]);
    let turn = ask(&alice, "show it", "waiting").await;
    let ended = agreed(&app, &alice, &turn).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    let asked = format!("{:?}", model.asked());
    assert!(
        asked.contains("shown once") && !asked.contains(WORD),
        "{asked}"
    );
    let id = ended["id"].as_str().unwrap();
    let events = format!("{:?}", alice.events(id, 0).await.all().await);
    let audit = alice
        .get(&format!("/v1/audit?turn_id={id}"))
        .await
        .body
        .to_string();
    let conversation = ended["conversation_id"].as_str().unwrap();
    let export = alice
        .get(&format!("/v1/conversations/{conversation}/export"))
        .await;
    for sink in [events, audit, export.body.to_string(), ended.to_string()] {
        assert!(
            !sink.contains(WORD) && !sink.contains("size_bytes\":1"),
            "{sink}"
        );
    }
    assert_eq!(alice.get(&result_path(&ended)).await.status, 200);
}

#[tokio::test]
async fn what_a_secret_call_fails_with_is_not_told_either() {
    let (app, alice) = product(Script::clerk()).await;
    for behaviour in [
        Behaviour::Fails(404, WORD.to_owned()),
        Behaviour::Unclear(WORD.to_owned()),
    ] {
        app.tools.will("thing_list", [behaviour]);
        let body = json!({"arguments": {"name": "kv", "secret": "db"}});
        let path = "/v1/tools/fake/thing_list/calls";
        let turn = alice.post(path, body).await.text("turn_id");
        let turn = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
        let ended = agreed(&app, &alice, &turn).await;
        assert_eq!(outcomes(&ended), ["error"]);
        assert!(!ended.to_string().contains(WORD), "{ended}");
        assert!(!holds(&files(&app), WORD));
    }
}

#[tokio::test]
async fn a_secret_of_a_message_reaches_the_tool_and_nothing_else() {
    let model = Script::answering(giver);
    let (app, alice) = product(model.clone()).await;
    let text = format!("create a thing with Password={WORD};");
    let turn = ask(&alice, &text, "waiting").await;
    assert_eq!(
        turn["calls"][0]["arguments"],
        json!({"name": "a", "value": "(secret)"})
    );
    let carol = app.person("carol").await;
    let (id, _) = approval(&turn);
    let card = carol.get(&format!("/v1/approvals/{id}")).await.body;
    assert_eq!(card["arguments"], json!({"name": "a", "value": "(secret)"}));
    assert!(!holds(&files(&app), WORD), "while it waits");
    let ended = agreed(&app, &alice, &turn).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(
        app.tools.seen()[0].arguments,
        json!({"name": "a", "value": WORD})
    );
    let asked = format!("{:?}", model.asked());
    assert!(
        asked.contains("{secret:1}") && !asked.contains(WORD),
        "{asked}"
    );
    let conversation = ended["conversation_id"].as_str().unwrap();
    let path = format!("/v1/conversations/{conversation}/messages");
    let messages = alice.get(&path).await.body.to_string();
    assert!(messages.contains("Password={secret:1}"), "{messages}");
    assert!(!holds(&files(&app), WORD), "afterwards");
}

#[tokio::test]
async fn a_secret_argument_reaches_the_tool_and_nothing_else() {
    let (app, alice) = product(Script::clerk()).await;
    let body = json!({"arguments": {"name": "a", "value": WORD}});
    let path = "/v1/tools/fake/thing_create/calls";
    let accepted = alice.post_with_key(path, "one", body.clone()).await;
    let turn = accepted.text("turn_id");
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    // The same request is the same turn, another secret is another request.
    let same = alice.post_with_key(path, "one", body).await;
    assert_eq!((same.status, same.text("turn_id")), (202, turn.clone()));
    let other = json!({"arguments": {"name": "a", "value": "another"}});
    let reused = alice.post_with_key(path, "one", other).await;
    assert_eq!(
        (reused.status, reused.text("code").as_str()),
        (422, "idempotency_key_reused")
    );
    assert!(!holds(&files(&app), WORD));
    agreed(&app, &alice, &waiting).await;
    assert_eq!(
        app.tools.seen()[0].arguments,
        json!({"name": "a", "value": WORD})
    );
}

#[tokio::test]
async fn the_exact_form_of_a_call_seals_what_its_tool_calls_a_secret() {
    let model = Script::answering(giver);
    let (app, alice) = product(model.clone()).await;
    for text in [
        format!("/thing_create value={WORD}"),
        format!("/fake/thing_create --value '{WORD}' and ="),
        format!("/thing_create {{\"value\": \"{WORD}\"}} ="),
    ] {
        ask(&alice, &text, "waiting").await;
        assert!(!holds(&files(&app), WORD), "{text}");
    }
    assert!(!format!("{:?}", model.asked()).contains(WORD));
}

#[tokio::test]
async fn a_placeholder_names_a_secret_of_its_own_turn_only() {
    // What a person or a model writes so, and what was one in an earlier turn.
    let model = Script::answering(|request| {
        let tried = step_of(request) > 0;
        let arguments = json!({"name": "a", "value": "{secret:1}"});
        if tried {
            vec![say("No.")]
        } else {
            vec![call("c", "thing_create", &arguments)]
        }
    });
    let (app, alice) = product(model.clone()).await;
    let conversation = alice.converse().await;
    let first = alice
        .ask(&conversation, &format!("keep Password={WORD};"))
        .await;
    let waiting = alice.wait_for(&first, &["waiting"], PATIENCE).await;
    let (id, digest) = approval(&waiting);
    let carol = app.person("carol").await;
    assert_eq!(carol.decide(&id, &digest, "deny").await.status, 200);
    alice.wait_for(&first, &["done"], PATIENCE).await;
    let second = alice.ask(&conversation, "now {secret:1} please").await;
    let ended = alice.wait_for(&second, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["not_run"]);
    let note = ended["calls"][0]["note"].as_str().unwrap();
    assert!(
        note.contains("{secret:1} is no secret of this turn"),
        "{note}"
    );
    assert!(app.tools.seen().is_empty());
    // The model is not shown the earlier number.
    let last = model.asked().pop().unwrap();
    let history = format!("{:?}", last.messages);
    assert!(history.contains("Password={secret};"), "{history}");
    // Somebody else's turn has secrets of its own.
    let bob = app.person("bob").await;
    let his = ask(&bob, "take {secret:1}", "done").await;
    assert_eq!(outcomes(&his), ["not_run"]);
}

#[tokio::test]
async fn a_secret_cannot_say_where_a_call_works() {
    let model = Script::answering(|request| match step_of(request) {
        0 => vec![call(
            "c",
            "thing_create",
            &json!({"name": "a", "resource-group": "{secret:1}"}),
        )],
        _ => vec![say("No.")],
    });
    let (app, alice) = product(model).await;
    let turn = ask(&alice, "Password=rg-prod;", "waiting").await;
    let ended = agreed(&app, &alice, &turn).await;
    assert_eq!(outcomes(&ended), ["error"]);
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn so_many_and_so_large_secrets_at_most() {
    let (_app, alice) = product(Script::clerk()).await;
    let conversation = alice.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let many = |n: usize| {
        (0..n).fold(String::new(), |text, i| {
            text + &format!("password=pw-{i:03} ")
        })
    };
    let large = |n: usize| format!("password={}", "x".repeat(n));
    for (text, expected) in [
        (many(15), None),
        (many(16), None),
        (many(17), Some("too_many_secrets")),
        (large(25 * 1024 - 1), None),
        (large(25 * 1024), None),
        (large(25 * 1024 + 1), Some("secret_too_large")),
    ] {
        let answer = alice.post(&path, json!({"text": text})).await;
        match expected {
            None => {
                assert_eq!(answer.status, 202, "{answer:?}");
                alice
                    .wait_for(&answer.text("turn_id"), &["done"], PATIENCE)
                    .await;
            }
            Some(code) => assert_eq!((answer.status, answer.text("code").as_str()), (422, code)),
        }
    }
}
