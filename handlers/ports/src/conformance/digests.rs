//! Rules of [`DigestLog`].

use std::sync::Arc;

use azimuth_domain::audit::digest::{ChainHead, Digest, DigestKey};
use azimuth_domain::audit::{AuditKind, AuditRecord};
use azimuth_domain::time::Timestamp;
use futures::future::join_all;

use super::Rig;
use super::samples::{NOON, alice, entry, eve};
use crate::audit::{Appended, AuditError, AuditLog};
use crate::digests::{DigestLog, UnsealedChain};

/// The audit and its digests, which lie over the same storage.
pub struct Sealed {
    /// The audit.
    pub log: Arc<dyn AuditLog>,
    /// Its digests.
    pub digests: Arc<dyn DigestLog>,
}

type DigestRig = dyn Rig<Sealed>;

/// More chains than any rule makes.
const MANY: usize = 100;

async fn record(sealed: &Sealed, tenant: &str, chain: &str, at: Timestamp) -> AuditRecord {
    let user = if tenant == eve().tid { eve() } else { alice() };
    let id = format!("op-{}", at.0);
    let entry = entry(&user, AuditKind::Denied);
    match sealed.log.append(tenant, chain, &id, at, entry).await {
        Ok(Appended::Created(record)) => record,
        other => panic!("append: {other:?}"),
    }
}

fn head(record: &AuditRecord) -> ChainHead {
    ChainHead {
        chain: record.chain.clone(),
        seq: record.seq,
        hash: record.hash.clone(),
    }
}

fn key() -> DigestKey {
    DigestKey::new([1; 32])
}

async fn unsealed(sealed: &Sealed, tenant: Option<&str>) -> Vec<UnsealedChain> {
    let found = sealed.digests.unsealed(tenant, MANY).await;
    found.unwrap_or_else(|error| panic!("unsealed: {error}"))
}

async fn newest(sealed: &Sealed, tenant: &str) -> Option<Digest> {
    let found = sealed.digests.newest_digest(tenant).await;
    found.unwrap_or_else(|error| panic!("newest_digest: {error}"))
}

/// Seals these heads as the tenant's next digest.
async fn seal(sealed: &Sealed, tenant: &str, heads: Vec<ChainHead>) -> Digest {
    let before = newest(sealed, tenant).await;
    let before = before.as_ref().map(|d| (d.number, d.hash.as_str()));
    let mut digest = Digest::next(before, tenant, NOON, heads, &key());
    digest.signature = "0".repeat(128);
    let appended = sealed.digests.append_digest(&digest).await;
    assert!(matches!(appended, Ok(true)), "{appended:?}");
    digest
}

/// From its first record on a chain is unsealed, until a digest names its head;
/// what comes later is unsealed again.
pub async fn what_no_digest_covers_is_unsealed(rig: &DigestRig) {
    let sealed = rig.open().await;
    let tenant = alice().tid;
    assert_eq!(unsealed(&sealed, None).await, []);
    record(&sealed, &tenant, "admin-a", NOON.plus_ms(5)).await;
    let last = record(&sealed, &tenant, "admin-a", NOON.plus_ms(9)).await;
    let expected = UnsealedChain {
        tenant: tenant.clone(),
        head: head(&last),
        sealed_seq: 0,
        since: NOON.plus_ms(5),
    };
    assert_eq!(unsealed(&sealed, None).await, [expected]);
    seal(&sealed, &tenant, vec![head(&last)]).await;
    assert_eq!(unsealed(&sealed, None).await, []);
    record(&sealed, &tenant, "admin-a", NOON.plus_ms(20)).await;
    let last = record(&sealed, &tenant, "admin-a", NOON.plus_ms(30)).await;
    let expected = UnsealedChain {
        tenant: tenant.clone(),
        head: head(&last),
        sealed_seq: 2,
        since: NOON.plus_ms(20),
    };
    assert_eq!(unsealed(&sealed, None).await, [expected]);
}

/// A digest may know less than what has been written meanwhile.
pub async fn a_digest_seals_no_further_than_it_says(rig: &DigestRig) {
    let sealed = rig.open().await;
    let tenant = alice().tid;
    let first = record(&sealed, &tenant, "admin-a", NOON).await;
    let other = record(&sealed, &tenant, "admin-b", NOON.plus_ms(1)).await;
    let second = record(&sealed, &tenant, "admin-a", NOON.plus_ms(2)).await;
    seal(&sealed, &tenant, vec![head(&first)]).await;
    let of_a = UnsealedChain {
        tenant: tenant.clone(),
        head: head(&second),
        sealed_seq: 1,
        since: NOON.plus_ms(2),
    };
    let of_b = UnsealedChain {
        tenant: tenant.clone(),
        head: head(&other),
        sealed_seq: 0,
        since: NOON.plus_ms(1),
    };
    assert_eq!(unsealed(&sealed, None).await, [of_b, of_a.clone()]);
    seal(&sealed, &tenant, vec![head(&other)]).await;
    assert_eq!(unsealed(&sealed, None).await, [of_a]);
    seal(&sealed, &tenant, vec![head(&second)]).await;
    assert_eq!(unsealed(&sealed, None).await, []);
}

