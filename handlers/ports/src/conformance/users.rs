//! Rules of [`UserStore`].

use futures::future::join_all;

use super::Rig;
use super::samples::{NOON, alice, bob, eve};
use crate::store::{Etag, StoreError, Versioned};
use crate::users::{
    Granted, RevokedSession, Settings, UserQuery, UserRecord, UserStatus, UserStore,
};

use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::session::SessionId;

type UserRig = dyn Rig<dyn UserStore>;

fn record(user: &UserKey, name: &str) -> UserRecord {
    UserRecord {
        name: Some(name.to_owned()),
        roles: Some(vec![Role::Reader, Role::Auditor]),
        settings: Settings {
            language: Some("ko".to_owned()),
            ..Settings::default()
        },
        ..UserRecord::new(user.clone(), NOON)
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
    changed.status = UserStatus::Disabled;
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

/// Also what keeps somebody out.
pub async fn a_user_reads_back_whole(rig: &UserRig) {
    let store = rig.open().await;
    let record = UserRecord {
        status: UserStatus::Pending,
        granted: Some(Granted {
            roles: [Role::Admin].into(),
            at: NOON,
        }),
        valid_from: Some(NOON.plus_ms(1)),
        revoked_sessions: vec![RevokedSession {
            id: SessionId::of(&alice(), "sid"),
            at: NOON,
        }],
        ..record(&alice(), "Alice")
    };
    put(&*store, &record, None).await;
    let stored = read(&*store, &alice()).await;
    assert_eq!(stored.map(|stored| stored.item), Some(record));
}

/// Eight people of alice's tenant, by object id; every third is pending.
async fn crowd(store: &dyn UserStore) -> Vec<UserRecord> {
    let mut people = Vec::new();
    for n in 0..8 {
        let oid = format!("00000000-0000-4000-8000-00000000c{n}00");
        let user = UserKey::new(&alice().tid, &oid);
        let mut person = record(&user, &format!("Person {n} 김"));
        if n % 3 == 0 {
            person.status = UserStatus::Pending;
        }
        put(store, &person, None).await;
        people.push(person);
    }
    people
}

/// All pages of `query`.
async fn list(store: &dyn UserStore, tenant: &str, query: &UserQuery) -> Vec<UserRecord> {
    let mut query = query.clone();
    let mut all = Vec::new();
    loop {
        let page = store
            .users(tenant, &query)
            .await
            .unwrap_or_else(|error| panic!("users: {error}"));
        assert!(page.items.len() <= query.limit);
        all.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return all;
        }
    }
}

/// By object id, everybody once, whatever the page.
pub async fn people_are_listed_without_loss(rig: &UserRig) {
    let store = rig.open().await;
    let people = crowd(&*store).await;
    for limit in [1, 2, 7, 8, 9, 100] {
        let query = UserQuery {
            limit,
            ..UserQuery::default()
        };
        let page = store.users(&alice().tid, &query).await;
        let more = page.is_ok_and(|page| page.next_cursor.is_some());
        assert_eq!(more, limit < people.len(), "{limit}");
        assert_eq!(list(&*store, &alice().tid, &query).await, people, "{limit}");
    }
}

/// By words of name and object id, and by status.
pub async fn the_list_of_people_filters(rig: &UserRig) {
    let store = rig.open().await;
    let people = crowd(&*store).await;
    let pending = Some(UserStatus::Pending);
    for (text, status, wanted) in [
        (None, pending, vec![0, 3, 6]),
        (None, Some(UserStatus::Disabled), vec![]),
        (Some("PERSON 김"), pending, vec![0, 3, 6]),
        (Some("person 5"), None, vec![5]),
        (Some("0000C200 2"), None, vec![2]),
        (Some("person 9"), None, vec![]),
        (Some("  "), Some(UserStatus::Active), vec![1, 2, 4, 5, 7]),
    ] {
        let query = UserQuery {
            text: text.map(str::to_owned),
            status,
            limit: 2,
            cursor: None,
        };
        let expected: Vec<UserRecord> = wanted.iter().map(|n: &usize| people[*n].clone()).collect();
        let found = list(&*store, &alice().tid, &query).await;
        assert_eq!(found, expected, "{query:?}");
    }
}

/// A tenant's people are nobody else's, and a cursor leads into no other tenant.
pub async fn people_of_tenants_are_apart(rig: &UserRig) {
    let store = rig.open().await;
    crowd(&*store).await;
    put(&*store, &record(&eve(), "Eve"), None).await;
    let mut query = UserQuery {
        limit: 1,
        ..UserQuery::default()
    };
    let theirs = list(&*store, &eve().tid, &query).await;
    assert_eq!(theirs, [record(&eve(), "Eve")]);
    let page = store.users(&alice().tid, &query).await;
    query.cursor = page.ok().and_then(|page| page.next_cursor);
    assert!(query.cursor.is_some());
    let behind = list(&*store, &eve().tid, &query).await;
    assert!(behind.iter().all(|record| record.user == eve()));
    for cursor in ["", "x", "WyJvdGhlciIsIngiXQ"] {
        query.cursor = Some(cursor.to_owned());
        let page = store.users(&alice().tid, &query).await;
        assert!(matches!(page, Err(StoreError::BadCursor)), "{cursor}");
    }
}
