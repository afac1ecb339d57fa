//! Rules of [`TokenStore`].

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use futures::future::join_all;

use super::Rig;
use super::samples::{alice, bob, eve};
use crate::tokens::{SealedToken, TokenStore};

type TokenRig = dyn Rig<dyn TokenStore>;

const SLOT: &str = "https://management.azure.com";

async fn put(store: &dyn TokenStore, user: &UserKey, slot: &str, sealed: &[u8], end: Timestamp) {
    store
        .put_token(user, slot, sealed, end)
        .await
        .unwrap_or_else(|error| panic!("put_token: {error}"));
}

async fn read(store: &dyn TokenStore, user: &UserKey, slot: &str) -> Option<SealedToken> {
    store
        .token(user, slot)
        .await
        .unwrap_or_else(|error| panic!("token: {error}"))
}

async fn lease(store: &dyn TokenStore, holder: &str, now: Timestamp, until: Timestamp) -> bool {
    store
        .lease_token(&alice(), SLOT, holder, now, until)
        .await
        .unwrap_or_else(|error| panic!("lease_token: {error}"))
}

/// Bytes, end and version.
pub async fn an_entry_reads_back_and_every_write_raises_its_version(rig: &TokenRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let end = rig.now().plus_ms(3_600_000);
    assert_eq!(read(&*here, &alice(), SLOT).await, None);
    put(&*here, &alice(), SLOT, &[0, 255, 7], end).await;
    let first = read(&*there, &alice(), SLOT)
        .await
        .unwrap_or_else(|| panic!("it is there"));
    assert_eq!(
        (first.sealed.as_slice(), first.expires_at),
        ([0, 255, 7].as_slice(), end)
    );
    assert_eq!(first.lease, None);
    put(&*there, &alice(), SLOT, &[], end.plus_ms(1)).await;
    let second = read(&*here, &alice(), SLOT)
        .await
        .unwrap_or_else(|| panic!("it is there"));
    assert_eq!(
        (second.sealed.as_slice(), second.expires_at),
        ([].as_slice(), end.plus_ms(1))
    );
    assert!(second.version > first.version);
}

/// A lease ends at its end, not before; its holder may take it again.
pub async fn a_lease_is_exclusive_until_it_ends(rig: &TokenRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let now = rig.now();
    let until = now.plus_ms(10_000);
    put(&*here, &alice(), SLOT, b"sealed", now.plus_ms(3_600_000)).await;
    assert!(lease(&*here, "a", now, until).await);
    for later_ms in [0, 9_999] {
        assert!(!lease(&*there, "b", now.plus_ms(later_ms), until.plus_ms(10_000)).await);
    }
    let entry = read(&*there, &alice(), SLOT)
        .await
        .unwrap_or_else(|| panic!("it is there"));
    assert_eq!(entry.lease, Some(("a".to_owned(), until)));
    assert_eq!(entry.sealed, b"sealed");
    assert!(lease(&*here, "a", now.plus_ms(5_000), until.plus_ms(5_000)).await);
    assert!(!lease(&*there, "b", until.plus_ms(4_999), until.plus_ms(20_000)).await);
    assert!(lease(&*there, "b", until.plus_ms(5_000), until.plus_ms(20_000)).await);
    assert!(!lease(&*here, "a", until.plus_ms(5_001), until.plus_ms(20_000)).await);
}

/// The first refresh needs a lease too.
pub async fn a_lease_can_be_taken_before_there_is_an_entry(rig: &TokenRig) {
    let store = rig.open().await;
    let now = rig.now();
    let until = now.plus_ms(10_000);
    assert!(lease(&*store, "a", now, until).await);
    assert!(!lease(&*store, "b", now, until).await);
    let entry = read(&*store, &alice(), SLOT)
        .await
        .unwrap_or_else(|| panic!("it is made"));
    assert!(entry.sealed.is_empty());
    assert_eq!(entry.lease, Some(("a".to_owned(), until)));
}

/// Whoever wrote the new token is done.
pub async fn a_write_ends_the_lease(rig: &TokenRig) {
    let store = rig.open().await;
    let now = rig.now();
    assert!(lease(&*store, "a", now, now.plus_ms(10_000)).await);
    put(&*store, &alice(), SLOT, b"sealed", now.plus_ms(3_600_000)).await;
    let entry = read(&*store, &alice(), SLOT)
        .await
        .unwrap_or_else(|| panic!("it is there"));
    assert_eq!(entry.lease, None);
    assert!(lease(&*store, "b", now, now.plus_ms(10_000)).await);
}

/// One refresh at a time, over all processes.
pub async fn of_sixteen_lessees_one_wins(rig: &TokenRig) {
    let handles = [rig.open().await, rig.open().await];
    let now = rig.now();
    let lessees = (0..16).map(|n| {
        let store = &handles[n % 2];
        async move { lease(&**store, &format!("holder-{n}"), now, now.plus_ms(10_000)).await }
    });
    let won = join_all(lessees)
        .await
        .into_iter()
        .filter(|won| *won)
        .count();
    assert_eq!(won, 1);
}

/// An entry is dropped at its end.
pub async fn an_entry_that_has_ended_is_gone(rig: &TokenRig) {
    let store = rig.open().await;
    put(&*store, &alice(), SLOT, b"sealed", rig.now().plus_ms(2_000)).await;
    assert!(read(&*store, &alice(), SLOT).await.is_some());
    rig.advance(Duration::from_secs(3)).await;
    assert_eq!(read(&*store, &alice(), SLOT).await, None);
    let now = rig.now();
    assert!(lease(&*store, "a", now, now.plus_ms(10_000)).await);
    let entry = read(&*store, &alice(), SLOT)
        .await
        .unwrap_or_else(|| panic!("it is made"));
    assert!(entry.sealed.is_empty(), "what has ended does not come back");
}

/// All slots of that user, and nobody else's.
pub async fn forgetting_removes_all_of_one_user(rig: &TokenRig) {
    let store = rig.open().await;
    let end = rig.now().plus_ms(3_600_000);
    for user in [alice(), bob(), eve()] {
        put(&*store, &user, SLOT, user.oid.as_bytes(), end).await;
        put(&*store, &user, "grant", b"grant", end).await;
    }
    let forgotten = store.forget_tokens(&alice()).await;
    assert!(forgotten.is_ok(), "{forgotten:?}");
    assert_eq!(read(&*store, &alice(), SLOT).await, None);
    assert_eq!(read(&*store, &alice(), "grant").await, None);
    for user in [bob(), eve()] {
        let entry = read(&*store, &user, SLOT).await;
        assert_eq!(entry.map(|e| e.sealed), Some(user.oid.as_bytes().to_vec()));
        assert!(read(&*store, &user, "grant").await.is_some());
    }
}
