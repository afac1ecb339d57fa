//! Rules of [`SessionStore`].

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;

use super::Rig;
use super::samples::{alice, bob, eve};
use crate::sessions::{SESSION_TTL_MS, SESSION_VERSION, SessionRecord, SessionStore};
use crate::store::StoreError;

type SessionRig = dyn Rig<dyn SessionStore>;

fn login(user: &UserKey, sid: &str, at: Timestamp) -> SessionRecord {
    SessionRecord {
        v: SESSION_VERSION,
        user: user.clone(),
        id: SessionId::of(user, sid),
        began_at: at,
        last_seen_at: at,
    }
}

async fn put(store: &dyn SessionStore, record: &SessionRecord) {
    store
        .put_session(record)
        .await
        .unwrap_or_else(|error| panic!("put_session: {error}"));
}

async fn read(store: &dyn SessionStore, user: &UserKey, id: &SessionId) -> Option<SessionRecord> {
    store
        .session(user, id)
        .await
        .unwrap_or_else(|error| panic!("session: {error}"))
}

/// All pages of `limit`.
async fn list(store: &dyn SessionStore, user: &UserKey, limit: usize) -> Vec<SessionRecord> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store
            .sessions(user, limit, cursor.as_deref())
            .await
            .unwrap_or_else(|error| panic!("sessions: {error}"));
        assert!(page.items.len() <= limit);
        all.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}

/// The later write counts, for every handle.
pub async fn a_session_reads_back_as_it_was_written_last(rig: &SessionRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let mut session = login(&alice(), "a", rig.now());
    assert_eq!(read(&*here, &alice(), &session.id).await, None);
    put(&*here, &session).await;
    session.last_seen_at = rig.now().plus_ms(600_000);
    put(&*there, &session).await;
    assert_eq!(
        read(&*here, &alice(), &session.id).await,
        Some(session.clone())
    );
    assert_eq!(list(&*here, &alice(), 100).await, [session]);
}

/// Every session once, whatever the page.
pub async fn sessions_page_without_loss(rig: &SessionRig) {
    let store = rig.open().await;
    let mut expected = Vec::new();
    for n in 0..5 {
        let session = login(&alice(), &n.to_string(), rig.now());
        put(&*store, &session).await;
        expected.push(session);
    }
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    for limit in [1, 2, 4, 5, 6, 100] {
        assert_eq!(list(&*store, &alice(), limit).await, expected, "{limit}");
    }
    for cursor in ["", "x", "WyJ1c2VycyIsIngiXQ"] {
        let page = store.sessions(&alice(), 5, Some(cursor)).await;
        assert!(matches!(page, Err(StoreError::BadCursor)), "{cursor}");
    }
}

/// Nobody has another's, whatever id they name.
pub async fn sessions_of_people_are_apart(rig: &SessionRig) {
    let store = rig.open().await;
    let session = login(&alice(), "a", rig.now());
    put(&*store, &session).await;
    let same_oid_elsewhere = UserKey::new(&eve().tid, &alice().oid);
    for other in [bob(), eve(), same_oid_elsewhere] {
        assert_eq!(read(&*store, &other, &session.id).await, None);
        assert_eq!(list(&*store, &other, 100).await, []);
        store
            .forget_session(&other, &session.id)
            .await
            .unwrap_or_else(|error| panic!("forget_session: {error}"));
    }
    assert_eq!(list(&*store, &alice(), 100).await, [session]);
}

/// And forgetting it again does nothing.
pub async fn a_forgotten_session_is_gone(rig: &SessionRig) {
    let store = rig.open().await;
    let (one, other) = (
        login(&alice(), "a", rig.now()),
        login(&alice(), "b", rig.now()),
    );
    put(&*store, &one).await;
    put(&*store, &other).await;
    for _ in 0..2 {
        store
            .forget_session(&alice(), &one.id)
            .await
            .unwrap_or_else(|error| panic!("forget_session: {error}"));
        let left = list(&*store, &alice(), 100).await;
        assert_eq!(left, std::slice::from_ref(&other));
    }
}

/// To the millisecond; a session that is seen again stays.
pub async fn a_session_in_which_nothing_happens_ends(rig: &SessionRig) {
    let store = rig.open().await;
    let ago = |ms: i64| rig.now().plus_ms(-ms);
    // Whoever waits for a real clock has a minute until the younger one ends.
    let old = login(&alice(), "old", ago(SESSION_TTL_MS));
    let young = login(&alice(), "young", ago(SESSION_TTL_MS - 60_000));
    put(&*store, &old).await;
    put(&*store, &young).await;
    rig.advance(Duration::from_millis(1)).await;
    assert_eq!(read(&*store, &alice(), &old.id).await, None);
    assert_eq!(list(&*store, &alice(), 100).await, [young]);
}
