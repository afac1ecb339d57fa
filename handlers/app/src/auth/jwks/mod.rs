//! The issuer's signing keys, one set per tenant, kept in memory.
//!
//! A set is fetched when it is first needed, when it is older than
//! [`JwksSettings::refresh_after_ms`] and when a token names an unknown key; the
//! last at a bounded rate, so that forged key ids cannot make us flood the
//! issuer. One fetch per tenant at a time; a set that cannot be renewed serves on
//! until [`JwksSettings::max_stale_ms`].

mod discovery;
mod fetch;
mod keys;
mod roca;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

pub use fetch::{Fetcher, FetcherSettings, SettingsError};
pub use keys::{KeySet, KeySetError};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use jsonwebtoken::DecodingKey;

use super::algorithm::TokenAlgorithm;
use super::refusal::{TokenCode, TokenRefused};

/// Where an issuer's keys are.
#[derive(Debug, Clone)]
pub enum KeysAt {
    /// There, with `{tid}` where the tenant goes.
    Url(String),
    /// Where the issuer's discovery document says (`OpenID` Connect Discovery 1.0).
    Discovery,
}

/// When sets are fetched.
#[derive(Debug, Clone)]
pub struct JwksSettings {
    /// Where a tenant's set is.
    pub keys_at: KeysAt,
    /// How the issuer signs.
    pub algorithm: TokenAlgorithm,
    /// The issuer, with `{tid}`: a key that names its issuer must name this one.
    pub issuer: String,
    /// Age at which a set is renewed, ms.
    pub refresh_after_ms: i64,
    /// Least time between two fetches of one tenant's set for the sake of an
    /// unknown key, ms.
    pub min_interval_ms: i64,
    /// Least time between two fetches when the last one failed, ms.
    pub retry_interval_ms: i64,
    /// Age at which a set that cannot be renewed is no longer used, ms.
    pub max_stale_ms: i64,
}

impl JwksSettings {
    /// The product's intervals: renewed daily, unknown keys every 5 min, a
    /// failed fetch retried after 5 s, nothing served after 2 days.
    pub fn new(url: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self::of(
            KeysAt::Url(url.into()),
            issuer.into(),
            TokenAlgorithm::Rs256,
        )
    }

    /// The same for an issuer that signs otherwise, or tells itself where its keys are.
    pub fn of(keys_at: KeysAt, issuer: impl Into<String>, algorithm: TokenAlgorithm) -> Self {
        Self {
            keys_at,
            algorithm,
            issuer: issuer.into(),
            refresh_after_ms: 24 * 60 * 60 * 1000,
            min_interval_ms: 5 * 60 * 1000,
            retry_interval_ms: 5 * 1000,
            max_stale_ms: 48 * 60 * 60 * 1000,
        }
    }
}

/// Signing keys by tenant and key id.
pub struct JwksCache {
    settings: JwksSettings,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    tenants: Mutex<HashMap<String, Arc<Tenant>>>,
}

#[derive(Default)]
struct Tenant {
    current: RwLock<Option<Arc<Snapshot>>>,
    /// Held while fetching; the value is the last attempt and whether it failed.
    attempt: tokio::sync::Mutex<Option<Attempt>>,
}

struct Snapshot {
    keys: KeySet,
    fetched_at: Timestamp,
}

#[derive(Clone)]
struct Attempt {
    at: Timestamp,
    failure: Option<String>,
}

