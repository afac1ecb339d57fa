//! A store of documents and its clock, which a test turns.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{CONFIG_VERSION, ConfigHead, ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::store::{Etag, StoreError, Versioned};

/// Number and text of the newest version, by tenant and kind.
type Written = HashMap<(String, &'static str), (u64, String)>;

/// Documents and the time. Only the test writes.
#[derive(Default)]
pub struct Desk {
    written: Mutex<Written>,
    is_down: AtomicBool,
    asked: AtomicUsize,
    now: AtomicI64,
}

impl Desk {
    /// The next version of the tenant's document.
    pub fn write(&self, tenant: &str, kind: ConfigKind, text: &str) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, kept) = written
            .entry((tenant.to_owned(), kind.as_str()))
            .or_default();
        *number += 1;
        text.clone_into(kept);
    }

    /// Whether the store answers.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Lets time pass, or sets the clock back.
    pub fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// How often the store was asked for a document.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Clock for Desk {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl ConfigStore for Desk {
    async fn config(
        &self,
        tenant: &str,
        kind: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to".to_owned()));
        }
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let found = written.get(&(tenant.to_owned(), kind.as_str()));
        Ok(found.map(|(number, text)| Versioned {
            item: ConfigVersion {
                head: ConfigHead {
                    v: CONFIG_VERSION,
                    tenant: tenant.to_owned(),
                    kind,
                    number: *number,
                    at: Timestamp(0),
                    by: UserKey::new(tenant, "dave"),
                    by_name: None,
                    reason: String::new(),
                },
                text: text.clone(),
            },
            etag: Etag(number.to_string()),
        }))
    }

    async fn put_config(
        &self,
        _: &ConfigVersion,
        _: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        Ok(None)
    }

    async fn config_version(
        &self,
        _: &str,
        _: ConfigKind,
        _: u64,
    ) -> Result<Option<ConfigVersion>, StoreError> {
        Ok(None)
    }

    async fn config_history(
        &self,
        _: &str,
        _: ConfigKind,
        _: Option<u64>,
        _: usize,
    ) -> Result<Vec<ConfigHead>, StoreError> {
        Ok(Vec::new())
    }
}
