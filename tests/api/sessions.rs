//! Logins are listed, and end when somebody ends them.

use std::time::Duration;

use azimuth_ports::clock::Clock;
use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};

async fn sessions(person: &Person) -> Vec<Value> {
    let page = person.get("/v1/sessions?limit=100").await;
    assert_eq!(page.status, 200, "{page:?}");
    page.body["items"].as_array().unwrap().clone()
}

/// The session that the person's token belongs to.
async fn own(person: &Person) -> String {
    let sessions = sessions(person).await;
    let own = sessions.iter().find(|session| session["current"] == true);
    own.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn delete(person: &Person, path: &str) -> Reply {
    Reply::to(person.request(Method::DELETE, path)).await
}

async fn assert_signed_out(person: &Person, what: &str) {
    for path in ["/v1/me", "/v1/settings", "/v1/sessions"] {
        let reply = Reply::to(person.request(Method::GET, path)).await;
        reply.assert_problem(&format!("{what} {path}"), 401, "session_revoked");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

/// The tenant's records about sessions, oldest first.
async fn records(app: &TestApp) -> Vec<Value> {
    let carol = app.person("carol").await;
    let page = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let mut items = page["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

#[tokio::test]
async fn every_login_is_listed_once() {
    let (app, alice) = super::clerk().await;
    let elsewhere = app.person("alice").await;
    let nameless = app.person_with("alice", json!({"sid": null})).await;
    for person in [&alice, &elsewhere, &nameless, &alice] {
        assert_eq!(person.get("/v1/me").await.status, 200);
    }
    let listed = sessions(&alice).await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    let current: Vec<&Value> = listed.iter().filter(|s| s["current"] == true).collect();
    assert_eq!(current.len(), 1, "{listed:?}");
    assert_ne!(own(&alice).await, own(&elsewhere).await);
    let seen_by_nameless = sessions(&nameless).await;
    assert!(seen_by_nameless.iter().all(|s| s["current"] == false));
    // Two tokens of one login are one session.
    for sid in ["same", "same", "other"] {
        let again = app.person_with("alice", json!({"sid": sid})).await;
        assert_eq!(again.get("/v1/me").await.status, 200);
    }
    assert_eq!(sessions(&alice).await.len(), 4);
    let bob = app.person("bob").await;
    assert_eq!(sessions(&bob).await.len(), 1, "his own");
}

#[tokio::test]
async fn a_sid_is_a_text_or_the_token_is_none() {
    let (app, _alice) = super::clerk().await;
    for sid in [json!(5), json!(["a"]), json!({})] {
        let person = app.person_with("alice", json!({"sid": sid})).await;
        let reply = Reply::to(person.request(Method::GET, "/v1/me")).await;
        reply.assert_problem(&sid.to_string(), 401, "token_malformed");
    }
    let empty = app.person_with("alice", json!({"sid": ""})).await;
    assert_eq!(sessions(&empty).await.len(), 0, "it names none");
}

#[tokio::test]
async fn a_login_is_written_when_it_begins_and_every_ten_minutes() {
    let (app, alice) = super::clerk().await;
    let first = sessions(&alice).await;
    let writes = app.store.write_counts();
    for _ in 0..10 {
        assert_eq!(alice.get("/v1/me").await.status, 200);
    }
    app.clock.advance(Duration::from_secs(590));
    assert_eq!(sessions(&alice).await, first);
    assert_eq!(
        app.store.write_counts(),
        writes,
        "most requests write nothing"
    );
    app.clock.advance(Duration::from_secs(11));
    let later = sessions(&alice).await;
    assert_eq!(later[0]["began_at"], first[0]["began_at"]);
    let seen = |session: &Value| session["last_seen_at"].as_str().unwrap().to_owned();
    assert!(seen(&later[0]) > seen(&first[0]), "{later:?}");
    // Another process knows the login, and writes no more than this one.
    let beside = app
        .beside(azimuth_tests::app::AppShape::with(
            azimuth_tests::script::Script::clerk(),
        ))
        .await;
    assert_eq!(sessions(&alice.at(&beside.api)).await, later);
}

#[tokio::test]
async fn a_session_that_was_ended_is_refused_and_no_other() {
    let (app, alice) = super::clerk().await;
    let elsewhere = app.person("alice").await;
    let id = own(&elsewhere).await;
    let mine = own(&alice).await;
    let ended = delete(&alice, &format!("/v1/sessions/{id}")).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    assert_signed_out(&elsewhere, "ended").await;
    let left = sessions(&alice).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["id"], mine);
    let again = delete(&alice, &format!("/v1/sessions/{id}")).await;
    again.assert_problem("ended twice", 404, "not_found");
    let records = records(&app).await;
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!(
        (&records[0]["area"], &records[0]["target"]),
        (&json!("sessions"), &json!(id))
    );
    assert_eq!(records[1]["outcome"], "ok");
    // Also one's own.
    assert_eq!(
        delete(&alice, &format!("/v1/sessions/{mine}")).await.status,
        204
    );
    assert_signed_out(&alice, "one's own").await;
}

#[tokio::test]
async fn a_younger_token_of_an_ended_session_is_refused_too() {
    let (app, alice) = super::clerk().await;
    let sid = json!({"sid": "elsewhere"});
    let elsewhere = app.person_with("alice", sid).await;
    let id = own(&elsewhere).await;
    assert_eq!(
        delete(&alice, &format!("/v1/sessions/{id}")).await.status,
        204
    );
    let ahead = app.clock.now().0 / 1000 + 45;
    let younger = json!({"sid": "elsewhere", "iat": ahead});
    let younger = app.person_with("alice", younger).await;
    assert_signed_out(&younger, "refreshed").await;
}

#[tokio::test]
async fn a_session_of_nobody_is_not_found() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    let his = own(&bob).await;
    let none = format!("{}{}", &own(&alice).await[..19], "0".repeat(32));
    for id in [
        his.as_str(),
        none.as_str(),
        "x",
        "%20",
        "s_",
        &"s".repeat(200),
    ] {
        let reply = delete(&alice, &format!("/v1/sessions/{id}")).await;
        reply.assert_problem(id, 404, "not_found");
    }
    assert_eq!(bob.get("/v1/me").await.status, 200);
    let denied = alice.get("/v1/audit?kind=denied").await.body;
    assert_eq!(denied["items"][0]["target"], his, "{denied}");
}

#[tokio::test]
async fn sessions_page_without_loss() {
    let (app, alice) = super::clerk().await;
    for sid in ["a", "b"] {
        let elsewhere = app.person_with("alice", json!({"sid": sid})).await;
        assert_eq!(elsewhere.get("/v1/me").await.status, 200);
    }
    let all = sessions(&alice).await;
    assert_eq!(all.len(), 3);
    for limit in [1, 2, 3, 4] {
        let mut seen = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let page = alice.get(&format!("/v1/sessions?{query}")).await.body;
            seen.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("limit={limit}&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, all, "{limit}");
    }
    for bad in ["limit=0", "limit=101", "cursor=x", "q=x"] {
        let reply = alice.get(&format!("/v1/sessions?{bad}")).await;
        assert_eq!(reply.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_older_token() {
    let (app, alice) = super::clerk().await;
    let elsewhere = app.person("alice").await;
    let nameless = app.person_with("alice", json!({"sid": null})).await;
    let bob = app.person("bob").await;
    for person in [&alice, &elsewhere, &nameless, &bob] {
        assert_eq!(person.get("/v1/me").await.status, 200);
    }
    let younger = app.lasting_person("alice").await;
    let out = delete(&alice, "/v1/sessions").await;
    assert_eq!(out.status, 204, "{}", out.text());
    for (person, what) in [
        (&alice, "here"),
        (&elsewhere, "elsewhere"),
        (&nameless, "without a session"),
    ] {
        assert_signed_out(person, what).await;
        // A second process sees it as soon.
        let beside = app
            .beside(azimuth_tests::app::AppShape::with(
                azimuth_tests::script::Script::clerk(),
            ))
            .await;
        assert_signed_out(&person.at(&beside.api), what).await;
    }
    assert_eq!(bob.get("/v1/me").await.status, 200);
    let listed = sessions(&younger).await;
    assert_eq!(listed.len(), 1, "what has ended is not listed: {listed:?}");
    let records = records(&app).await;
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!(records[0]["before"], json!({"valid_from": null}));
    assert!(records[0]["after"]["valid_from"].is_string());
    assert_eq!(records[0]["target"], app.user("alice").oid);
}

#[tokio::test]
async fn an_administrator_sees_and_ends_the_logins_of_others() {
    let (app, alice) = super::clerk().await;
    let elsewhere = app.person("alice").await;
    let dave = app.person("dave").await;
    let (id, mine) = (own(&elsewhere).await, own(&alice).await);
    let path = format!("/v1/admin/users/{}/sessions", app.user("alice").oid);
    let listed = dave.get(&format!("{path}?limit=1")).await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert!(listed["next_cursor"].is_string());
    let listed = dave.get(&path).await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    let of_bob = format!("/v1/admin/users/{}/sessions/{id}", app.user("bob").oid);
    let reply = delete(&dave, &of_bob).await;
    reply.assert_problem("under another name", 404, "not_found");
    assert_eq!(delete(&dave, &format!("{path}/{id}")).await.status, 204);
    assert_signed_out(&elsewhere, "by dave").await;
    let left = dave.get(&path).await.body;
    assert_eq!(left["items"][0]["id"], mine, "{left}");
    assert_eq!(delete(&dave, &path).await.status, 204);
    assert_signed_out(&alice, "everywhere by dave").await;
    assert_eq!(dave.get(&path).await.body["items"], json!([]));
    let records = records(&app).await;
    assert_eq!(records.len(), 4, "{records:?}");
    assert!(records.iter().all(|r| r["oid"] == app.user("dave").oid));
    let shown = path.trim_end_matches("/sessions");
    assert!(dave.get(shown).await.body["signed_out_at"].is_string());
}
