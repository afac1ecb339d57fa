//! Rules of [`AuditLog`].

use std::collections::BTreeSet;

use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord, ChainWalk};
use azimuth_domain::event::Outcome;
use azimuth_domain::time::Timestamp;
use futures::future::join_all;

use super::Rig;
use super::samples::{NOON, alice, bob, chat, entry, eve, turn};
use crate::audit::{Appended, AuditError, AuditLog, AuditQuery};

type AuditRig = dyn Rig<dyn AuditLog>;

/// More records than any rule writes.
const MANY: usize = 1000;
const CHAIN: &str = "admin-conformance-2026-11-24";

async fn append(
    log: &dyn AuditLog,
    tenant: &str,
    chain: &str,
    id: &str,
    at: Timestamp,
    entry: AuditEntry,
) -> Appended {
    log.append(tenant, chain, id, at, entry)
        .await
        .unwrap_or_else(|error| panic!("append: {error}"))
}

async fn create(log: &dyn AuditLog, chain: &str, id: &str, at: Timestamp) -> AuditRecord {
    let entry = entry(&alice(), AuditKind::Denied);
    created(append(log, &alice().tid, chain, id, at, entry).await)
}

fn created(appended: Appended) -> AuditRecord {
    match appended {
        Appended::Created(record) => record,
        Appended::Exists(record) => panic!("{} exists", record.id),
    }
}

async fn query(log: &dyn AuditLog, tenant: &str, query: &AuditQuery) -> Vec<AuditRecord> {
    let mut query = query.clone();
    let mut records = Vec::new();
    loop {
        let page = log
            .query(tenant, &query)
            .await
            .unwrap_or_else(|error| panic!("query: {error}"));
        assert!(page.items.len() <= query.limit);
        records.extend(page.items);
        assert!(records.len() < MANY, "a cursor leads on");
        if page.next_cursor.is_none() {
            return records;
        }
        query.cursor = page.next_cursor;
    }
}

fn all() -> AuditQuery {
    AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    }
}

fn ids(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| record.id.as_str()).collect()
}

/// Numbers from 1 without gaps, each hash over the one before.
pub async fn records_form_a_chain(rig: &AuditRig) {
    let handles = [rig.open().await, rig.open().await];
    let mut walk = ChainWalk::default();
    for (number, seq) in (0..6_usize).zip(1..) {
        let log = &handles[number % 2];
        let record = create(&**log, CHAIN, &format!("op-{number}"), NOON).await;
        assert_eq!((record.seq, record.chain.as_str()), (seq, CHAIN));
        assert_eq!(record.entry, entry(&alice(), AuditKind::Denied));
        let fault = walk.accept(&record).err();
        assert_eq!(fault, None);
        let other = &handles[(number + 1) % 2];
        let read = other.record(&alice().tid, CHAIN, &record.id).await;
        assert_eq!(
            read.ok().flatten(),
            Some(record),
            "it reads back as it was given"
        );
    }
}

/// A register decides once; whoever comes later learns what was decided.
pub async fn an_id_is_written_once(rig: &AuditRig) {
    let log = rig.open().await;
    let first = create(&*log, CHAIN, "op", NOON).await;
    let late = entry(&bob(), AuditKind::Approval);
    let again = append(&*log, &alice().tid, CHAIN, "op", NOON.plus_ms(1), late).await;
    assert_eq!(again, Appended::Exists(first.clone()));
    assert_eq!(
        create(&*log, CHAIN, "next", NOON).await.seq,
        2,
        "no number is spent"
    );
    let read = log.record(&alice().tid, CHAIN, "op").await;
    assert_eq!(read.ok().flatten(), Some(first));
}

/// A missing record is no error.
pub async fn what_was_never_written_is_none(rig: &AuditRig) {
    let log = rig.open().await;
    create(&*log, CHAIN, "op", NOON).await;
    for (tenant, chain, id) in [
        (alice().tid, CHAIN, "other"),
        (alice().tid, "admin-other-2026-11-24", "op"),
        (eve().tid, CHAIN, "op"),
    ] {
        let read = log.record(&tenant, chain, id).await;
        assert!(matches!(read, Ok(None)), "{read:?}");
    }
    assert!(query(&*log, &eve().tid, &all()).await.is_empty());
}

/// A chain belongs to a tenant, whatever it is called.
pub async fn chains_and_tenants_are_apart(rig: &AuditRig) {
    let log = rig.open().await;
    let mine = create(&*log, CHAIN, "op", NOON).await;
    let elsewhere = create(&*log, "admin-other-2026-11-24", "op", NOON).await;
    let theirs = entry(&eve(), AuditKind::AuditRead);
    let theirs = created(append(&*log, &eve().tid, CHAIN, "op", NOON, theirs).await);
    assert_eq!((mine.seq, elsewhere.seq, theirs.seq), (1, 1, 1));
    assert_eq!(query(&*log, &eve().tid, &all()).await, [theirs]);
    assert_eq!(query(&*log, &alice().tid, &all()).await.len(), 2);
}

