//! Sealed tokens in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{SealedToken, TokenStore};

use crate::crash::storage::OpenTokens;

type Entries = BTreeMap<(UserKey, String), SealedToken>;

type Secrets = BTreeMap<(UserKey, String), (Vec<u8>, Timestamp)>;

/// The store of tokens and secrets.
pub struct MemoryTokens {
    entries: Mutex<Entries>,
    secrets: Mutex<Secrets>,
    clock: Arc<dyn Clock>,
}

impl MemoryTokens {
    /// An empty one.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            entries: Mutex::default(),
            secrets: Mutex::default(),
            clock,
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenTokens for MemoryTokens {
    fn forget_partly(&self, user: &UserKey) {
        let mut entries = self.entries();
        let first = entries.keys().find(|(of, _)| of == user).cloned();
        if let Some(first) = first {
            entries.remove(&first);
        }
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn token(&self, user: &UserKey, slot: &str) -> Result<Option<SealedToken>, StoreError> {
        let now = self.clock.now();
        let entries = self.entries();
        let found = entries.get(&(user.clone(), slot.to_owned()));
        Ok(found.filter(|entry| entry.expires_at > now).cloned())
    }

    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut entries = self.entries();
        let key = (user.clone(), slot.to_owned());
        let version = entries.get(&key).map_or(0, |entry| entry.version) + 1;
        let entry = SealedToken {
            sealed: sealed.to_vec(),
            expires_at,
            version,
            lease: None,
        };
        entries.insert(key, entry);
        Ok(())
    }

    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut entries = self.entries();
        let entry = entries
            .entry((user.clone(), slot.to_owned()))
            .or_insert(SealedToken {
                sealed: Vec::new(),
                expires_at: until,
                version: 0,
                lease: None,
            });
        let held = entry.lease.as_ref();
        if held.is_some_and(|(by, end)| by != holder && *end > now) {
            return Ok(false);
        }
        if entry.expires_at <= now {
            entry.sealed.clear();
            entry.expires_at = until;
        }
        entry.lease = Some((holder.to_owned(), until));
        entry.version += 1;
        Ok(true)
    }

    async fn forget_tokens(&self, user: &UserKey) -> Result<(), StoreError> {
        self.entries().retain(|(of, _), _| of != user);
        Ok(())
    }
}

#[async_trait]
impl SecretStore for MemoryTokens {
    async fn put_secret(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = (user.clone(), name.to_owned());
        self.secrets().insert(key, (sealed.to_vec(), expires_at));
        Ok(())
    }

    async fn secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let now = self.clock.now();
        let secrets = self.secrets();
        let found = secrets.get(&(user.clone(), name.to_owned()));
        Ok(found
            .filter(|(_, end)| *end > now)
            .map(|(sealed, _)| sealed.clone()))
    }

    async fn take_secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let now = self.clock.now();
        let taken = self.secrets().remove(&(user.clone(), name.to_owned()));
        Ok(taken
            .filter(|(_, end)| *end > now)
            .map(|(sealed, _)| sealed))
    }
}
