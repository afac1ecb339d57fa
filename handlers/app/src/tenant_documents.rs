//! Documents of tenants as this process knows them.
//!
//! A change is seen by every process once what it knows is no longer fresh, and by the
//! one that made it at once. When the store does not answer, what was read last holds for
//! [`STALE_MS`]; after that, and where nothing was read yet, nobody knows.

#[cfg(test)]
pub(crate) mod doubles;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use serde::de::DeserializeOwned;

/// How long what was read holds while the store does not answer.
pub const STALE_MS: i64 = 10 * 60_000;
/// How long the store is not asked again after it did not answer.
const RETRY_MS: i64 = 2_000;

/// Nobody knows the document now; try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} of the tenant cannot be read: {detail}")]
pub struct DocumentUnavailable {
    kind: &'static str,
    detail: String,
}

/// Makes of a stored version what is worked with, or says why this build cannot; without
/// one, of a tenant that has none.
type Read<T> = dyn Fn(Option<&ConfigVersion>) -> Result<Arc<T>, String> + Send + Sync;

/// One kind of document, of every tenant.
pub struct TenantDocuments<T> {
    kind: ConfigKind,
    /// How long what was read is not read again.
    fresh_ms: i64,
    store: Arc<dyn ConfigStore>,
    clock: Arc<dyn Clock>,
    read: Box<Read<T>>,
    known: Mutex<HashMap<String, Known<T>>>,
}

/// What is known of one tenant.
struct Known<T> {
    /// Of the stored version; `None` where there is none.
    etag: Option<Etag>,
    item: Arc<T>,
    read_at: Timestamp,
    /// When the store did not answer, if that was after `read_at`.
    failed_at: Option<Timestamp>,
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self {
            etag: self.etag.clone(),
            item: Arc::clone(&self.item),
            ..*self
        }
    }
}

impl<T> TenantDocuments<T> {
    /// Documents in `store`.
    pub fn new(
        kind: ConfigKind,
        fresh_ms: i64,
        store: Arc<dyn ConfigStore>,
        clock: Arc<dyn Clock>,
        read: Box<Read<T>>,
    ) -> Self {
        Self {
            kind,
            fresh_ms,
            store,
            clock,
            read,
            known: Mutex::default(),
        }
    }

    /// What holds in `tenant`.
    pub async fn of(&self, tenant: &str) -> Result<Arc<T>, DocumentUnavailable> {
        let now = self.clock.now();
        let known = self.known().get(tenant).cloned();
        if let Some(known) = &known
            && known.holds_at(now, self.fresh_ms)
        {
            return Ok(Arc::clone(&known.item));
        }
        match self.read(tenant, known.as_ref()).await {
            Ok((etag, item)) => {
                let known = Known {
                    etag,
                    item: Arc::clone(&item),
                    read_at: now,
                    failed_at: None,
                };
                self.known().insert(tenant.to_owned(), known);
                Ok(item)
            }
            Err(error) => {
                let Some(known) = known.filter(|known| is_within(now, known.read_at, STALE_MS))
                else {
                    tracing::error!(tenant, %error, "a document of a tenant cannot be read");
                    return Err(error);
                };
                tracing::warn!(tenant, %error, "a document of a tenant cannot be read; what was read last holds");
                if let Some(kept) = self.known().get_mut(tenant) {
                    kept.failed_at = Some(now);
                }
                Ok(known.item)
            }
        }
    }

    /// What was used last in `tenant`; `None` when nothing was.
    pub fn last(&self, tenant: &str) -> Option<Arc<T>> {
        let known = self.known();
        Some(Arc::clone(&known.get(tenant)?.item))
    }

    /// The stored version as it is now, past what this process keeps.
    pub async fn stored(
        &self,
        tenant: &str,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        self.store.config(tenant, self.kind).await
    }

    /// Where they are stored.
    pub fn store(&self) -> &dyn ConfigStore {
        self.store.as_ref()
    }

    /// The next question reads the store: the document was changed.
    pub fn forget(&self, tenant: &str) {
        self.known().remove(tenant);
    }

    async fn read(
        &self,
        tenant: &str,
        known: Option<&Known<T>>,
    ) -> Result<(Option<Etag>, Arc<T>), DocumentUnavailable> {
        let unavailable = |detail| DocumentUnavailable {
            kind: self.kind.as_str(),
            detail,
        };
        let stored = self.stored(tenant).await;
        let stored = stored.map_err(|error| unavailable(error.to_string()))?;
        let Some(Versioned { item, etag }) = stored else {
            return Ok((None, (self.read)(None).map_err(unavailable)?));
        };
        if let Some(known) = known.filter(|known| known.etag.as_ref() == Some(&etag)) {
            return Ok((Some(etag), Arc::clone(&known.item)));
        }
        // A newer build stored what this one does not understand.
        let read = (self.read)(Some(&item)).map_err(|why| {
            let number = item.head.number;
            unavailable(format!(
                "version {number} cannot be used by this build: {why}"
            ))
        })?;
        Ok((Some(etag), read))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known<T>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: DeserializeOwned + Default> TenantDocuments<T> {
    /// Documents that are JSON; what nobody stored is the default.
    pub fn of_json(
        kind: ConfigKind,
        fresh_ms: i64,
        store: Arc<dyn ConfigStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let read = |stored: Option<&ConfigVersion>| match stored {
            None => Ok(Arc::default()),
            Some(stored) => serde_json::from_str(&stored.text)
                .map(Arc::new)
                .map_err(|error| error.to_string()),
        };
        Self::new(kind, fresh_ms, store, clock, Box::new(read))
    }
}

impl<T> Known<T> {
    /// Whether the store need not be asked.
    fn holds_at(&self, now: Timestamp, fresh_ms: i64) -> bool {
        let just_failed = self
            .failed_at
            .is_some_and(|failed| is_within(now, failed, RETRY_MS));
        is_within(now, self.read_at, fresh_ms)
            || (just_failed && is_within(now, self.read_at, STALE_MS))
    }
}

/// Less than `ms` have passed. A clock that was set back tells nothing.
pub(crate) fn is_within(now: Timestamp, since: Timestamp, ms: i64) -> bool {
    (0..ms).contains(&now.since(since))
}
