//! What people have used, and what they have destroyed in the last hour.

use async_trait::async_trait;
use azimuth_domain::budget::Budget;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::usage::{Day, USAGE_KEPT_DAYS, UsageDay};

use crate::store::{Etag, StoreError, Versioned};

/// The first day that is kept.
pub fn first_kept(now: Timestamp) -> Day {
    Day::of(now).plus(1 - USAGE_KEPT_DAYS)
}

/// Counters. Reads see every acknowledged write, in any process; every write is durable
/// when it returns `Ok`. Days before [`first_kept`] are as if they had never been.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// What a person has used on a day.
    async fn usage(
        &self,
        user: &UserKey,
        day: Day,
    ) -> Result<Option<Versioned<UsageDay>>, StoreError>;

    /// Writes a day of a person: `None` creates it, an etag replaces that version.
    /// `Ok(None)`: the condition does not hold, nothing was written; read again.
    async fn put_usage(
        &self,
        usage: &UsageDay,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError>;

    /// The days of a person from `first` to `last`, both included, the oldest first;
    /// those on which nothing was used are left out.
    async fn usage_between(
        &self,
        user: &UserKey,
        first: Day,
        last: Day,
    ) -> Result<Vec<UsageDay>, StoreError>;

    /// What people of a tenant have used on a day, by object id; at most `limit` of
    /// those behind the object id `after`.
    async fn tenant_usage(
        &self,
        tenant: &str,
        day: Day,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UsageDay>, StoreError>;

    /// The destructive calls of a tenant's last hour. `None` may mean that there was
    /// none in that time.
    async fn budget(&self, tenant: &str) -> Result<Option<Versioned<Budget>>, StoreError>;

    /// Writes them, under the same conditions as [`Self::put_usage`].
    async fn put_budget(
        &self,
        budget: &Budget,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError>;
}
