//! Sealed secrets. They lie beside the sealed tokens of their person, because both go
//! away by themselves.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::StoreError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{CosmosStore, keys};

/// What the ids of secrets begin with, and none of a token or a session does.
const FIRST: &str = "v_";

/// A secret as it lies in the container.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    id: String,
    tenant_id: String,
    user_id: String,
    /// Ciphertext, base64.
    sealed: String,
    expires_at: Timestamp,
    /// Seconds from this write on.
    ttl: i64,
}

/// Whether an item of the container is a secret.
pub(super) fn is_secret(id: &str) -> bool {
    id.starts_with(FIRST)
}

#[async_trait]
impl SecretStore for CosmosStore {
    async fn put_secret(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id_of(name);
        let document = Document {
            id: id.clone(),
            tenant_id: user.tid.clone(),
            user_id: user.oid.clone(),
            sealed: STANDARD.encode(sealed),
            expires_at,
            ttl: seconds_left(expires_at, self.clock.now()),
        };
        self.tokens.put(keys::person(user), &id, &document).await?;
        Ok(())
    }

    async fn secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.tokens.read(keys::person(user), &id_of(name)).await?;
        let Some(document): Option<Document> = read else {
            return Ok(None);
        };
        if document.expires_at <= self.clock.now() {
            return Ok(None);
        }
        let opened = STANDARD.decode(&document.sealed);
        opened
            .map(Some)
            .map_err(|_| StoreError::Unreadable("a sealed secret is damaged".to_owned()))
    }

    async fn take_secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.secret(user, name).await?;
        // Of several deletions one finds the item.
        let deleted = self.tokens.delete(keys::person(user), &id_of(name)).await?;
        Ok(found.filter(|_| deleted))
    }
}

fn id_of(name: &str) -> String {
    format!("{FIRST}{name}")
}

/// Cosmos takes a whole second at least.
fn seconds_left(expires_at: Timestamp, now: Timestamp) -> i64 {
    (expires_at.since(now).max(0) + 999) / 1000 + i64::from(expires_at <= now)
}