/// The `seq` race: numbers stay without gaps, and a register has one winner.
pub async fn sixteen_appenders_leave_no_gap_and_no_double(rig: &AuditRig) {
    const EACH: usize = 8;
    let handles = [rig.open().await, rig.open().await];
    let appenders = (0..16).map(|n| {
        let log = &handles[n % 2];
        async move {
            let mut created = 0;
            for number in 0..EACH {
                // Two appenders want the same register.
                let id = format!("op-{}-{number}", n / 2);
                let entry = entry(&alice(), AuditKind::Denied);
                let at = NOON.plus_ms(i64::try_from(number).unwrap_or_default());
                let appended = append(&**log, &alice().tid, CHAIN, &id, at, entry).await;
                created += usize::from(matches!(appended, Appended::Created(_)));
            }
            created
        }
    });
    let created: usize = join_all(appenders).await.into_iter().sum();
    assert_eq!(created, 8 * EACH, "each register was created once");
    let mut records = query(&*handles[0], &alice().tid, &all()).await;
    assert_eq!(records.len(), 8 * EACH);
    let distinct: BTreeSet<&str> = ids(&records).into_iter().collect();
    assert_eq!(distinct.len(), records.len());
    records.sort_by_key(|record| record.seq);
    let mut walk = ChainWalk::default();
    for record in &records {
        assert_eq!(walk.accept(record).err(), None);
    }
}

/// By time; inside a chain and a moment by number.
pub async fn a_query_gives_the_newest_first(rig: &AuditRig) {
    let log = rig.open().await;
    for (id, at_ms) in [("b", 20), ("a", 10), ("d", 30), ("c", 20)] {
        create(&*log, CHAIN, id, NOON.plus_ms(at_ms)).await;
    }
    assert_eq!(
        ids(&query(&*log, &alice().tid, &all()).await),
        ["d", "c", "b", "a"]
    );
}

/// Every filter alone, and all at once.
pub async fn a_query_filters(rig: &AuditRig) {
    let log = rig.open().await;
    let turn = turn(&chat(&alice(), "filters"), "1", NOON).id;
    let mut odd = entry(&bob(), AuditKind::Close);
    odd.tool = Some("azure/vm_delete".to_owned());
    odd.outcome = Some(Outcome::Unknown);
    odd.turn_id = Some(turn.clone());
    create(&*log, CHAIN, "early", NOON).await;
    append(&*log, &alice().tid, CHAIN, "odd", NOON.plus_ms(10), odd).await;
    create(&*log, CHAIN, "late", NOON.plus_ms(20)).await;

    let one_each: [AuditQuery; 5] = [
        AuditQuery {
            oid: Some(bob().oid),
            ..all()
        },
        AuditQuery {
            kind: Some(AuditKind::Close),
            ..all()
        },
        AuditQuery {
            tool: Some("azure/vm_delete".to_owned()),
            ..all()
        },
        AuditQuery {
            outcome: Some(Outcome::Unknown),
            ..all()
        },
        AuditQuery {
            turn: Some(turn.to_string()),
            ..all()
        },
    ];
    for filter in &one_each {
        assert_eq!(
            ids(&query(&*log, &alice().tid, filter).await),
            ["odd"],
            "{filter:?}"
        );
    }
    let together = AuditQuery {
        oid: Some(bob().oid),
        kind: Some(AuditKind::Close),
        tool: Some("azure/vm_delete".to_owned()),
        outcome: Some(Outcome::Unknown),
        turn: Some(turn.to_string()),
        from: Some(NOON.plus_ms(10)),
        until: Some(NOON.plus_ms(11)),
        ..all()
    };
    assert_eq!(ids(&query(&*log, &alice().tid, &together).await), ["odd"]);
    let nobody = AuditQuery {
        oid: Some(eve().oid),
        ..all()
    };
    assert!(query(&*log, &alice().tid, &nobody).await.is_empty());
    // `from` belongs to the range, `until` does not.
    for (from, until, expected) in [
        (0, 21, vec!["late", "odd", "early"]),
        (0, 20, vec!["odd", "early"]),
        (1, 20, vec!["odd"]),
        (10, 11, vec!["odd"]),
        (10, 10, vec![]),
        (11, 20, vec![]),
    ] {
        let range = AuditQuery {
            from: Some(NOON.plus_ms(from)),
            until: Some(NOON.plus_ms(until)),
            ..all()
        };
        let found = query(&*log, &alice().tid, &range).await;
        assert_eq!(ids(&found), expected, "from {from} until {until}");
    }
}

