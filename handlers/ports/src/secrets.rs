//! Secrets of people, sealed, for a short while: what was taken out of messages and
//! arguments, and results that are shown once.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;

use crate::store::StoreError;

/// Longest name of a secret, characters.
pub const MAX_NAME: usize = 250;

/// Sealed secrets, one per (user, name), each until its end. A name is of
/// `[a-z0-9_-]`, at most [`MAX_NAME`] characters. Shared by all processes; nothing in it
/// is readable without the data key. Forgetting a user's tokens leaves them.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Writes a secret, whatever stands there.
    async fn put_secret(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Reads a secret; `None` when there is none, or it has ended.
    async fn secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes a secret and gives it. Of several callers at once exactly one gets it. A
    /// failure may have removed it: then nobody gets it.
    async fn take_secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}
