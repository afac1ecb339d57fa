//! What people have used, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azimuth_domain::budget::Budget;
use azimuth_domain::principal::UserKey;
use azimuth_domain::usage::{Day, UsageDay};
use azimuth_ports::clock::Clock;
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azimuth_ports::usage::{UsageStore, first_kept};

/// Things with the number of their version.
type Numbered<K, T> = BTreeMap<K, (T, u64)>;

/// The counters.
pub struct MemoryUsage {
    days: Mutex<Numbered<(UserKey, Day), UsageDay>>,
    budgets: Mutex<Numbered<String, Budget>>,
    clock: Arc<dyn Clock>,
}

impl MemoryUsage {
    /// Nothing was used.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            days: Mutex::default(),
            budgets: Mutex::default(),
            clock,
        }
    }

    fn days(&self) -> MutexGuard<'_, Numbered<(UserKey, Day), UsageDay>> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn budgets(&self) -> MutexGuard<'_, Numbered<String, Budget>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_kept(&self, day: Day) -> bool {
        day >= first_kept(self.clock.now())
    }
}

fn read<K: Ord, T: Clone>(things: &Numbered<K, T>, key: &K) -> Option<Versioned<T>> {
    let (item, version) = things.get(key)?;
    Some(Versioned {
        item: item.clone(),
        etag: Etag(version.to_string()),
    })
}

fn put<K: Ord, T: Clone>(
    things: &mut Numbered<K, T>,
    key: K,
    item: &T,
    when: Option<&Etag>,
) -> Option<Etag> {
    let known = things.get(&key).map(|(_, version)| *version);
    let known_etag = known.map(|version| Etag(version.to_string()));
    if known_etag.as_ref() != when {
        return None;
    }
    let version = known.unwrap_or(0) + 1;
    things.insert(key, (item.clone(), version));
    Some(Etag(version.to_string()))
}

#[async_trait]
impl UsageStore for MemoryUsage {
    async fn usage(
        &self,
        user: &UserKey,
        day: Day,
    ) -> Result<Option<Versioned<UsageDay>>, StoreError> {
        let found = read(&self.days(), &(user.clone(), day));
        Ok(found.filter(|_| self.is_kept(day)))
    }

    async fn put_usage(
        &self,
        usage: &UsageDay,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let key = (usage.user.clone(), usage.day);
        Ok(put(&mut self.days(), key, usage, when))
    }

    async fn usage_between(
        &self,
        user: &UserKey,
        first: Day,
        last: Day,
    ) -> Result<Vec<UsageDay>, StoreError> {
        let days = self.days();
        let wanted = days.values().map(|(usage, _)| usage).filter(|usage| {
            usage.user == *user && (first..=last).contains(&usage.day) && self.is_kept(usage.day)
        });
        Ok(wanted.cloned().collect())
    }

    async fn tenant_usage(
        &self,
        tenant: &str,
        day: Day,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UsageDay>, StoreError> {
        let days = self.days();
        let wanted = days.values().map(|(usage, _)| usage).filter(|usage| {
            let is_behind = after.is_none_or(|after| usage.user.oid.as_str() > after);
            usage.user.tid == tenant && usage.day == day && is_behind && self.is_kept(day)
        });
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn budget(&self, tenant: &str) -> Result<Option<Versioned<Budget>>, StoreError> {
        Ok(read(&self.budgets(), &tenant.to_owned()))
    }

    async fn put_budget(
        &self,
        budget: &Budget,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let key = budget.tenant.clone();
        Ok(put(&mut self.budgets(), key, budget, when))
    }
}