/// Chains, numbers and lists of one tenant tell nothing of another's.
pub async fn digests_of_tenants_are_apart(rig: &DigestRig) {
    let sealed = rig.open().await;
    let (mine, theirs) = (alice().tid, eve().tid);
    let own = record(&sealed, &mine, "admin-a", NOON).await;
    let other = record(&sealed, &theirs, "admin-a", NOON.plus_ms(1)).await;
    let digest = seal(&sealed, &mine, vec![head(&own)]).await;
    assert_eq!(unsealed(&sealed, Some(&mine)).await, []);
    let waiting = unsealed(&sealed, Some(&theirs)).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting, unsealed(&sealed, None).await);
    assert_eq!(newest(&sealed, &theirs).await, None);
    let foreign = seal(&sealed, &theirs, vec![head(&other)]).await;
    assert_eq!((digest.number, foreign.number), (1, 1));
    assert_eq!(newest(&sealed, &mine).await, Some(digest));
    assert_eq!(newest(&sealed, &theirs).await, Some(foreign));
}

/// Those that wait longest come first, and no more than was asked for.
pub async fn what_waits_longest_is_told_first(rig: &DigestRig) {
    let sealed = rig.open().await;
    for (chain, at_ms) in [("admin-c", 3), ("admin-a", 2), ("admin-b", 1)] {
        record(&sealed, &alice().tid, chain, NOON.plus_ms(at_ms)).await;
    }
    for (limit, expected) in [
        (1, vec!["admin-b"]),
        (2, vec!["admin-b", "admin-a"]),
        (3, vec!["admin-b", "admin-a", "admin-c"]),
        (4, vec!["admin-b", "admin-a", "admin-c"]),
    ] {
        let found = sealed.digests.unsealed(None, limit).await;
        let found = found.unwrap_or_else(|error| panic!("unsealed: {error}"));
        let chains: Vec<&str> = found.iter().map(|c| c.head.chain.as_str()).collect();
        assert_eq!(chains, expected, "at most {limit}");
    }
}

/// The race for a number has one winner, and who lost has written nothing.
pub async fn of_sixteen_digests_of_one_number_one_is_kept(rig: &DigestRig) {
    let handles = [rig.open().await, rig.open().await];
    let tenant = alice().tid;
    let first = record(&handles[0], &tenant, "admin-a", NOON).await;
    let racing = (0..16).map(|n: usize| {
        let sealed = &handles[n % 2];
        let at = NOON.plus_ms(i64::try_from(n).unwrap_or_default());
        let mut digest = Digest::next(None, &tenant, at, vec![head(&first)], &key());
        digest.signature = "0".repeat(128);
        async move {
            let appended = sealed.digests.append_digest(&digest).await;
            appended.unwrap_or_else(|error| panic!("append_digest: {error}"))
        }
    });
    let kept = join_all(racing).await;
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 1);
    let winner = kept.iter().position(|kept| *kept).unwrap_or_default();
    for handle in &handles {
        let stored = newest(handle, &tenant).await;
        let at = stored.map(|digest| digest.at.since(NOON));
        assert_eq!(at, i64::try_from(winner).ok());
    }
}

/// What one process has sealed, no other seals again.
pub async fn another_handle_sees_what_is_sealed(rig: &DigestRig) {
    let (one, other) = (rig.open().await, rig.open().await);
    let tenant = alice().tid;
    let last = record(&one, &tenant, "admin-a", NOON).await;
    assert_eq!(unsealed(&other, None).await.len(), 1);
    let digest = seal(&one, &tenant, vec![head(&last)]).await;
    assert_eq!(unsealed(&other, None).await, []);
    assert_eq!(newest(&other, &tenant).await, Some(digest));
}

/// Whole, in order, whatever the length of a page.
pub async fn digests_are_listed_newest_first_and_page(rig: &DigestRig) {
    let sealed = rig.open().await;
    let tenant = alice().tid;
    let mut all = Vec::new();
    for number in 0..7 {
        let last = record(&sealed, &tenant, "admin-a", NOON.plus_ms(number)).await;
        all.insert(0, seal(&sealed, &tenant, vec![head(&last)]).await);
    }
    for limit in [1, 3, 7, 100] {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = sealed
                .digests
                .digests(&tenant, limit, cursor.as_deref())
                .await
                .unwrap_or_else(|error| panic!("digests: {error}"));
            assert!(page.items.len() <= limit);
            found.extend(page.items);
            assert!(found.len() <= 7, "a cursor leads on");
            if page.next_cursor.is_none() {
                break;
            }
            cursor = page.next_cursor;
        }
        assert_eq!(found, all, "pages of {limit}");
    }
}

/// What is not ours is not guessed at.
pub async fn a_cursor_of_no_list_of_digests_is_refused(rig: &DigestRig) {
    let sealed = rig.open().await;
    for cursor in ["", "x", "AAAA", "' OR 1=1 --", "커서"] {
        let answer = sealed.digests.digests(&alice().tid, 5, Some(cursor)).await;
        assert!(matches!(answer, Err(AuditError::BadCursor)), "{answer:?}");
    }
}
