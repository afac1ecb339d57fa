//! Rules of [`SecretStore`].

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use futures::future::join_all;

use super::Rig;
use super::samples::{alice, bob, eve};
use crate::secrets::{MAX_NAME, SecretStore};

type SecretRig = dyn Rig<dyn SecretStore>;

const NAME: &str = "r-call_1";

async fn put(store: &dyn SecretStore, user: &UserKey, name: &str, sealed: &[u8], end: Timestamp) {
    store
        .put_secret(user, name, sealed, end)
        .await
        .unwrap_or_else(|error| panic!("put_secret: {error}"));
}

async fn read(store: &dyn SecretStore, user: &UserKey, name: &str) -> Option<Vec<u8>> {
    store
        .secret(user, name)
        .await
        .unwrap_or_else(|error| panic!("secret: {error}"))
}

async fn take(store: &dyn SecretStore, user: &UserKey, name: &str) -> Option<Vec<u8>> {
    store
        .take_secret(user, name)
        .await
        .unwrap_or_else(|error| panic!("take_secret: {error}"))
}

/// Every byte, whatever the size; the newest write counts.
pub async fn a_secret_reads_back_as_it_was_written_last(rig: &SecretRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let end = rig.now().plus_ms(60_000);
    assert_eq!(read(&*here, &alice(), NAME).await, None);
    let large: Vec<u8> = (0..800_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for sealed in [&[0, 255, 7][..], &[], &large] {
        put(&*here, &alice(), NAME, sealed, end).await;
        assert_eq!(read(&*there, &alice(), NAME).await.as_deref(), Some(sealed));
    }
    let long = "n".repeat(MAX_NAME);
    put(&*here, &alice(), &long, b"sealed", end).await;
    assert_eq!(
        read(&*there, &alice(), &long).await.as_deref(),
        Some(&b"sealed"[..])
    );
}

/// Once, and by nobody else.
pub async fn a_secret_that_was_taken_is_gone(rig: &SecretRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let end = rig.now().plus_ms(60_000);
    for user in [alice(), bob(), eve()] {
        put(&*here, &user, NAME, user.oid.as_bytes(), end).await;
    }
    put(&*here, &alice(), "r-call_2", b"another", end).await;
    let oid = |user: UserKey| Some(user.oid.into_bytes());
    assert_eq!(take(&*there, &alice(), NAME).await, oid(alice()));
    for store in [&here, &there] {
        assert_eq!(take(&**store, &alice(), NAME).await, None);
        assert_eq!(read(&**store, &alice(), NAME).await, None);
    }
    assert_eq!(read(&*here, &bob(), NAME).await, oid(bob()));
    assert_eq!(read(&*here, &eve(), NAME).await, oid(eve()));
    assert!(read(&*here, &alice(), "r-call_2").await.is_some());
    put(&*here, &alice(), NAME, b"anew", end).await;
    assert_eq!(take(&*there, &alice(), NAME).await, Some(b"anew".to_vec()));
}

/// Over all handles.
pub async fn of_sixteen_takers_one_gets_it(rig: &SecretRig) {
    let handles = [rig.open().await, rig.open().await];
    let end = rig.now().plus_ms(60_000);
    put(&*handles[0], &alice(), NAME, b"sealed", end).await;
    let takers = (0..16).map(|n| {
        let store = &handles[n % 2];
        async move { take(&**store, &alice(), NAME).await }
    });
    let got: Vec<Vec<u8>> = join_all(takers).await.into_iter().flatten().collect();
    assert_eq!(got, [b"sealed".to_vec()]);
}

/// From its end on, not before.
pub async fn a_secret_that_has_ended_is_gone(rig: &SecretRig) {
    let store = rig.open().await;
    let end = rig.now().plus_ms(3_000);
    put(&*store, &alice(), NAME, b"sealed", end).await;
    put(&*store, &alice(), "other", b"sealed", end.plus_ms(60_000)).await;
    assert!(read(&*store, &alice(), NAME).await.is_some());
    rig.advance(Duration::from_secs(3)).await;
    assert_eq!(read(&*store, &alice(), NAME).await, None);
    assert_eq!(take(&*store, &alice(), NAME).await, None);
    assert!(read(&*store, &alice(), "other").await.is_some());
}
