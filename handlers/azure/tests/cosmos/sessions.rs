//! Sessions beside the tokens of their person.

use azimuth_domain::session::SessionId;
use azimuth_ports::conformance::samples::alice;
use azimuth_ports::sessions::{SESSION_VERSION, SessionRecord, SessionStore};
use azimuth_ports::tokens::TokenStore;

use crate::rig::Cosmos;

#[tokio::test]
async fn tokens_and_sessions_are_no_part_of_each_other() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let now = cosmos.clock().now();
    let session = SessionRecord {
        v: SESSION_VERSION,
        user: alice(),
        id: SessionId::of(&alice(), "sid"),
        began_at: now,
        last_seen_at: now,
    };
    store.put_session(&session).await.unwrap();
    for slot in ["grant", "https://management.azure.com", "s_"] {
        store
            .put_token(&alice(), slot, b"sealed", now.plus_ms(60_000))
            .await
            .unwrap();
    }
    let listed = store.sessions(&alice(), 100, None).await.unwrap();
    assert_eq!(listed.items, std::slice::from_ref(&session));
    store.forget_tokens(&alice()).await.unwrap();
    assert_eq!(store.token(&alice(), "grant").await.unwrap(), None);
    let kept = store.session(&alice(), &session.id).await.unwrap();
    assert_eq!(kept, Some(session));
}
