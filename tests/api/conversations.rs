//! Conversations: found, renamed, pinned, put away, deleted, restored, exported.

use std::time::Duration;

use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

async fn titled(person: &Person, title: &str) -> String {
    let made = person
        .post("/v1/conversations", json!({"title": title}))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    made.text("id")
}

async fn titles(person: &Person, query: &str) -> Vec<String> {
    let found = person.get(&format!("/v1/conversations?{query}")).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["title"].as_str().unwrap().to_owned())
        .collect()
}

async fn patch(person: &Person, id: &str, if_match: &str, body: &Value) -> Reply {
    let request = person
        .request(Method::PATCH, &format!("/v1/conversations/{id}"))
        .header("if-match", if_match)
        .json(body);
    Reply::to(request).await
}

#[tokio::test]
async fn a_new_conversation_is_empty() {
    let (_app, alice) = super::clerk().await;
    let made = alice.post("/v1/conversations", json!({})).await;
    let id = made.text("id");
    assert_eq!(
        made.body,
        json!({
            "id": id, "title": "", "pinned": false, "archived": false,
            "created_at": made.body["created_at"], "updated_at": made.body["created_at"],
            "deleted_at": null, "last_turn_id": null,
        })
    );
    assert_eq!(
        alice.get(&format!("/v1/conversations/{id}")).await.body,
        made.body
    );
    let messages = alice.get(&format!("/v1/conversations/{id}/messages")).await;
    assert_eq!(messages.body, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn the_first_message_names_it_and_messages_come_newest_first() {
    let (_app, alice) = super::clerk().await;
    let id = alice.converse().await;
    let (turn, said) = alice.ask_and_wait(&id, "hello there").await;
    assert_eq!(said, "You said: hello there");
    let found = alice.get(&format!("/v1/conversations/{id}")).await;
    assert_eq!(found.text("title"), "hello there");
    assert_eq!(found.body["last_turn_id"], turn["id"]);
    let messages = alice.get(&format!("/v1/conversations/{id}/messages")).await;
    let seen: Vec<(&str, &str, &Value)> = messages.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            (
                m["author"].as_str().unwrap(),
                m["text"].as_str().unwrap(),
                &m["model"],
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("assistant", "You said: hello there", &json!("script")),
            ("user", "hello there", &Value::Null),
        ]
    );
    let items = &messages.body["items"];
    assert_eq!(items[0]["parent_message_id"], items[1]["id"]);
    assert_eq!(items[1]["parent_message_id"], Value::Null);
}

#[tokio::test]
async fn words_are_found_in_titles_and_messages() {
    let (_app, alice) = super::clerk().await;
    titled(&alice, "Storage in Seoul").await;
    titled(&alice, "서울의 저장소").await;
    titled(&alice, "100% _sure_").await;
    let id = titled(&alice, "Other").await;
    alice.ask_and_wait(&id, "where is the Kangaroo").await;
    for (query, expected) in [
        ("q=storage", vec!["Storage in Seoul"]),
        ("q=SEOUL%20storage", vec!["Storage in Seoul"]),
        ("q=storage%20kangaroo", vec![]),
        ("q=%EC%84%9C%EC%9A%B8", vec!["서울의 저장소"]),
        ("q=kangaroo", vec!["Other"]),
        ("q=other%20kangaroo", vec!["Other"]),
        ("q=%25", vec!["100% _sure_"]),
        ("q=_sure_", vec!["100% _sure_"]),
        ("q=%27%20OR%201%3D1", vec![]),
        ("q=nothing", vec![]),
    ] {
        assert_eq!(titles(&alice, query).await, expected, "{query}");
    }
    assert_eq!(titles(&alice, "q=").await.len(), 4);
}

#[tokio::test]
async fn pinned_ones_come_first_and_archived_ones_elsewhere() {
    let (_app, alice) = super::clerk().await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        ids.push(titled(&alice, title).await);
    }
    patch(&alice, &ids[0], "*", &json!({"pinned": true}))
        .await
        .expect("pin", 200);
    patch(&alice, &ids[1], "*", &json!({"archived": true}))
        .await
        .expect("archive", 200);
    assert_eq!(titles(&alice, "").await, ["a", "c"]);
    assert_eq!(titles(&alice, "archived=true").await, ["b"]);
    patch(&alice, &ids[1], "*", &json!({"archived": false}))
        .await
        .expect("back", 200);
    assert_eq!(titles(&alice, "").await, ["a", "b", "c"]);
}

#[tokio::test]
async fn of_two_changes_to_one_version_one_wins() {
    let (_app, alice) = super::clerk().await;
    let id = titled(&alice, "a").await;
    let path = format!("/v1/conversations/{id}");
    let read = Reply::to(alice.request(Method::GET, &path)).await;
    let etag = read.header("etag");
    assert!(etag.starts_with('"'), "{etag}");
    let first = patch(&alice, &id, &etag, &json!({"title": " b "}))
        .await
        .expect("first", 200);
    assert_eq!(first.body["title"], "b");
    assert_ne!(first.header("etag"), etag);
    let second = patch(&alice, &id, &etag, &json!({"title": "c"})).await;
    second.assert_problem("the stale one", 412, "if_match_stale");
    patch(&alice, &id, &first.header("etag"), &json!({"title": "c"}))
        .await
        .expect("fresh", 200);
    assert_eq!(alice.get(&path).await.text("title"), "c");
    let either = format!(
        "\"x\", {}",
        Reply::to(alice.request(Method::GET, &path))
            .await
            .header("etag")
    );
    patch(&alice, &id, &either, &json!({}))
        .await
        .expect("one of several", 200);
}

