//! Which policies hold in a tenant now.
//!
//! A tenant without policies of its own has the built-in ones. A change is seen by every
//! process within [`FRESH_MS`], and by the one that made it at once. When the store does
//! not answer, what was read last holds for [`STALE_MS`]; after that, and where nothing
//! was read yet, nothing is decided: the built-in policies might permit what the
//! tenant's own do not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::store::{Etag, StoreError, Versioned};

use super::{PolicySet, TextFault};

/// How long what was read is not read again.
pub const FRESH_MS: i64 = 30_000;
/// How long what was read holds while the store does not answer.
pub const STALE_MS: i64 = 10 * 60_000;
/// How long the store is not asked again after it did not answer.
const RETRY_MS: i64 = 2_000;

/// Nothing can be decided now; try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policies of the tenant cannot be read: {0}")]
pub struct PoliciesUnavailable(String);

/// The policies of every tenant, as this process knows them.
pub struct Policies {
    built_in: Arc<PolicySet>,
    store: Arc<dyn ConfigStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<String, Known>>,
}

/// What is known of one tenant.
#[derive(Clone)]
struct Known {
    /// Of the stored version; `None` where there is none.
    etag: Option<Etag>,
    set: Arc<PolicySet>,
    read_at: Timestamp,
    /// When the store did not answer, if that was after `read_at`.
    failed_at: Option<Timestamp>,
}

impl Policies {
    /// Policies of tenants whose own are in `store`.
    pub fn new(
        built_in: Arc<PolicySet>,
        store: Arc<dyn ConfigStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            built_in,
            store,
            clock,
            known: Mutex::default(),
        }
    }

    /// The policies that hold in `tenant`.
    pub async fn of(&self, tenant: &str) -> Result<Arc<PolicySet>, PoliciesUnavailable> {
        let now = self.clock.now();
        let known = self.known().get(tenant).cloned();
        if let Some(known) = &known
            && known.holds_at(now)
        {
            return Ok(Arc::clone(&known.set));
        }
        match self.read(tenant, known.as_ref()).await {
            Ok((etag, set)) => {
                let known = Known {
                    etag,
                    set: Arc::clone(&set),
                    read_at: now,
                    failed_at: None,
                };
                self.known().insert(tenant.to_owned(), known);
                Ok(set)
            }
            Err(error) => {
                let Some(known) = known.filter(|known| is_within(now, known.read_at, STALE_MS))
                else {
                    tracing::error!(tenant, %error, "the policies cannot be read; nothing is decided");
                    return Err(error);
                };
                tracing::warn!(tenant, %error, "the policies cannot be read; those read last hold");
                let set = Arc::clone(&known.set);
                if let Some(kept) = self.known().get_mut(tenant) {
                    kept.failed_at = Some(now);
                }
                Ok(set)
            }
        }
    }

    /// What every decision in `tenant` can be traced to now; `None` when nobody knows.
    pub async fn version(&self, tenant: &str) -> Option<String> {
        let set = self.of(tenant).await.ok()?;
        Some(set.version().to_owned())
    }

    /// The version that was used last in `tenant`; `None` when none was.
    pub fn known_version(&self, tenant: &str) -> Option<String> {
        let known = self.known();
        Some(known.get(tenant)?.set.version().to_owned())
    }

    /// The built-in policies.
    pub fn built_in(&self) -> &Arc<PolicySet> {
        &self.built_in
    }

    /// The stored version as it is now, past what this process keeps.
    pub async fn stored(
        &self,
        tenant: &str,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        self.store.config(tenant, ConfigKind::Policies).await
    }

    /// Where they are stored.
    pub fn store(&self) -> &dyn ConfigStore {
        self.store.as_ref()
    }

    /// The next question reads the store: the policies were changed.
    pub fn forget(&self, tenant: &str) {
        self.known().remove(tenant);
    }

    async fn read(
        &self,
        tenant: &str,
        known: Option<&Known>,
    ) -> Result<(Option<Etag>, Arc<PolicySet>), PoliciesUnavailable> {
        let stored = self
            .stored(tenant)
            .await
            .map_err(|error| PoliciesUnavailable(error.to_string()))?;
        let Some(Versioned { item, etag }) = stored else {
            return Ok((None, Arc::clone(&self.built_in)));
        };
        if let Some(known) = known.filter(|known| known.etag.as_ref() == Some(&etag)) {
            return Ok((Some(etag), Arc::clone(&known.set)));
        }
        let set = PolicySet::of_tenant(&item.text).map_err(|faults| unusable(&item, &faults))?;
        Ok((Some(etag), Arc::new(set)))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether the store need not be asked.
    fn holds_at(&self, now: Timestamp) -> bool {
        let just_failed = self
            .failed_at
            .is_some_and(|failed| is_within(now, failed, RETRY_MS));
        is_within(now, self.read_at, FRESH_MS)
            || (just_failed && is_within(now, self.read_at, STALE_MS))
    }
}

/// Less than `ms` have passed. A clock that was set back tells nothing.
fn is_within(now: Timestamp, since: Timestamp, ms: i64) -> bool {
    (0..ms).contains(&now.since(since))
}

/// A newer build stored what this one does not understand.
fn unusable(version: &ConfigVersion, faults: &[TextFault]) -> PoliciesUnavailable {
    let first = faults.first().map(ToString::to_string).unwrap_or_default();
    PoliciesUnavailable(format!(
        "version {} cannot be used by this build: {first}",
        version.head.number
    ))
}

#[cfg(test)]
mod tests;
