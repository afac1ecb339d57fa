//! What everybody in a tenant has used today: the sum over the counters of its people.
//!
//! A document for the tenant would be written by every turn of everybody, and each such
//! write costs as much as that of the person. So the sum is read, by one query over the
//! tenant's prefix, at most every [`FRESH_MS`] by a process, and only in tenants that
//! have such a limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use azimuth_domain::time::Timestamp;
use azimuth_domain::usage::{Counts, Day};
use azimuth_ports::clock::Clock;
use azimuth_ports::store::StoreError;
use azimuth_ports::usage::UsageStore;

use crate::tenant_documents::is_within;

/// How long a sum is not made again.
const FRESH_MS: i64 = 60_000;
/// People whose counters are read at once.
const PAGE: usize = 1_000;

pub(super) struct TenantTotals {
    store: Arc<dyn UsageStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<String, (Counts, Timestamp)>>,
}

impl TenantTotals {
    pub(super) fn new(store: Arc<dyn UsageStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            known: Mutex::default(),
        }
    }

    /// What everybody has used today.
    pub(super) async fn today(&self, tenant: &str) -> Result<Counts, StoreError> {
        let now = self.clock.now();
        let day = Day::of(now);
        let known = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(tenant).copied()
        };
        if let Some((sum, at)) = known
            && Day::of(at) == day
            && is_within(now, at, FRESH_MS)
        {
            return Ok(sum);
        }
        let mut sum = Counts::default();
        let mut after: Option<String> = None;
        loop {
            let people = self
                .store
                .tenant_usage(tenant, day, after.as_deref(), PAGE)
                .await?;
            sum = people.iter().fold(sum, |sum, one| sum.plus(one.total));
            after = match people.last() {
                Some(last) if people.len() == PAGE => Some(last.user.oid.clone()),
                _ => break,
            };
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(tenant.to_owned(), (sum, now));
        Ok(sum)
    }
}
