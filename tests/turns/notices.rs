//! A tenant's channel hears that an approval waits, once, and nothing of what it must
//! not hear; a channel that does not answer holds nobody up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use azimuth_app::notices::{ApprovalNotices, NoticeSettings};
use azimuth_ports::tokens::Secret;
use azimuth_sandbox::directory::CONTOSO as TENANT;
use azimuth_tests::app::TestApp;
use azimuth_tests::gate::Gate;
use azimuth_tests::script::{Script, call, say, step_of};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{PATIENCE, approval, ask_until, outcomes, product};

/// What a channel took, and what it waits for before it answers.
#[derive(Clone)]
struct Channel {
    took: mpsc::UnboundedSender<Value>,
    gate: Gate,
    status: StatusCode,
}

async fn take(State(channel): State<Channel>, body: String) -> StatusCode {
    let _ = channel.took.send(serde_json::from_str(&body).unwrap());
    channel.gate.pass().await;
    channel.status
}

/// A channel of alice's tenant that `app` tells, and what it hears.
async fn channel(
    app: &TestApp,
    gate: Gate,
    status: StatusCode,
) -> (mpsc::UnboundedReceiver<Value>, JoinSet<()>) {
    let (took, heard) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}/hook?sig=t0p", listener.local_addr().unwrap());
    let state = Channel { took, gate, status };
    let router = Router::new().route("/hook", post(take)).with_state(state);
    let notices = ApprovalNotices::new(NoticeSettings {
        webhooks: BTreeMap::from([(app.user("alice").tid, Secret::new(url))]),
        portal_url: "https://portal.example".to_owned(),
        proxy: None,
        ca_pem: None,
        timeout: Duration::from_mins(1),
    })
    .unwrap();
    app.engine.announce_approvals(Arc::clone(&notices));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    tasks.spawn(async move { notices.run().await });
    (heard, tasks)
}

fn open() -> Gate {
    let gate = Gate::default();
    gate.open();
    gate
}

/// A change and a read, then an answer.
fn model(tenant: String) -> Arc<Script> {
    Script::answering(move |request| match step_of(request) {
        0 => vec![
            call(
                "a",
                "thing_create",
                &json!({"name": "thing-7", "tenant": tenant}),
            ),
            call("b", "thing_list", &json!({"name": "read"})),
        ],
        _ => vec![say("Done.")],
    })
}

#[tokio::test]
async fn a_channel_hears_once_who_asks_for_what() {
    let tenant = TENANT.to_owned();
    let (app, alice) = product(model(tenant)).await;
    assert_eq!(app.user("alice").tid, TENANT);
    let (mut heard, _tasks) = channel(&app, open(), StatusCode::ACCEPTED).await;
    let turn = ask_until(&alice, "make it", &["waiting"]).await;
    let card = heard.recv().await.unwrap();
    let text = card.to_string();
    for part in [
        "\"type\":\"message\"",
        "application/vnd.microsoft.card.adaptive",
        "fake/thing_create",
        "thing-7",
        "https://portal.example/approvals",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let name = alice.get("/v1/me").await.body["name"].clone();
    assert!(text.contains(name.as_str().unwrap()), "{name}: {text}");
    let until = turn["calls"][0]["approval"]["expires_at"].as_str().unwrap();
    assert!(text.contains(until), "{until}: {text}");
    for secret in [TENANT, "thing_list", "t0p"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let (approval, digest) = approval(&turn);
    let decided = alice.decide(&approval, &digest, "approve").await;
    assert_eq!(decided.status, 200, "{decided:?}");
    let id = turn["id"].as_str().unwrap();
    let ended = alice.wait_for(id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok", "ok"]);
    assert!(heard.try_recv().is_err(), "nothing else is told");
}

#[tokio::test]
async fn a_channel_that_does_not_answer_or_refuses_holds_nobody_up() {
    for (gate, status) in [
        (Gate::default(), StatusCode::ACCEPTED),
        (open(), StatusCode::FORBIDDEN),
    ] {
        let (app, alice) = product(Script::clerk()).await;
        let (mut heard, _tasks) = channel(&app, gate, status).await;
        let turn = ask_until(&alice, "create a", &["waiting"]).await;
        heard.recv().await.unwrap();
        let (approval, digest) = approval(&turn);
        let decided = alice.decide(&approval, &digest, "approve").await;
        assert_eq!(decided.status, 200, "{decided:?}");
        let id = turn["id"].as_str().unwrap();
        let ended = alice.wait_for(id, &["done"], PATIENCE).await;
        assert_eq!(outcomes(&ended), ["ok"]);
    }
}

#[tokio::test]
async fn another_tenants_channel_hears_nothing() {
    let (app, alice) = product(Script::clerk()).await;
    let (mut heard, _tasks) = channel(&app, open(), StatusCode::OK).await;
    let eve = app.person("eve").await;
    assert_ne!(app.user("eve").tid, app.user("alice").tid);
    ask_until(&eve, "create hers", &["waiting", "done"]).await;
    ask_until(&alice, "create mine", &["waiting"]).await;
    let first = heard.recv().await.unwrap().to_string();
    assert!(first.contains("mine"), "{first}");
    assert!(heard.try_recv().is_err());
}
