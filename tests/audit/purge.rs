//! A deleted conversation goes when nobody can ask any more how its calls ended.

use std::time::Duration;

use azimuth_domain::audit::{AuditEntry, AuditKind, close_id, conversation_chain, open_id};
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::{CallId, TurnId};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::Clock;
use azimuth_ports::store::ConversationStore;
use reqwest::Method;

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_conversation_stays_until_every_open_has_its_close() {
    let (app, alice) = super::clerk().await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "list").await;
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    let turn = TurnId::parse(&turn).unwrap();
    let call = CallId::parse(ended["calls"][0]["call_id"].as_str().unwrap()).unwrap();
    let path = format!("/v1/conversations/{conversation}");
    let gone = alice.send(alice.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    // Somebody sealed an attempt and died before the close.
    app.clock.advance(Duration::from_hours(24 * 8));
    let user = app.user("alice");
    let chain = conversation_chain(&turn.conversation());
    let entry = AuditEntry {
        turn_id: Some(turn.clone()),
        call_id: Some(call.clone()),
        attempt: Some(2),
        ..AuditEntry::of_user(AuditKind::Open, "sealer:x".to_owned(), &user)
    };
    let id = open_id(&call, 2);
    app.audit
        .append(&user.tid, &chain, &id, app.clock.now(), entry)
        .await
        .unwrap();
    let is_there = || async {
        let found = app.store.turn(&user.tid, &turn).await;
        found.unwrap().is_some()
    };
    // Its own executor may still close it.
    assert_eq!(app.sweep().await, 200);
    assert!(is_there().await, "an open of just now");
    app.clock.advance(Duration::from_hours(1));
    app.audit.refuse(|entry| entry.kind == AuditKind::Close);
    assert_eq!(app.sweep().await, 200);
    assert!(is_there().await, "an open that cannot be closed");
    app.audit.accept_all();
    assert_eq!(app.sweep().await, 200);
    let close = app
        .audit
        .record(&user.tid, &chain, &close_id(&call, 2))
        .await;
    let close = close.unwrap().expect("it is closed");
    assert_eq!(close.entry.outcome, Some(Outcome::NotRun), "{close:?}");
    assert!(!is_there().await, "nothing is left to be told");
}
