//! Rules of [`UserStore`].

use futures::future::join_all;

use super::Rig;
use super::samples::{NOON, alice, bob, eve};
use crate::store::{Etag, Versioned};
use crate::users::{Settings, UserRecord, UserStore};

use azimuth_domain::principal::{Role, UserKey};

type UserRig = dyn Rig<dyn UserStore>;

fn record(user: &UserKey, name: &str) -> UserRecord {
    UserRecord {
        v: 1,
        user: user.clone(),
        name: Some(name.to_owned()),
        disabled: false,
        roles: Some(vec![Role::Reader, Role::Auditor]),
        created_at: NOON,
        settings: Settings {
            language: Some("ko".to_owned()),
            ..Settings::default()
        },
    }
}

async fn put(store: &dyn UserStore, record: &UserRecord, when: Option<&Etag>) -> Option<Etag> {
    store
        .put_user(record, when)
        .await
        .unwrap_or_else(|error| panic!("put_user: {error}"))
}

async fn read(store: &dyn UserStore, user: &UserKey) -> Option<Versioned<UserRecord>> {
    store
        .user(user)
        .await
        .unwrap_or_else(|error| panic!("user: {error}"))
}

/// `None` creates, and only creates.
pub async fn a_user_is_created_once(rig: &UserRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    assert_eq!(read(&*here, &alice()).await, None);
    let etag = put(&*here, &record(&alice(), "Alice"), None).await;
    let etag = etag.unwrap_or_else(|| panic!("the first create succeeds"));
    assert_eq!(put(&*there, &record(&alice(), "Other"), None).await, None);
    let item = record(&alice(), "Alice");
    assert_eq!(
        read(&*there, &alice()).await,
        Some(Versioned { item, etag })
    );
}

/// An etag replaces that version, once.
pub async fn a_user_is_replaced_under_the_version_that_was_read(rig: &UserRig) {
    let store = rig.open().await;
    let first = put(&*store, &record(&alice(), "Alice"), None).await;
    let mut changed = record(&alice(), "Alice");
    changed.disabled = true;
    let second = put(&*store, &changed, first.as_ref()).await;
    assert!(
        second.is_some() && second != first,
        "every write makes a new version"
    );
    assert_eq!(
        put(&*store, &record(&alice(), "Late"), first.as_ref()).await,
        None
    );
    let stored = read(&*store, &alice()).await;
    assert_eq!(
        stored.map(|v| (v.item, Some(v.etag))),
        Some((changed, second))
    );
}

/// An etag never creates.
pub async fn a_version_of_nobody_matches_nothing(rig: &UserRig) {
    let store = rig.open().await;
    for etag in ["", "1", "0000000000000000", "\"abc\""] {
        let etag = Etag(etag.to_owned());
        assert_eq!(
            put(&*store, &record(&alice(), "Alice"), Some(&etag)).await,
            None
        );
    }
    assert_eq!(read(&*store, &alice()).await, None);
}

/// Tenant and object id together are the key.
pub async fn users_are_apart(rig: &UserRig) {
    let store = rig.open().await;
    let same_oid_elsewhere = UserKey::new(&eve().tid, &alice().oid);
    put(&*store, &record(&alice(), "Alice"), None).await;
    for other in [bob(), eve(), same_oid_elsewhere] {
        assert_eq!(read(&*store, &other).await, None);
        assert!(put(&*store, &record(&other, "Other"), None).await.is_some());
    }
    let name = read(&*store, &alice()).await.and_then(|v| v.item.name);
    assert_eq!(name.as_deref(), Some("Alice"));
}

/// Also when they come at the same moment, from two processes.
pub async fn of_sixteen_creators_one_wins(rig: &UserRig) {
    let handles = [rig.open().await, rig.open().await];
    let creators = (0..16).map(|n| {
        let store = &handles[n % 2];
        async move { put(&**store, &record(&alice(), &n.to_string()), None).await }
    });
    let won: Vec<Etag> = join_all(creators).await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let stored = read(&*handles[0], &alice()).await;
    assert_eq!(stored.map(|v| v.etag), won.first().cloned());
}
