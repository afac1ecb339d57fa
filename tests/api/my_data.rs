//! What is kept of a person: exported, deleted, and nobody else's.

use std::time::Duration;

use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(10);

/// The lines of an export, each with its kind.
async fn export(person: &Person) -> Vec<Value> {
    let reply = Reply::to(person.request(Method::GET, "/v1/me/data")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let attachment = reply.header("content-disposition");
    assert!(attachment.contains("azimuth-"), "{attachment}");
    let text = reply.text();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

async fn delete(person: &Person) -> Reply {
    Reply::to(person.request(Method::DELETE, "/v1/me/data")).await
}

async fn version(person: &Person, path: &str) -> String {
    let found = Reply::to(person.request(Method::GET, path)).await;
    found.header("etag")
}

async fn choose(person: &Person, settings: Value) {
    let version = version(person, "/v1/settings").await;
    let request = person
        .request(Method::PATCH, "/v1/settings")
        .header("if-match", version)
        .json(&settings);
    assert_eq!(Reply::to(request).await.status, 200);
}

/// How many conversations lie on each shelf.
async fn shelves(person: &Person) -> [usize; 3] {
    let mut counts = [0; 3];
    for (count, query) in counts
        .iter_mut()
        .zip(["", "?archived=true", "?deleted=true"])
    {
        let page = person.get(&format!("/v1/conversations{query}")).await;
        *count = page.body["items"].as_array().unwrap().len();
    }
    counts
}

/// Alice and bob, each with a conversation and a call without a model; alice has one that
/// is archived and one that is deleted besides.
async fn two_people() -> (TestApp, Person, Person) {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    for person in [&alice, &bob] {
        let conversation = person.converse().await;
        person.ask_and_wait(&conversation, "say hello").await;
        let path = "/v1/tools/fake/thing_list/calls";
        let called = person.post(path, json!({"arguments": {}})).await;
        let turn = called.text("turn_id");
        person.wait_for(&turn, &["done"], PATIENCE).await;
        choose(person, json!({"theme": "dark"})).await;
    }
    for shelf in ["archived", "deleted"] {
        let path = format!("/v1/conversations/{}", alice.converse().await);
        let request = match shelf {
            "archived" => alice
                .request(Method::PATCH, &path)
                .header("if-match", version(&alice, &path).await)
                .json(&json!({"archived": true})),
            _ => alice.request(Method::DELETE, &path),
        };
        assert!(Reply::to(request).await.status < 300, "{shelf}");
    }
    (app, alice, bob)
}

#[tokio::test]
async fn an_export_has_all_that_is_kept_of_a_person_and_nothing_of_others() {
    let (app, alice, _bob) = two_people().await;
    let lines = export(&alice).await;
    let profile = &lines[0];
    assert_eq!(
        (
            &profile["kind"],
            &profile["oid"],
            &profile["settings"]["theme"]
        ),
        (
            &json!("profile"),
            &json!(app.user("alice").oid),
            &json!("dark")
        )
    );
    assert_eq!(of_kind(&lines, "session").len(), 1);
    let conversations = of_kind(&lines, "conversation");
    assert_eq!(conversations.len(), 3);
    let said = json!(conversations).to_string();
    assert!(said.contains("say hello"), "{said}");
    let direct = of_kind(&lines, "console");
    assert_eq!(direct.len(), 1);
    assert_eq!(direct[0]["turns"][0]["calls"][0]["tool"], "thing_list");
    let end = json!({"kind": "end", "sessions": 1, "conversations": 4});
    assert_eq!(lines.last(), Some(&end));
    let all = json!(lines).to_string();
    assert!(!all.contains(&app.user("bob").oid), "{all}");
}

#[tokio::test]
async fn deleting_takes_all_of_one_person_and_leaves_an_undo_and_the_audit() {
    let (app, alice, bob) = two_people().await;
    assert_eq!(shelves(&alice).await, [1, 1, 1]);
    let deleted = delete(&alice).await;
    let expected = json!({"conversations": 3, "complete": true});
    assert_eq!((deleted.status, &deleted.body), (200, &expected));
    assert_eq!(shelves(&alice).await, [0, 0, 3]);
    assert_eq!(alice.get("/v1/settings").await.body["theme"], Value::Null);
    let lines = export(&alice).await;
    assert_eq!(of_kind(&lines, "console").len(), 0);
    // Whoever did not mean it has a week.
    let page = alice.get("/v1/conversations?deleted=true").await.body;
    for one in page["items"].as_array().unwrap() {
        let path = format!("/v1/conversations/{}/restore", one["id"].as_str().unwrap());
        assert_eq!(
            Reply::to(alice.request(Method::POST, &path)).await.status,
            200
        );
    }
    assert_eq!(shelves(&alice).await, [2, 1, 0]);
    // Nobody else lost anything, and it is on record.
    assert_eq!(shelves(&bob).await, [1, 0, 0]);
    assert_eq!(bob.get("/v1/settings").await.body["theme"], "dark");
    let carol = app.person("carol").await;
    let page = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let records = page["items"].as_array().unwrap();
    let change = records.iter().find(|record| !record["before"].is_null());
    assert_eq!(change.unwrap()["before"]["settings"]["theme"], "dark");
    let again = delete(&alice).await.body;
    assert_eq!(again, json!({"conversations": 3, "complete": true}));
    let nothing = delete(&alice).await.body;
    assert_eq!(nothing, json!({"conversations": 0, "complete": true}));
}

#[tokio::test]
async fn what_a_person_always_allows_is_exported_and_goes_with_the_rest() {
    let (app, alice) = super::clerk().await;
    let tool = json!({"server": "fake", "tool": "thing_create"});
    choose(&alice, json!({"always_allowed_tools": [tool]})).await;
    let settings = &export(&alice).await[0]["settings"];
    assert_eq!(settings["always_allowed_tools"][0]["tool"], "thing_create");
    assert_eq!(delete(&alice).await.status, 200);
    let settings = &export(&alice).await[0]["settings"];
    assert_eq!(settings["always_allowed_tools"], json!([]));
    let carol = app.person("carol").await;
    let page = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let records = page["items"].as_array().unwrap();
    let deleted = records
        .iter()
        .find(|one| one["area"] == "users" && one["before"].is_object());
    let before = &deleted.unwrap()["before"]["settings"]["always_allowed_tools"];
    assert!(before.to_string().contains("thing_create"), "{before}");
}

#[tokio::test]
async fn what_the_audit_does_not_take_is_not_deleted() {
    let (app, alice, _bob) = two_people().await;
    app.audit.refuse(|_| true);
    delete(&alice)
        .await
        .assert_problem("delete", 503, "audit_unavailable");
    assert_eq!(shelves(&alice).await, [1, 1, 1]);
    assert_eq!(alice.get("/v1/settings").await.body["theme"], "dark");
}
