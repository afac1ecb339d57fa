//! Rules of [`UsageStore`].

use std::time::Duration;

use azimuth_domain::budget::{Budget, Spent};
use azimuth_domain::principal::UserKey;
use azimuth_domain::usage::{Counts, Day, ModelUse, USAGE_KEPT_DAYS, UsageDay};
use futures::future::join_all;

use super::Rig;
use super::samples::{alice, bob, eve};
use crate::store::{Etag, StoreError, Versioned};
use crate::usage::{UsageStore, first_kept};

type UsageRig = dyn Rig<dyn UsageStore>;

fn done<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store fails: {error:?}"))
}

fn usage(user: &UserKey, day: Day, turns: u64) -> UsageDay {
    UsageDay {
        total: Counts {
            turns,
            tool_calls: u64::MAX,
            ..Counts::default()
        },
        models: [("모델 \"x\"".to_owned(), ModelUse::NONE)].into(),
        tools: [("azure/list".to_owned(), 3)].into(),
        counted: vec!["0123456789abcdef".to_owned()],
        ..UsageDay::new(user.clone(), day)
    }
}

async fn put(store: &dyn UsageStore, usage: &UsageDay) -> Etag {
    let written = done(store.put_usage(usage, None).await);
    written.unwrap_or_else(|| panic!("{} is not begun", usage.day))
}

async fn read(store: &dyn UsageStore, user: &UserKey, day: Day) -> Option<Versioned<UsageDay>> {
    done(store.usage(user, day).await)
}

/// `None` creates, and only creates; an etag replaces that version, once.
pub async fn a_day_is_begun_once_and_changes_under_the_version_that_was_read(rig: &UsageRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let today = Day::of(rig.now());
    assert_eq!(read(&*here, &alice(), today).await, None);
    let first = usage(&alice(), today, 1);
    let stray = Etag("\"abc\"".to_owned());
    assert_eq!(done(here.put_usage(&first, Some(&stray)).await), None);
    let one = put(&*here, &first).await;
    assert_eq!(done(there.put_usage(&first, None).await), None);
    let second = usage(&alice(), today, 2);
    let two = done(there.put_usage(&second, Some(&one)).await);
    assert!(two.is_some() && two.as_ref() != Some(&one));
    assert_eq!(done(here.put_usage(&first, Some(&one)).await), None);
    let found = read(&*here, &alice(), today).await;
    assert_eq!(found.map(|v| (v.item, Some(v.etag))), Some((second, two)));
    for (user, day) in [(bob(), today), (alice(), today.plus(1)), (eve(), today)] {
        assert_eq!(read(&*here, &user, day).await, None);
    }
}

/// Both ends belong to it; days without usage are left out.
pub async fn days_of_people_are_told_oldest_first(rig: &UsageRig) {
    let store = rig.open().await;
    let today = Day::of(rig.now());
    for back in [3, 0, 5, 1] {
        put(
            &*store,
            &usage(&alice(), today.plus(-back), back.unsigned_abs()),
        )
        .await;
    }
    put(&*store, &usage(&bob(), today.plus(-2), 9)).await;
    let there = rig.open().await;
    let turns = async |first: i64, last: i64| {
        let (first, last) = (today.plus(-first), today.plus(-last));
        let days = done(there.usage_between(&alice(), first, last).await);
        days.iter().map(|day| day.total.turns).collect::<Vec<_>>()
    };
    assert_eq!(turns(5, 0).await, [5, 3, 1, 0]);
    assert_eq!(turns(4, 1).await, [3, 1]);
    assert_eq!(turns(3, 3).await, [3]);
    assert_eq!(turns(2, 2).await, [0_u64; 0]);
    assert_eq!(turns(0, 5).await, [0_u64; 0]);
    let whole = done(there.usage_between(&alice(), today, today).await);
    assert_eq!(whole, [usage(&alice(), today, 0)]);
}

