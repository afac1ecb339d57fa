//! Signed digests of the audit: where they are kept, and who signs them.

use async_trait::async_trait;
use azimuth_domain::audit::digest::{ChainHead, Digest, DigestKey};
use azimuth_domain::time::Timestamp;

use crate::audit::AuditError;
use crate::store::Page;

/// A chain that goes further than the digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsealedChain {
    /// Its tenant.
    pub tenant: String,
    /// Where it ends now.
    pub head: ChainHead,
    /// Number of the newest record that a digest covers; 0 when none does.
    pub sealed_seq: u64,
    /// When the oldest record was written that no digest covers.
    pub since: Timestamp,
}

/// The digests of every tenant: numbers from 1 without gaps, never changed and
/// never removed.
///
/// What is appended to an [`AuditLog`](crate::audit::AuditLog) shows here as
/// unsealed until a digest covers it.
#[async_trait]
pub trait DigestLog: Send + Sync {
    /// Chains with records that no digest covers (of one tenant, or of all), those
    /// that wait longest first; at most `limit`.
    async fn unsealed(
        &self,
        tenant: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UnsealedChain>, AuditError>;

    /// The tenant's newest digest.
    async fn newest_digest(&self, tenant: &str) -> Result<Option<Digest>, AuditError>;

    /// Adds a digest under its number. False: somebody else has the number, and
    /// nothing was written. After an error the digest may be there or not.
    async fn append_digest(&self, digest: &Digest) -> Result<bool, AuditError>;

    /// A tenant's digests, newest first, `limit` of them (1–1000).
    async fn digests(
        &self,
        tenant: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Digest>, AuditError>;
}

/// Why there is no signature. Trying again is safe.
#[derive(Debug, thiserror::Error)]
#[error("the signing key does not answer: {0}")]
pub struct SignError(pub String);

/// Signs digests with a key that never leaves its place.
#[async_trait]
pub trait DigestSigner: Send + Sync {
    /// The key that its signatures hold under.
    fn key(&self) -> &DigestKey;

    /// The signature of `text` in the way of [`DigestKey::algorithm`], 128 hexadecimal
    /// digits. Of ES256 the lower spelling.
    async fn sign(&self, text: &[u8]) -> Result<String, SignError>;
}