/// Also when many records carry the same moment, in several chains.
pub async fn a_query_pages_without_loss_under_ties(rig: &AuditRig) {
    let log = rig.open().await;
    for number in 0..23 {
        let chain = format!("admin-{}-2026-11-24", number % 3);
        create(
            &*log,
            &chain,
            &format!("op-{number}"),
            NOON.plus_ms(number / 12),
        )
        .await;
    }
    let whole = query(&*log, &alice().tid, &all()).await;
    assert_eq!(whole.len(), 23);
    for limit in [1, 7, 22, 23] {
        let paged = query(&*log, &alice().tid, &AuditQuery { limit, ..all() }).await;
        assert_eq!(paged, whole, "pages of {limit}");
    }
}

/// What is not ours is not guessed at.
pub async fn a_foreign_cursor_is_refused(rig: &AuditRig) {
    let log = rig.open().await;
    create(&*log, CHAIN, "op", NOON).await;
    for cursor in ["", "x", "AAAA", "' OR 1=1 --", "커서"] {
        let cursor = Some(cursor.to_owned());
        let answer = log
            .query(&alice().tid, &AuditQuery { cursor, ..all() })
            .await;
        assert!(matches!(answer, Err(AuditError::BadCursor)), "{answer:?}");
    }
}

/// The sweeper's question, over all tenants.
pub async fn opens_without_a_close_are_found_oldest_first(rig: &AuditRig) {
    let log = rig.open().await;
    let open = |user| entry(&user, AuditKind::Open);
    let close = |user| entry(&user, AuditKind::Close);
    let (mine, theirs) = (alice().tid, eve().tid);
    append(
        &*log,
        &mine,
        CHAIN,
        "k2:1:open",
        NOON.plus_ms(2),
        open(alice()),
    )
    .await;
    append(
        &*log,
        &theirs,
        CHAIN,
        "k1:1:open",
        NOON.plus_ms(1),
        open(eve()),
    )
    .await;
    append(
        &*log,
        &mine,
        CHAIN,
        "k3:1:open",
        NOON.plus_ms(3),
        open(alice()),
    )
    .await;
    append(
        &*log,
        &mine,
        CHAIN,
        "k1:1:close",
        NOON.plus_ms(3),
        close(alice()),
    )
    .await;
    append(
        &*log,
        &mine,
        CHAIN,
        "k3:1:close",
        NOON.plus_ms(4),
        close(alice()),
    )
    .await;
    append(
        &*log,
        &mine,
        CHAIN,
        "k3:2:open",
        NOON.plus_ms(5),
        open(alice()),
    )
    .await;
    // A close that came first closes the open that comes later.
    append(
        &*log,
        &mine,
        CHAIN,
        "k4:1:close",
        NOON.plus_ms(1),
        close(alice()),
    )
    .await;
    append(
        &*log,
        &mine,
        CHAIN,
        "k4:1:open",
        NOON.plus_ms(1),
        open(alice()),
    )
    .await;

    for (before_ms, limit, expected) in [
        (1, 10, vec![]),
        (2, 10, vec!["k1:1:open"]),
        (6, 10, vec!["k1:1:open", "k2:1:open", "k3:2:open"]),
        (6, 2, vec!["k1:1:open", "k2:1:open"]),
    ] {
        let found = log.open_without_close(NOON.plus_ms(before_ms), limit).await;
        let found = found.unwrap_or_else(|error| panic!("open_without_close: {error}"));
        assert_eq!(ids(&found), expected, "before {before_ms}, at most {limit}");
    }
}

/// In its own tenant and chain, in whichever order open and close come.
pub async fn a_chain_is_closed_once_every_open_is(rig: &AuditRig) {
    let log = rig.open().await;
    let tenant = alice().tid;
    let write = |chain: &'static str, id: &'static str, kind| {
        let (log, tenant) = (&log, &tenant);
        async move { append(&**log, tenant, chain, id, NOON, entry(&alice(), kind)).await }
    };
    let is_closed = |tenant: String| {
        let log = &log;
        async move {
            let found = log.is_closed(&tenant, CHAIN).await;
            found.unwrap_or_else(|error| panic!("is_closed: {error}"))
        }
    };
    assert!(is_closed(tenant.clone()).await, "there is no such chain");
    write("admin-other-2026-11-24", "k:1:open", AuditKind::Open).await;
    write(CHAIN, "k:1:denied", AuditKind::Denied).await;
    write(CHAIN, "k:2:close", AuditKind::Close).await;
    assert!(is_closed(tenant.clone()).await, "nothing was opened here");
    for id in ["k:1:open", "k:2:open", "k:3:open"] {
        write(CHAIN, id, AuditKind::Open).await;
    }
    assert!(!is_closed(tenant.clone()).await);
    assert!(is_closed(eve().tid).await, "another tenant's");
    write(CHAIN, "k:3:close", AuditKind::Close).await;
    assert!(!is_closed(tenant.clone()).await, "the first is open");
    write(CHAIN, "k:1:close", AuditKind::Close).await;
    assert!(is_closed(tenant).await);
}