/// By object id, in pages; other days and other tenants are apart.
pub async fn a_day_of_a_tenant_is_told_without_loss(rig: &UsageRig) {
    let store = rig.open().await;
    let today = Day::of(rig.now());
    let tenant = alice().tid;
    let people: Vec<UserKey> = (0..7)
        .map(|n| UserKey::new(&tenant, &format!("0000000{n}-0000-4000-8000-000000000000")))
        .collect();
    for person in people.iter().rev() {
        put(&*store, &usage(person, today, 1)).await;
        put(&*store, &usage(person, today.plus(-1), 2)).await;
    }
    put(&*store, &usage(&eve(), today, 1)).await;
    let there = rig.open().await;
    for limit in [1, 3, 7, 100] {
        let mut found = Vec::new();
        loop {
            let after = found.last().map(|day: &UsageDay| day.user.oid.clone());
            let page = done(
                there
                    .tenant_usage(&tenant, today, after.as_deref(), limit)
                    .await,
            );
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit);
            found.extend(page);
        }
        let expected: Vec<UsageDay> = people.iter().map(|p| usage(p, today, 1)).collect();
        assert_eq!(found, expected, "{limit}");
    }
}

/// Whatever asks for them.
pub async fn days_that_are_long_past_are_gone(rig: &UsageRig) {
    let store = rig.open().await;
    let (kept, gone) = (first_kept(rig.now()), first_kept(rig.now()).plus(-1));
    assert_eq!(Day::of(rig.now()).since(kept), USAGE_KEPT_DAYS - 1);
    let etag = put(&*store, &usage(&alice(), kept, 1)).await;
    let found = read(&*store, &alice(), kept).await;
    assert_eq!(found.map(|v| v.etag), Some(etag));
    put(&*store, &usage(&alice(), gone, 1)).await;
    let there = rig.open().await;
    assert_eq!(read(&*there, &alice(), gone).await, None);
    let days = done(there.usage_between(&alice(), gone, kept).await);
    assert_eq!(days, [usage(&alice(), kept, 1)]);
    let people = done(there.tenant_usage(&alice().tid, gone, None, 10).await);
    assert_eq!(people, []);
}

/// Also when they come at the same moment, from two processes.
pub async fn of_sixteen_counters_one_wins(rig: &UsageRig) {
    let handles = [rig.open().await, rig.open().await];
    let today = Day::of(rig.now());
    let etag = put(&*handles[0], &usage(&alice(), today, 0)).await;
    for when in [Some(&etag), None] {
        let user = if when.is_some() { alice() } else { bob() };
        let writes = (0..16).map(|n: usize| {
            let (store, user) = (&handles[n % 2], user.clone());
            async move {
                let next = usage(&user, today, n as u64 + 1);
                done(store.put_usage(&next, when).await)
            }
        });
        let won: Vec<Etag> = join_all(writes).await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1);
        let found = read(&*handles[1], &user, today).await;
        assert_eq!(found.map(|v| v.etag), won.first().cloned());
    }
}

/// A tenant has one, beside its people and apart from other tenants; it may go away once
/// an hour has passed.
pub async fn a_budget_changes_under_the_version_that_was_read(rig: &UsageRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let tenant = alice().tid;
    assert_eq!(done(here.budget(&tenant).await), None);
    let budget = |calls: usize| Budget {
        spent: (0..calls)
            .map(|n| Spent {
                mark: format!("{n:016x}"),
                by: alice().owner(),
                at: rig.now(),
            })
            .collect(),
        ..Budget::new(&tenant)
    };
    let stray = Etag("\"abc\"".to_owned());
    let first = budget(1);
    assert_eq!(done(here.put_budget(&first, Some(&stray)).await), None);
    let one = done(here.put_budget(&first, None).await);
    assert!(one.is_some());
    assert_eq!(done(there.put_budget(&first, None).await), None);
    // The largest one that there may be.
    let second = budget(1_000);
    let two = done(there.put_budget(&second, one.as_ref()).await);
    assert!(two.is_some() && two != one);
    assert_eq!(done(here.put_budget(&first, one.as_ref()).await), None);
    let found = done(here.budget(&tenant).await);
    assert_eq!(found.map(|v| (v.item, Some(v.etag))), Some((second, two)));
    assert_eq!(done(here.budget(&eve().tid).await), None);
    let people = done(
        here.tenant_usage(&tenant, Day::of(rig.now()), None, 10)
            .await,
    );
    assert_eq!(people, []);
    rig.advance(Duration::from_mins(59)).await;
    assert!(done(there.budget(&tenant).await).is_some());
}