#[tokio::test]
async fn a_deleted_one_is_gone_and_comes_back_within_seven_days() {
    let (app, alice) = super::clerk().await;
    let id = titled(&alice, "a").await;
    let (turn, _) = alice.ask_and_wait(&id, "list a").await;
    let turn = format!("/v1/turns/{}", turn["id"].as_str().unwrap());
    let path = format!("/v1/conversations/{id}");
    let delete = || async { Reply::to(alice.request(Method::DELETE, &path)).await };
    let restore =
        || async { Reply::to(alice.request(Method::POST, &format!("{path}/restore"))).await };
    assert_eq!(delete().await.status, 204);
    delete().await.assert_problem("again", 404, "not_found");
    for sub in ["", "/messages", "/export"] {
        let reply = Reply::to(alice.request(Method::GET, &format!("{path}{sub}"))).await;
        reply.assert_problem(sub, 404, "not_found");
    }
    patch(&alice, &id, "*", &json!({"title": "b"}))
        .await
        .assert_problem("patch", 404, "not_found");
    assert!(titles(&alice, "").await.is_empty());
    assert_eq!(titles(&alice, "deleted=true").await, ["a"]);
    app.clock.advance(6 * DAY);
    assert_eq!(app.sweep().await, 200);
    let back = restore().await.expect("restore", 200);
    assert_eq!(
        (&back.body["title"], &back.body["deleted_at"]),
        (&json!("a"), &Value::Null)
    );
    assert_eq!(restore().await.status, 200, "what is not deleted stays");
    let messages = alice.get(&format!("{path}/messages")).await;
    assert_eq!(messages.body["items"].as_array().unwrap().len(), 2);

    assert_eq!(delete().await.status, 204);
    app.clock.advance(Duration::from_secs(7 * 24 * 3600 + 1));
    // Her token of ten days has ended by now.
    let order = json!({"user": "alice", "expires_in": 30 * 24 * 3600});
    let alice = Person::new("alice", &app.api, &app.token(order).await);
    let restore =
        || async { Reply::to(alice.request(Method::POST, &format!("{path}/restore"))).await };
    restore().await.assert_problem("too late", 404, "not_found");
    assert_eq!(app.sweep().await, 200);
    restore().await.assert_problem("purged", 404, "not_found");
    for gone in [&turn, &format!("{turn}/events")] {
        let reply = Reply::to(alice.request(Method::GET, gone)).await;
        reply.assert_problem(gone, 404, "not_found");
    }
    let audit = alice.get("/v1/audit?tool=fake/thing_list").await.body;
    assert_eq!(
        audit["items"].as_array().unwrap().len(),
        2,
        "the audit stays"
    );
    assert!(titles(&alice, "deleted=true").await.is_empty());
}

#[tokio::test]
async fn an_export_holds_everything_but_secrets() {
    let (_app, alice) = super::clerk().await;
    let id = titled(&alice, "Plans").await;
    let secret = format!("AccountKey={}==", "aB3x".repeat(21) + "xy");
    alice.ask_and_wait(&id, &format!("hello {secret}")).await;
    alice.ask_and_wait(&id, "list things").await;
    let path = format!("/v1/conversations/{id}/export");

    let export = Reply::to(alice.request(Method::GET, &path))
        .await
        .expect("json", 200);
    assert_eq!(export.header("content-type"), "application/json");
    assert_eq!(
        export.header("content-disposition"),
        format!("attachment; filename=\"{id}.json\"")
    );
    let texts: Vec<&str> = export.body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "hello AccountKey={secret:1}",
            "You said: hello AccountKey={secret:1}",
            "list things",
            "Done."
        ]
    );
    assert_eq!(export.body["v"], 1);
    assert_eq!(export.body["truncated"], false);
    assert_eq!(export.body["conversation"]["title"], "Plans");
    assert_eq!(export.body["turns"].as_array().unwrap().len(), 2);
    assert_eq!(export.body["turns"][1]["calls"][0]["outcome"], "ok");

    let export = Reply::to(alice.request(Method::GET, &format!("{path}?format=markdown")))
        .await
        .expect("markdown", 200);
    assert_eq!(
        export.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    let text = export.text();
    for part in [
        "# Plans",
        "## Alice Kim",
        "### script",
        "- Tool `fake/thing_list` (read_only): **ok**",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("aB3x"), "{text}");
}

#[tokio::test]
async fn deleting_stops_the_turn_that_waits() {
    let (app, alice) = super::clerk().await;
    let id = alice.converse().await;
    let turn = alice.ask(&id, "create a").await;
    let waiting = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    let approval = &waiting["calls"][0]["approval"];
    let (approval, digest) = (
        approval["approval_id"].as_str().unwrap(),
        approval["digest"].as_str().unwrap(),
    );
    let gone = Reply::to(alice.request(Method::DELETE, &format!("/v1/conversations/{id}"))).await;
    assert_eq!(gone.status, 204);
    let ended = alice.wait_for(&turn, &["cancelled"], PATIENCE).await;
    assert_eq!(ended["calls"][0]["outcome"], "cancelled");
    let late = alice.decide(approval, digest, "approve").await;
    assert_eq!(
        (late.status, late.text("code").as_str()),
        (409, "approval_cancelled")
    );
    assert!(app.tools.seen().is_empty());
}
