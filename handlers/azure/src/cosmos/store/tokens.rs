//! Sealed tokens.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{SealedToken, TokenStore};
use azure_data_cosmos::feed::FeedScope;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::secrets::is_secret;
use super::sessions::is_session;
use super::{CosmosStore, keys};

/// How often an entry is read anew because somebody else writes it.
const TRIES: usize = 20;
/// Cosmos may drop an entry so much after its end, seconds: clocks differ.
const GRACE_S: i64 = 60;

/// An entry as it lies in the container.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    tenant_id: String,
    user_id: String,
    /// Ciphertext, base64.
    sealed: String,
    expires_at: Timestamp,
    version: u64,
    lease: Option<Lease>,
    /// Seconds from this write on.
    ttl: i64,
    #[serde(rename = "_etag", skip_serializing)]
    #[serde(default)]
    etag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    holder: String,
    until: Timestamp,
}

#[async_trait]
impl TokenStore for CosmosStore {
    async fn token(&self, user: &UserKey, slot: &str) -> Result<Option<SealedToken>, StoreError> {
        let Some(entry) = self.entry(user, slot).await? else {
            return Ok(None);
        };
        if entry.expires_at <= self.clock.now() {
            return Ok(None);
        }
        let damaged = |_| StoreError::Unreadable("a sealed token is damaged".to_owned());
        Ok(Some(SealedToken {
            sealed: STANDARD.decode(&entry.sealed).map_err(damaged)?,
            expires_at: entry.expires_at,
            version: entry.version,
            lease: entry.lease.map(|lease| (lease.holder, lease.until)),
        }))
    }

    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        for _ in 0..TRIES {
            let known = self.entry(user, slot).await?;
            let mut entry = Entry::empty(user, slot);
            entry.sealed = STANDARD.encode(sealed);
            entry.expires_at = expires_at;
            if self.write(user, known, entry, now).await? {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let known = self.entry(user, slot).await?;
            let lease = known.as_ref().and_then(|entry| entry.lease.as_ref());
            if lease.is_some_and(|lease| lease.until > now && lease.holder != holder) {
                return Ok(false);
            }
            let living = known.clone().filter(|entry| entry.expires_at > now);
            let mut entry = living.unwrap_or_else(|| {
                // A made entry is empty and ends with its lease.
                let mut made = Entry::empty(user, slot);
                made.expires_at = until;
                made
            });
            entry.lease = Some(Lease {
                holder: holder.to_owned(),
                until,
            });
            if self.write(user, known, entry, now).await? {
                return Ok(true);
            }
        }
        Err(too_busy())
    }

    async fn forget_tokens(&self, user: &UserKey) -> Result<(), StoreError> {
        let ask = Ask::new("c.id", "IS_DEFINED(c.id)");
        let scope = FeedScope::partition(keys::person(user));
        let ids: Vec<String> = self.tokens.all(scope, ask).await?;
        let is_token = |id: &String| !is_session(id) && !is_secret(id);
        for id in ids.into_iter().filter(is_token) {
            self.tokens.delete(keys::person(user), &id).await?;
        }
        Ok(())
    }
}

impl CosmosStore {
    async fn entry(&self, user: &UserKey, slot: &str) -> Result<Option<Entry>, StoreError> {
        let read = self.tokens.read(keys::person(user), &id_of(slot)).await?;
        Ok(read)
    }

    /// Writes `entry` as the version after `known`. False: `known` has changed.
    async fn write(
        &self,
        user: &UserKey,
        known: Option<Entry>,
        mut entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        entry.version = known.as_ref().map_or(1, |known| known.version + 1);
        entry.ttl = entry.seconds_left(now);
        let (partition, id) = (keys::person(user), entry.id.clone());
        let written = match known {
            None => self.tokens.create(partition, &id, &entry).await,
            Some(known) => {
                self.tokens
                    .replace(partition, &id, &entry, &known.etag)
                    .await
            }
        };
        match written {
            Ok(_) => Ok(true),
            Err(Fault::Exists | Fault::Changed | Fault::Missing) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}

impl Entry {
    fn empty(user: &UserKey, slot: &str) -> Self {
        Self {
            id: id_of(slot),
            tenant_id: user.tid.clone(),
            user_id: user.oid.clone(),
            sealed: String::new(),
            expires_at: Timestamp::default(),
            version: 0,
            lease: None,
            ttl: GRACE_S,
            etag: String::new(),
        }
    }

    /// An entry that has ended is kept while somebody holds its lease: the lease is
    /// exclusive whatever it guards.
    fn seconds_left(&self, now: Timestamp) -> i64 {
        let lease_end = self.lease.as_ref().map_or(self.expires_at, |l| l.until);
        let left_ms = self.expires_at.max(lease_end).since(now).max(0);
        left_ms / 1000 + GRACE_S
    }
}

/// A slot may be an address, whose slashes no id may hold.
fn id_of(slot: &str) -> String {
    URL_SAFE_NO_PAD.encode(slot)
}

fn too_busy() -> StoreError {
    StoreError::Unavailable("the entry is written by others all the time".to_owned())
}

#[cfg(test)]
mod tests {
    use azimuth_ports::conformance::samples::{NOON, alice};

    use super::*;

    #[test]
    fn cosmos_keeps_an_entry_until_entry_and_lease_have_ended() {
        let mut entry = Entry::empty(&alice(), "grant");
        entry.expires_at = NOON.plus_ms(5_000);
        assert_eq!(entry.seconds_left(NOON), 5 + GRACE_S);
        entry.lease = Some(Lease {
            holder: "a".to_owned(),
            until: NOON.plus_ms(20_000),
        });
        assert_eq!(entry.seconds_left(NOON), 20 + GRACE_S);
        assert_eq!(entry.seconds_left(NOON.plus_ms(60_000)), GRACE_S);
    }

    #[test]
    fn no_slot_breaks_an_address() {
        let id = id_of("https://management.azure.com/?#\\");
        assert!(!id.contains(['/', '\\', '?', '#']), "{id}");
    }
}
