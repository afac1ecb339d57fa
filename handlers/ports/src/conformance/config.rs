//! Rules of [`ConfigStore`].

use futures::future::join_all;

use super::Rig;
use super::samples::{NOON, alice, bob, eve};
use crate::config::{CONFIG_VERSION, ConfigHead, ConfigKind, ConfigStore, ConfigVersion};
use crate::store::{Etag, StoreError, Versioned};

use azimuth_domain::principal::UserKey;

type ConfigRig = dyn Rig<dyn ConfigStore>;

const KIND: ConfigKind = ConfigKind::Policies;

fn done<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store fails: {error:?}"))
}

fn version(by: &UserKey, number: u64, text: &str) -> ConfigVersion {
    ConfigVersion {
        head: ConfigHead {
            v: CONFIG_VERSION,
            tenant: by.tid.clone(),
            kind: KIND,
            number,
            at: NOON.plus_ms(i64::try_from(number).unwrap_or_default()),
            by: by.clone(),
            by_name: Some("앨리스".to_owned()),
            reason: format!("reason {number}"),
        },
        text: text.to_owned(),
    }
}

async fn put(store: &dyn ConfigStore, version: &ConfigVersion, when: Option<&Etag>) -> Etag {
    done(store.put_config(version, when).await)
        .unwrap_or_else(|| panic!("version {} is not taken", version.head.number))
}

async fn read(store: &dyn ConfigStore, user: &UserKey) -> Option<Versioned<ConfigVersion>> {
    done(store.config(&user.tid, KIND).await)
}

/// `None` creates, and only creates.
pub async fn a_document_is_begun_once(rig: &ConfigRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    assert_eq!(read(&*here, &alice()).await, None);
    let first = version(&alice(), 1, "정책 \"one\"\n\u{0}");
    let etag = put(&*here, &first, None).await;
    let other = version(&bob(), 1, "another");
    assert_eq!(done(there.put_config(&other, None).await), None);
    let item = first.clone();
    assert_eq!(
        read(&*there, &alice()).await,
        Some(Versioned { item, etag })
    );
    let kept = done(there.config_version(&alice().tid, KIND, 1).await);
    assert_eq!(kept, Some(first));
}

/// An etag is good for the version after it, once; the versions before stay as they
/// were.
pub async fn a_document_changes_under_the_version_that_was_read(rig: &ConfigRig) {
    let store = rig.open().await;
    let [first, second, third] = [1, 2, 3].map(|n| version(&alice(), n, &format!("text {n}")));
    let one = put(&*store, &first, None).await;
    let two = put(&*store, &second, Some(&one)).await;
    assert_ne!(one, two, "every write makes a new version");
    for stale in [Some(&one), None, Some(&Etag("\"abc\"".to_owned()))] {
        assert_eq!(done(store.put_config(&third, stale).await), None);
    }
    assert_eq!(
        done(store.config_version(&alice().tid, KIND, 3).await),
        None
    );
    let stored = read(&*store, &alice()).await;
    assert_eq!(
        stored.map(|v| (v.item, v.etag)),
        Some((second, two.clone()))
    );
    put(&*store, &third, Some(&two)).await;
    let kept = done(store.config_version(&alice().tid, KIND, 1).await);
    assert_eq!(kept, Some(first));
}

/// What was written under a number is never written again.
pub async fn a_number_is_taken_once(rig: &ConfigRig) {
    let store = rig.open().await;
    let one = put(&*store, &version(&alice(), 1, "one"), None).await;
    let again = version(&alice(), 1, "again");
    assert_eq!(done(store.put_config(&again, Some(&one)).await), None);
    let stored = read(&*store, &alice()).await.map(|v| (v.item.text, v.etag));
    assert_eq!(stored, Some(("one".to_owned(), one)));
}

/// An etag never creates.
pub async fn a_version_of_no_document_matches_nothing(rig: &ConfigRig) {
    let store = rig.open().await;
    for etag in ["", "1", "0000000000000000", "\"abc\""] {
        let etag = Etag(etag.to_owned());
        let first = version(&alice(), 1, "one");
        assert_eq!(done(store.put_config(&first, Some(&etag)).await), None);
    }
    assert_eq!(read(&*store, &alice()).await, None);
    assert_eq!(
        done(store.config_version(&alice().tid, KIND, 1).await),
        None
    );
}

/// A tenant has its own document and its own history.
pub async fn documents_of_tenants_are_apart(rig: &ConfigRig) {
    let store = rig.open().await;
    put(&*store, &version(&alice(), 1, "hers"), None).await;
    assert_eq!(read(&*store, &eve()).await, None);
    assert_eq!(done(store.config_version(&eve().tid, KIND, 1).await), None);
    assert_eq!(
        done(store.config_history(&eve().tid, KIND, None, 10).await),
        []
    );
    put(&*store, &version(&eve(), 1, "other"), None).await;
    let text = read(&*store, &alice()).await.map(|v| v.item.text);
    assert_eq!(text.as_deref(), Some("hers"));
}

/// Newest first, in pages, without a text.
pub async fn the_history_is_told_newest_first(rig: &ConfigRig) {
    let store = rig.open().await;
    let mut etag = None;
    for number in 1..=12 {
        let next = version(&alice(), number, "text");
        etag = Some(put(&*store, &next, etag.as_ref()).await);
    }
    let there = rig.open().await;
    let numbers = async |before, limit| {
        let heads = done(
            there
                .config_history(&alice().tid, KIND, before, limit)
                .await,
        );
        heads.iter().map(|head| head.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 20).await, (1..=12).rev().collect::<Vec<_>>());
    assert_eq!(numbers(None, 12).await.len(), 12);
    assert_eq!(numbers(None, 3).await, [12, 11, 10]);
    assert_eq!(
        numbers(Some(10), 9).await,
        (1..=9).rev().collect::<Vec<_>>()
    );
    assert_eq!(numbers(Some(2), 9).await, [1]);
    assert_eq!(numbers(Some(1), 9).await, [0_u64; 0]);
    assert_eq!(numbers(Some(0), 9).await, [0_u64; 0]);
    assert_eq!(numbers(Some(u64::MAX), 2).await, [12, 11]);
    let newest = done(there.config_history(&alice().tid, KIND, None, 1).await);
    assert_eq!(newest, [version(&alice(), 12, "text").head]);
}

/// Also when they come at the same moment, from two processes.
pub async fn of_sixteen_changers_one_wins(rig: &ConfigRig) {
    let handles = [rig.open().await, rig.open().await];
    let first = put(&*handles[0], &version(&alice(), 1, "one"), None).await;
    let changes = (0..16).map(|n| {
        let (store, first) = (&handles[n % 2], &first);
        async move {
            let next = version(&alice(), 2, &n.to_string());
            done(store.put_config(&next, Some(first)).await)
        }
    });
    let won: Vec<Etag> = join_all(changes).await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let stored = read(&*handles[1], &alice()).await;
    assert_eq!(stored.map(|v| v.etag), won.first().cloned());
    let heads = done(
        handles[0]
            .config_history(&alice().tid, KIND, None, 10)
            .await,
    );
    assert_eq!(heads.len(), 2);
}
