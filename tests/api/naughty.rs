//! The Big List of Naughty Strings goes in and comes out unchanged.

use std::collections::BTreeSet;
use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::corpora::corpus;
use azimuth_tests::operations::OPERATIONS;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::scene::{Scene, fill, fill_body};
use azimuth_tests::script::{Script, say};
use futures::StreamExt;
use futures::future::join_all;
use serde_json::{Value, json};

/// An operation and a field of its body.
type Field = (&'static str, &'static str);

/// Where text goes beside messages, titles of new conversations and arguments.
const FIELDS: [Field; 35] = [
    ("put_kill_switch", "reason"),
    ("put_kill_switch", "scope"),
    ("put_added_server", "args"),
    ("put_added_server", "command"),
    ("put_added_server", "env"),
    ("put_added_server", "headers"),
    ("put_added_server", "hosts"),
    ("put_added_server", "oauth"),
    ("put_added_server", "reason"),
    ("put_added_server", "type"),
    ("put_added_server", "url"),
    ("put_tool_pin", "accepted"),
    ("put_tool_pin", "reason"),
    ("put_quotas", "reason"),
    ("put_model_offer", "default"),
    ("put_model_offer", "only_for"),
    ("put_model_offer", "reason"),
    ("put_policies", "reason"),
    ("put_policies", "text"),
    ("simulate_policies", "text"),
    ("patch_user", "roles"),
    ("patch_user", "status"),
    ("decide_approval", "decision"),
    ("decide_approval", "digest"),
    ("decide_approval", "reason"),
    ("decide_approval", "remember"),
    ("patch_conversation", "title"),
    ("create_turn", "mode"),
    ("create_turn", "model"),
    ("create_turn", "parent_message_id"),
    ("patch_settings", "always_allowed_tools"),
    ("patch_settings", "default_subscription"),
    ("patch_settings", "language"),
    ("patch_settings", "model"),
    ("patch_settings", "theme"),
];

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

#[tokio::test]
async fn as_arguments() {
    let Some(strings) = strings() else {
        return;
    };
    let (_app, alice) = product().await;
    futures::stream::iter(strings)
        .map(|text| argument(alice.clone(), text))
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}

async fn argument(alice: Person, text: String) {
    let body = json!({"arguments": {"name": text}});
    let made = alice.post("/v1/tools/fake/thing_list/calls", body).await;
    assert_eq!(made.status, 202, "{text:?}: {made:?}");
    let turn = alice
        .get(&format!("/v1/turns/{}", made.text("turn_id")))
        .await;
    assert_eq!(turn.body["calls"][0]["arguments"], json!({"name": text}));
}

#[tokio::test]
async fn in_every_other_field() {
    let Some(strings) = strings() else {
        return;
    };
    let scene = Scene::set().await;
    // One after the other for each operation: two changes at once refuse one of them. The
    // policies last, since whoever replaces them takes everything from everybody.
    let (policies, others): (Vec<Field>, Vec<Field>) =
        FIELDS.iter().partition(|field| field.0 == "put_policies");
    let operations: BTreeSet<&str> = others.iter().map(|field| field.0).collect();
    let each = operations.into_iter().map(|operation| {
        let (scene, strings, others) = (&scene, &strings, &others);
        let fields = others.iter().filter(move |field| field.0 == operation);
        async move {
            for field in fields {
                put_all(scene, *field, strings).await;
            }
        }
    });
    join_all(each).await;
    for field in policies {
        put_all(&scene, field, &strings).await;
    }
}

async fn put_all(scene: &Scene, field: Field, strings: &[String]) {
    for text in strings {
        put(scene, field, text).await;
    }
}

/// It is taken, and then it is there as it was given, or refused with its place.
async fn put(scene: &Scene, (operation, field): Field, text: &str) {
    let operation = OPERATIONS.iter().find(|o| o.id == operation).unwrap();
    let mut body = fill_body(operation.body, &scene.things);
    let (value, place) = match field {
        "roles" => (json!([text]), "/roles/0".to_owned()),
        "always_allowed_tools" => (
            json!([{"server": text, "tool": text}]),
            "/always_allowed_tools/0".to_owned(),
        ),
        _ => (json!(text), format!("/{field}")),
    };
    body[field] = value;
    let path = fill(operation.path, &scene.things);
    let send = || {
        let request = scene
            .entitled(operation)
            .request(operation.method.parse().unwrap(), &path)
            .header("if-match", "*")
            .header("idempotency-key", ulid::Ulid::generate().to_string())
            .json(&body);
        Reply::to(request)
    };
    let mut reply = send().await;
    while reply.status == 429 {
        // So many at once come from nobody who types them.
        scene.app.clock.advance(Duration::from_mins(1));
        reply = send().await;
    }
    let what = format!("{text:?} as {field} of {}: {}", operation.id, reply.text());
    match reply.status {
        200 => {
            let kept = match (operation.id, field) {
                ("decide_approval", "reason") => &reply.body["decision"]["reason"],
                ("put_tool_pin", "reason") => &reply.body["settled"]["reason"],
                ("put_added_server", "reason") => &reply.body["reason"],
                (_, "reason") => &reply.body["stored"]["reason"],
                ("simulate_policies", _) => return,
                _ => &reply.body[field],
            };
            // Around a title and a reason there is no white space; none is no reason.
            let kept = kept.as_str().unwrap_or_default();
            assert!([text, text.trim()].contains(&kept), "{what}");
        }
        // The first reason that is taken decides.
        409 if field == "reason" => assert_eq!(reply.body["code"], "approval_decided", "{what}"),
        409 | 422 => {
            assert_eq!(
                (
                    reply.header("content-type").as_str(),
                    &reply.body["pointer"]
                ),
                ("application/problem+json", &json!(place)),
                "{what}"
            );
        }
        _ => panic!("{what}"),
    }
}

/// No text of a body is forgotten, wherever the strings themselves are not at hand.
#[tokio::test]
async fn no_field_is_forgotten() {
    let (_app, alice) = product().await;
    let document = alice.get("/openapi.json").await.body;
    let mut described = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let named = schema["$ref"]
                .as_str()
                .and_then(|name| name.strip_prefix('#'));
            let schema = named.and_then(|at| document.pointer(at)).unwrap_or(schema);
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let fields = schema["properties"].as_object().into_iter().flatten();
            let texts = fields.filter(|(_, schema)| !is_of_type(schema, "boolean"));
            described.extend(texts.map(|(field, _)| (id.clone(), field.clone())));
        }
    }
    let elsewhere = [
        ("create_conversation", "title"),
        ("create_turn", "text"),
        ("call_tool", "arguments"),
        // Numbers by the names of quotas.
        ("put_quotas", "person"),
        ("put_quotas", "roles"),
        ("put_quotas", "tenant"),
    ];
    let known = FIELDS.iter().copied().chain(elsewhere);
    let known = known.map(|(operation, field)| (operation.to_owned(), field.to_owned()));
    assert_eq!(described, known.collect());
}

fn is_of_type(schema: &Value, name: &str) -> bool {
    let kind = &schema["type"];
    let kinds = kind
        .as_array()
        .map_or_else(|| std::slice::from_ref(kind), Vec::as_slice);
    kinds.iter().any(|one| one == name)
}
