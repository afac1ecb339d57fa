//! Seals the audit: one writer in the background gathers what was appended and signs
//! how far every chain goes.
//!
//! Nobody waits for it. An append wakes it, it lets [`GATHER`] pass so that a turn's
//! records and those of its neighbours share a digest, and seals; so a turn that has
//! ended is sealed that much later. What is left when the process ends in order is
//! sealed by [`Sealer::finish`], what is left after a crash by the next start.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::audit::digest::{ChainHead, Digest};
use azimuth_domain::audit::{AuditEntry, AuditRecord};
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::clock::Clock;
use azimuth_ports::digests::{DigestLog, DigestSigner, SignError};
use azimuth_ports::store::Page;
use tokio::sync::Notify;

/// How long appends are gathered into one digest.
const GATHER: Duration = Duration::from_millis(250);

/// Most chains of one digest, which so stays below 100 KiB.
const CHAINS: usize = 500;

/// How often a number may be taken by another process before this one waits.
const TRIES: u32 = 20;

/// Waits after a failure: doubled each time, up to the second one.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// How long an orderly end waits for its last digest.
const LAST: Duration = Duration::from_secs(5);

/// Why a digest could not be made. Trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The audit, or the digests.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Other processes took every number.
    #[error("other processes seal all the time")]
    Contended,
}

/// Makes digests of what no digest covers.
pub struct Sealer {
    digests: Arc<dyn DigestLog>,
    signer: Arc<dyn DigestSigner>,
    clock: Arc<dyn Clock>,
    appended: Notify,
}

impl Sealer {
    /// A sealer that works once [`Sealer::run`] does.
    pub fn new(
        digests: Arc<dyn DigestLog>,
        signer: Arc<dyn DigestSigner>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            digests,
            signer,
            clock,
            appended: Notify::new(),
        })
    }

    /// Seals what an earlier process left, and then whatever is appended; never ends.
    pub async fn run(&self) {
        let mut wait = BACKOFF.0;
        loop {
            match self.seal().await {
                Ok(_) => {
                    wait = BACKOFF.0;
                    self.appended.notified().await;
                    tokio::time::sleep(GATHER).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the audit cannot be sealed now; it is tried again");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(BACKOFF.1);
                }
            }
        }
    }

    /// Seals what is left, at an orderly end.
    pub async fn finish(&self) {
        match tokio::time::timeout(LAST, self.seal()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "the last records are not sealed; the next start seals them");
            }
            Err(_) => {
                tracing::error!("sealing takes too long; the next start seals the last records");
            }
        }
    }

    /// Seals everything that is not, and says with how many digests.
    pub async fn seal(&self) -> Result<usize, SealError> {
        let mut made = 0;
        loop {
            let waiting = self.digests.unsealed(None, CHAINS).await?;
            let tenants: BTreeSet<&str> = waiting.iter().map(|c| c.tenant.as_str()).collect();
            if tenants.is_empty() {
                return Ok(made);
            }
            for tenant in tenants {
                made += usize::from(self.seal_tenant(tenant).await?);
            }
        }
    }

    /// One digest of one tenant; false when others left nothing to seal.
    async fn seal_tenant(&self, tenant: &str) -> Result<bool, SealError> {
        for _ in 0..TRIES {
            // In this order: what somebody else seals in between takes the number.
            let newest = self.digests.newest_digest(tenant).await?;
            let waiting = self.digests.unsealed(Some(tenant), CHAINS).await?;
            let heads: Vec<ChainHead> = waiting.into_iter().map(|chain| chain.head).collect();
            if heads.is_empty() {
                return Ok(false);
            }
            let previous = newest.as_ref().map(|d| (d.number, d.hash.as_str()));
            let now = self.clock.now();
            let mut digest = Digest::next(previous, tenant, now, heads, self.signer.key());
            digest.signature = self.signer.sign(&digest.signed_text()).await?;
            if self.digests.append_digest(&digest).await? {
                return Ok(true);
            }
        }
        Err(SealError::Contended)
    }
}

/// An audit whose records are sealed soon after they were written.
pub struct SealedAudit {
    inner: Arc<dyn AuditLog>,
    sealer: Arc<Sealer>,
}

impl SealedAudit {
    /// Passes everything on to `inner`, and wakes `sealer`.
    pub fn over(inner: Arc<dyn AuditLog>, sealer: Arc<Sealer>) -> Self {
        Self { inner, sealer }
    }
}

#[async_trait]
impl AuditLog for SealedAudit {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let appended = self.inner.append(tenant, chain, id, at, entry).await;
        // After an error the record may be there all the same.
        if !matches!(appended, Ok(Appended::Exists(_))) {
            self.sealer.appended.notify_one();
        }
        appended
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        self.inner.record(tenant, chain, id).await
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        self.inner.query(tenant, query).await
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        self.inner.open_without_close(before, limit).await
    }
}
