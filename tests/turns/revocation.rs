//! What was allowed when it was asked ends when its person is switched off, loses a role
//! or signs out: queued work is denied and on record, streams end.

use std::time::Duration;

use azimuth_app::http::StreamTimings;
use azimuth_domain::work::WorkItem;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, ask_until, call_id, outcomes};

/// A call that lies in the queue of a product that delivers nothing, and its asker, for
/// whom somebody can look at the turn whatever happens to that token.
struct Queued {
    app: TestApp,
    alice: Person,
    dave: Person,
    turn: Value,
}

async fn queued() -> Queued {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    let dave = app.person("dave").await;
    let turn = ask_until(&alice, "list", &["running"]).await;
    app.engine.idle().await;
    let path = format!("/v1/turns/{}", turn["id"].as_str().unwrap());
    let turn = alice.get(&path).await.body;
    assert_eq!(turn["calls"][0]["state"], "queued", "{turn}");
    Queued {
        app,
        alice,
        dave,
        turn,
    }
}

impl Queued {
    /// Delivers the call.
    async fn run(&self) {
        let item = WorkItem::tool_call(&self.app.user("alice").tid, &call_id(&self.turn, 0));
        assert_eq!(self.app.trigger("execute-tool", &item, 1).await, 200);
    }

    fn path_of_alice(&self) -> String {
        format!("/v1/admin/users/{}", self.app.user("alice").oid)
    }

    async fn patch_alice(&self, body: Value) {
        let request = self
            .dave
            .request(Method::PATCH, &self.path_of_alice())
            .header("if-match", "*");
        let reply = Reply::to(request.json(&body)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// Its outcome for somebody who may still look, and how often a refusal is on record.
    async fn end(&self, reader: &Person) -> (String, usize) {
        let id = self.turn["id"].as_str().unwrap();
        let ended = reader.wait_for(id, &["done"], PATIENCE).await;
        let denied = reader
            .get(&format!("/v1/audit?kind=denied&turn_id={id}"))
            .await;
        let count = denied.body["items"].as_array().unwrap().len();
        (outcomes(&ended)[0].to_owned(), count)
    }
}

#[tokio::test]
async fn a_role_removed_while_a_call_waits_denies_it() {
    let queued = queued().await;
    queued.patch_alice(json!({"roles": ["approver"]})).await;
    queued.run().await;
    assert!(queued.app.tools.seen().is_empty());
    let end = queued.end(&queued.alice).await;
    assert_eq!(end, ("denied".to_owned(), 1));
}

#[tokio::test]
async fn a_call_of_somebody_who_was_switched_off_is_denied() {
    let queued = queued().await;
    queued.patch_alice(json!({"status": "disabled"})).await;
    queued.run().await;
    assert!(queued.app.tools.seen().is_empty());
    queued.patch_alice(json!({"status": "active"})).await;
    let end = queued.end(&queued.alice).await;
    assert_eq!(end, ("denied".to_owned(), 1));
}

#[tokio::test]
async fn a_call_from_before_a_sign_out_everywhere_is_denied() {
    let queued = queued().await;
    let younger = queued.app.lasting_person("alice").await;
    let path = format!("{}/sessions", queued.path_of_alice());
    let out = Reply::to(queued.dave.request(Method::DELETE, &path)).await;
    assert_eq!(out.status, 204, "{}", out.text());
    queued.run().await;
    assert!(queued.app.tools.seen().is_empty());
    assert_eq!(queued.end(&younger).await, ("denied".to_owned(), 1));
}

#[tokio::test]
async fn a_call_from_after_a_sign_out_everywhere_runs() {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let alice = app.person("alice").await;
    assert_eq!(alice.get("/v1/me").await.status, 200);
    let younger = app.lasting_person("alice").await;
    let out = Reply::to(alice.request(Method::DELETE, "/v1/sessions")).await;
    assert_eq!(out.status, 204, "{}", out.text());
    let turn = ask_until(&younger, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"]);
}

#[tokio::test]
async fn a_call_goes_on_when_one_of_several_sessions_ends() {
    let queued = queued().await;
    let elsewhere = queued.app.person("alice").await;
    let sessions = elsewhere.get("/v1/sessions").await.body;
    let own = sessions["items"].as_array().unwrap();
    let own = own.iter().find(|one| one["current"] == true).unwrap();
    let path = format!("/v1/sessions/{}", own["id"].as_str().unwrap());
    let ended = Reply::to(queued.alice.request(Method::DELETE, &path)).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    queued.run().await;
    assert_eq!(queued.end(&queued.alice).await, ("ok".to_owned(), 0));
}

#[test]
fn a_stream_looks_at_its_reader_often_enough() {
    let timings = StreamTimings::default();
    assert!(timings.recheck + timings.poll_max <= Duration::from_mins(1));
}

#[tokio::test]
async fn streams_end_when_their_reader_is_let_in_no_more() {
    let cases: [(&str, Method, &str, Value); 3] = [
        (
            "user_disabled",
            Method::PATCH,
            "",
            json!({"status": "disabled"}),
        ),
        ("session_revoked", Method::DELETE, "/sessions", Value::Null),
        (
            "session_revoked",
            Method::DELETE,
            "/sessions/{id}",
            Value::Null,
        ),
    ];
    for (reason, method, tail, body) in cases {
        let app = TestApp::start(AppShape {
            stream: StreamTimings {
                heartbeat: Duration::from_millis(100),
                recheck: Duration::from_millis(100),
                poll_max: Duration::from_millis(100),
                ..StreamTimings::default()
            },
            ..AppShape::with(Script::clerk())
        })
        .await;
        let alice = app.person("alice").await;
        let dave = app.person("dave").await;
        let turn = ask_until(&alice, "create", &["waiting"]).await;
        let mut stream = alice.events(turn["id"].as_str().unwrap(), 0).await;
        while stream.next().await.unwrap().name != "turn_waiting" {}
        let sessions = alice.get("/v1/sessions").await.body;
        let id = sessions["items"][0]["id"].as_str().unwrap();
        let oid = app.user("alice").oid;
        let path = format!("/v1/admin/users/{oid}{}", tail.replace("{id}", id));
        let request = dave.request(method, &path).header("if-match", "*");
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let done = Reply::to(request).await;
        assert!(done.status < 300, "{path}: {}", done.text());
        let last = stream.next().await.unwrap();
        let told = (last.name.as_str(), &last.data["reason"]);
        assert_eq!(told, ("reconnect", &json!(reason)), "{path}");
        assert!(stream.next().await.is_none(), "{path}");
    }
}