impl JwksCache {
    /// An empty cache.
    pub fn new(settings: JwksSettings, fetcher: Fetcher, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            fetcher,
            clock,
            tenants: Mutex::default(),
        }
    }

    /// The key `kid` of `tenant`, which must be one that is served here (the
    /// cache grows by one entry per tenant).
    ///
    /// Errors: [`TokenCode::KeyUnknown`] when the issuer does not publish it,
    /// [`TokenCode::IssuerUnavailable`] when that cannot be found out.
    pub async fn key(&self, tenant: &str, kid: &str) -> Result<Arc<DecodingKey>, TokenRefused> {
        let entry = self.entry(tenant);
        let held = self.usable(&entry);
        let Some((snapshot, key)) = held.and_then(|s| s.keys.get(kid).map(|key| (s, key))) else {
            return self.fetch_for(&entry, tenant, kid).await;
        };
        if self.age(snapshot.fetched_at) >= self.settings.refresh_after_ms {
            self.renew_if_idle(&entry, tenant).await;
        }
        self.usable(&entry)
            .map_or(Ok(key), |now| lookup(&now, tenant, kid))
    }

    /// Renews an old set unless somebody else is at it; whoever comes meanwhile
    /// is served from the old one.
    async fn renew_if_idle(&self, entry: &Tenant, tenant: &str) {
        if let Ok(mut attempt) = entry.attempt.try_lock()
            && self.may_attempt(attempt.as_ref(), self.settings.retry_interval_ms)
        {
            self.attempt(entry, tenant, &mut attempt).await;
        }
    }

    async fn fetch_for(
        &self,
        entry: &Tenant,
        tenant: &str,
        kid: &str,
    ) -> Result<Arc<DecodingKey>, TokenRefused> {
        let mut attempt = entry.attempt.lock().await;
        // Whoever held the lock before may have brought the key.
        if let Some(key) = self.usable(entry).and_then(|s| s.keys.get(kid)) {
            return Ok(key);
        }
        let interval = match attempt.as_ref() {
            Some(Attempt { failure: None, .. }) => self.settings.min_interval_ms,
            _ => self.settings.retry_interval_ms,
        };
        if self.may_attempt(attempt.as_ref(), interval) {
            self.attempt(entry, tenant, &mut attempt).await;
        }
        if let Some(failure) = attempt.as_ref().and_then(|a| a.failure.clone()) {
            return Err(TokenRefused::new(
                TokenCode::IssuerUnavailable,
                format!("keys of tenant {tenant}: {failure}"),
            ));
        }
        match self.usable(entry) {
            Some(snapshot) => lookup(&snapshot, tenant, kid),
            None => Err(TokenRefused::new(
                TokenCode::IssuerUnavailable,
                format!("keys of tenant {tenant}: none"),
            )),
        }
    }

    async fn attempt(&self, entry: &Tenant, tenant: &str, attempt: &mut Option<Attempt>) {
        // Written first, so that a caller that goes away mid-fetch counts too.
        let at = self.clock.now();
        *attempt = Some(Attempt {
            at,
            failure: Some("the fetch was cut short".to_owned()),
        });
        let fetched = self.fetch(tenant).await;
        let failure = match fetched {
            Ok(keys) => {
                let snapshot = Arc::new(Snapshot {
                    keys,
                    fetched_at: at,
                });
                *entry
                    .current
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
                None
            }
            Err(failure) => {
                tracing::warn!(
                    tenant,
                    failure,
                    "the issuer's signing keys cannot be fetched"
                );
                Some(failure)
            }
        };
        *attempt = Some(Attempt { at, failure });
    }

    async fn fetch(&self, tenant: &str) -> Result<KeySet, String> {
        let url = match &self.settings.keys_at {
            KeysAt::Url(url) => url.replace("{tid}", tenant),
            KeysAt::Discovery => discovery::keys_url(&self.fetcher, &self.settings.issuer).await?,
        };
        let body = self.fetcher.get(&url).await.map_err(|e| e.to_string())?;
        let issuer = self.settings.issuer.replace("{tid}", tenant);
        KeySet::read(&body, tenant, &issuer, self.settings.algorithm).map_err(|e| e.to_string())
    }

    fn may_attempt(&self, last: Option<&Attempt>, interval_ms: i64) -> bool {
        // A clock that was set back must not stop renewals.
        last.is_none_or(|last| {
            let since = self.clock.now().since(last.at);
            since < 0 || since >= interval_ms
        })
    }

    fn age(&self, moment: Timestamp) -> i64 {
        let age = self.clock.now().since(moment);
        if age < 0 { i64::MAX } else { age }
    }

    fn usable(&self, entry: &Tenant) -> Option<Arc<Snapshot>> {
        let current = entry.current.read().unwrap_or_else(PoisonError::into_inner);
        let snapshot = current.clone()?;
        let age = self.clock.now().since(snapshot.fetched_at);
        (age < self.settings.max_stale_ms).then_some(snapshot)
    }

    fn entry(&self, tenant: &str) -> Arc<Tenant> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.entry(tenant.to_owned()).or_default())
    }
}

fn lookup(snapshot: &Snapshot, tenant: &str, kid: &str) -> Result<Arc<DecodingKey>, TokenRefused> {
    snapshot.keys.get(kid).ok_or_else(|| {
        TokenRefused::new(
            TokenCode::KeyUnknown,
            format!("kid {kid} of tenant {tenant}"),
        )
    })
}
