//! Signed digests of the audit: where they are kept, who signs them, and where nobody
//! changes them.

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

/// Why a digest is not archived. No text names an address or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Under this number another digest lies there. Somebody has two audits.
    #[error("the archive holds another digest {number} of tenant {tenant}")]
    Different {
        /// Whose.
        tenant: String,
        /// Which.
        number: u64,
    },
    /// Anything else. Trying again is safe.
    #[error("{0}")]
    Unavailable(String),
}

/// Where a digest is written once and cannot be changed, by whomever.
#[async_trait]
pub trait DigestArchive: Send + Sync {
    /// Whether the tenant's digest of this number is there.
    async fn has(&self, tenant: &str, number: u64) -> Result<bool, ArchiveError>;

    /// Adds a digest that is signed; one that is there already as it is counts as
    /// added.
    async fn add(&self, digest: &Digest) -> Result<(), ArchiveError>;
}
