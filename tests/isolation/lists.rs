//! Lists, searches, exports and pickers of several people side by side.

use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::scene::Scene;
use azimuth_tests::script::Script;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

async fn ids(person: &Person, path: &str) -> Vec<String> {
    let found = person.get(path).await;
    assert_eq!(found.status, 200, "{path}: {found:?}");
    found.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn everybody_sees_their_own() {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "eve"] {
        let person = app.person(name).await;
        let conversation = person.converse().await;
        person.ask_and_wait(&conversation, "list shared-word").await;
        people.push((person, conversation));
    }
    for (person, conversation) in &people {
        let name = &person.name;
        for path in ["/v1/conversations", "/v1/conversations?q=shared-word"] {
            assert_eq!(
                ids(person, path).await,
                std::slice::from_ref(conversation),
                "{name} {path}"
            );
        }
        assert!(
            ids(person, "/v1/conversations?archived=true")
                .await
                .is_empty(),
            "{name}"
        );
        assert!(
            ids(person, "/v1/conversations?deleted=true")
                .await
                .is_empty(),
            "{name}"
        );
        let oid = app.user(name).oid;
        let own = person.get(&format!("/v1/audit?oid={oid}")).await.body;
        let own = own["items"].as_array().unwrap();
        assert_eq!(own.len(), 2, "{name}: {own:?}");
        assert!(own.iter().all(|r| r["oid"] == oid), "{name}");
        let neighbour = if name == "alice" { "bob" } else { "alice" };
        let others = format!("/v1/audit?oid={}", app.user(neighbour).oid);
        let expected = if name == "carol" { 200 } else { 403 };
        assert_eq!(person.get(&others).await.status, expected, "{name}");
        let sums = person.get("/v1/usage?scope=tenant").await;
        let may = ["carol", "dave"].contains(&name.as_str());
        assert_eq!(sums.status, if may { 200 } else { 403 }, "{name}");
    }
    // An auditor reads the tenant, not the neighbour's.
    let carol = &people[2].0;
    let tenant = carol.get("/v1/audit?kind=open&limit=100").await.body;
    let mut oids: Vec<&str> = tenant["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["oid"].as_str().unwrap())
        .collect();
    oids.sort_unstable();
    let mut expected: Vec<String> = ["alice", "bob", "carol", "dave"]
        .map(|n| app.user(n).oid)
        .to_vec();
    expected.sort();
    assert_eq!(oids, expected);
    let eve = app.user("eve");
    let foreign = carol.get(&format!("/v1/audit?oid={}", eve.oid)).await;
    assert_eq!((foreign.status, &foreign.body["items"]), (200, &json!([])));
    let eves = people[4].0.get("/v1/audit?limit=1").await.body;
    let record = eves["items"][0]["id"].as_str().unwrap();
    assert_eq!(carol.get(&format!("/v1/audit/{record}")).await.status, 404);
}

#[tokio::test]
async fn a_cursor_is_of_no_use_to_others() {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let alice = app.person("alice").await;
    for _ in 0..3 {
        alice.converse().await;
    }
    let page = alice.get("/v1/conversations?limit=1").await;
    let cursor = page.text("next_cursor");
    for name in ["bob", "eve"] {
        let person = app.person(name).await;
        let request = person
            .request(reqwest::Method::GET, "/v1/conversations")
            .query(&[("cursor", cursor.as_str())]);
        let found = person.send(request).await;
        assert_eq!(
            (found.status, &found.body["items"]),
            (200, &json!([])),
            "{name}"
        );
    }
}

/// A cursor says where a list goes on, so it must not say what others have.
#[tokio::test]
async fn approvals_of_others_give_neither_items_nor_a_cursor() {
    let scene = Scene::set().await;
    let forged =
        |position: Value| URL_SAFE_NO_PAD.encode(json!(["approvals", position]).to_string());
    let start = forged(json!([i64::MAX, i64::MAX]));
    // More than the API looks through for one page.
    for _ in 0..4 {
        let conversation = scene.alice.converse().await;
        let turn = scene.alice.ask(&conversation, "create more").await;
        let patience = Duration::from_mins(1);
        scene.alice.wait_for(&turn, &["waiting"], patience).await;
    }
    for name in ["bob", "eve"] {
        let person = scene.app.person(name).await;
        for state in ["all", "pending"] {
            for limit in [1, 2, 100] {
                let path = format!("/v1/approvals?state={state}&limit={limit}");
                for path in [format!("{path}&cursor={start}"), path] {
                    let found = person.get(&path).await;
                    assert_eq!(found.status, 200, "{name} {path}: {found:?}");
                    assert_eq!(
                        (&found.body["items"], &found.body["next_cursor"]),
                        (&json!([]), &Value::Null),
                        "{name} {path}"
                    );
                }
            }
        }
        let turn = forged(json!([i64::MAX, scene.things["turn"]]));
        let path = format!("/v1/approvals?state=all&cursor={turn}");
        assert_eq!(person.get(&path).await.status, 400, "{name}");
    }
    // The asker's own list and an approver's go on by cursors without an id.
    let carol = scene.app.person("carol").await;
    for (person, waiting) in [(&scene.alice, 6), (&carol, 1)] {
        let mut path = "/v1/approvals?state=all&limit=1".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = person.get(&path).await;
            for item in page.body["items"].as_array().unwrap() {
                seen.push(item["id"].as_str().unwrap().to_owned());
            }
            let Some(cursor) = page.body["next_cursor"].as_str() else {
                break;
            };
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
            assert!(!text.contains("t_"), "{text}");
            path = format!("/v1/approvals?state=all&limit=1&cursor={cursor}");
        }
        assert_eq!(seen.len(), waiting, "{}", person.name);
        assert!(seen.contains(&scene.things["others_approval"]));
        let own = seen.contains(&scene.things["approval"]);
        assert_eq!(own, person.name == "alice");
    }
}

/// Also before the sweeper has come by, because a decision is refused by then.
#[tokio::test]
async fn past_its_deadline_an_approval_is_pending_for_nobody() {
    let scene = Scene::set().await;
    let carol = scene.app.person("carol").await;
    let people = [(&scene.alice, 2), (&carol, 1)];
    for (person, waiting) in people {
        let pending = ids(person, "/v1/approvals").await;
        assert_eq!(pending.len(), waiting, "{}", person.name);
    }
    scene.app.clock.advance(Duration::from_hours(7 * 24));
    for (person, waiting) in people {
        let name = &person.name;
        let pending = ids(person, "/v1/approvals").await;
        assert_eq!(pending, [] as [&str; 0], "{name}");
        let all = person.get("/v1/approvals?state=all").await.body;
        let all = all["items"].as_array().unwrap();
        assert_eq!(all.len(), waiting, "{name}");
        assert!(
            all.iter().all(|one| one["state"] == "expired"),
            "{name}: {all:?}"
        );
    }
    let path = format!("/v1/approvals/{}", scene.things["others_approval"]);
    assert_eq!(carol.get(&path).await.body["state"], "expired");
}

#[tokio::test]
async fn settings_and_keys_are_per_person() {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let patch = alice
        .request(reqwest::Method::PATCH, "/v1/settings")
        .header("if-match", "*")
        .json(&json!({"theme": "dark", "language": "ko"}));
    assert_eq!(alice.send(patch).await.status, 200);
    assert_eq!(bob.get("/v1/settings").await.body["theme"], Value::Null);
    let mut made = Vec::new();
    for person in [&alice, &bob] {
        let answer = person
            .post_with_key("/v1/conversations", "one-key", json!({}))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        made.push(answer.text("id"));
    }
    assert_ne!(made[0], made[1]);
}
