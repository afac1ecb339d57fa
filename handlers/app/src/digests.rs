//! Seals the audit: one writer in the background gathers what was appended and signs
//! how far every chain goes.
//!
//! Nobody waits for it. An append wakes it, it lets [`GATHER`] pass so that a turn's
//! records and those of its neighbours share a digest, and seals; so a turn that has
//! ended is sealed that much later. What is left when the process ends in order is
//! sealed by [`DigestWriter::finish`], what is left after a crash by the next start.

mod audit_signer;

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

pub use audit_signer::{AuditSigner, Signed, SigningError};

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
pub enum DigestError {
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
pub struct DigestWriter {
    digests: Arc<dyn DigestLog>,
    signer: Arc<dyn DigestSigner>,
    clock: Arc<dyn Clock>,
    appended: Notify,
}

impl DigestWriter {
    /// A writer that works once [`DigestWriter::run`] does.
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
    pub async fn seal(&self) -> Result<usize, DigestError> {
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
    async fn seal_tenant(&self, tenant: &str) -> Result<bool, DigestError> {
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
        Err(DigestError::Contended)
    }
}

/// An audit whose records are sealed soon after they were written.
pub struct AuditWithDigests {
    inner: Arc<dyn AuditLog>,
    digest_writer: Arc<DigestWriter>,
}

impl AuditWithDigests {
    /// Passes everything on to `inner`, and wakes `digest writer`.
    pub fn over(inner: Arc<dyn AuditLog>, digest_writer: Arc<DigestWriter>) -> Self {
        Self {
            inner,
            digest_writer,
        }
    }
}

#[async_trait]
impl AuditLog for AuditWithDigests {
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
            self.digest_writer.appended.notify_one();
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

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        self.inner.is_closed(tenant, chain).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azimuth_domain::audit::AuditKind;
    use azimuth_domain::audit::digest::DigestKey;
    use azimuth_domain::principal::UserKey;
    use azimuth_ports::digests::UnsealedChain;
    use tokio::time::advance;

    use super::*;

    const TENANT: &str = "t";

    /// One chain and its digests, in memory.
    struct Shelf {
        records: Mutex<Vec<AuditRecord>>,
        digests: Mutex<Vec<Digest>>,
        /// How often the key does not answer.
        failures: AtomicUsize,
        /// Whether another process takes the next number.
        is_raced: Mutex<bool>,
        key: DigestKey,
    }

    impl Shelf {
        fn new(failures: usize) -> Arc<Self> {
            Arc::new(Self {
                records: Mutex::default(),
                digests: Mutex::default(),
                failures: AtomicUsize::new(failures),
                is_raced: Mutex::default(),
                key: DigestKey::new([1; 32]),
            })
        }

        fn sealed(&self) -> Vec<u64> {
            let digests = self.digests.lock().unwrap();
            digests.iter().map(|digest| digest.chains[0].seq).collect()
        }
    }

    impl Clock for Shelf {
        fn now(&self) -> Timestamp {
            Timestamp(1_795_525_509_123)
        }
    }

    #[async_trait]
    impl AuditLog for Shelf {
        async fn append(
            &self,
            tenant: &str,
            chain: &str,
            id: &str,
            at: Timestamp,
            entry: AuditEntry,
        ) -> Result<Appended, AuditError> {
            let mut records = self.records.lock().unwrap();
            let last = records.last().map(|r| (r.seq, r.hash.as_str()));
            let record = AuditRecord::next(last, tenant, chain, id, at, entry);
            records.push(record.clone());
            Ok(Appended::Created(record))
        }
        async fn record(
            &self,
            _: &str,
            _: &str,
            _: &str,
        ) -> Result<Option<AuditRecord>, AuditError> {
            Ok(None)
        }
        async fn query(&self, _: &str, _: &AuditQuery) -> Result<Page<AuditRecord>, AuditError> {
            Err(AuditError::BadCursor)
        }
        async fn open_without_close(
            &self,
            _: Timestamp,
            _: usize,
        ) -> Result<Vec<AuditRecord>, AuditError> {
            Ok(Vec::new())
        }
        async fn is_closed(&self, _: &str, _: &str) -> Result<bool, AuditError> {
            Ok(true)
        }
    }

    #[async_trait]
    impl DigestLog for Shelf {
        async fn unsealed(
            &self,
            _: Option<&str>,
            _: usize,
        ) -> Result<Vec<UnsealedChain>, AuditError> {
            let sealed_seq = self.sealed().last().copied().unwrap_or_default();
            let records = self.records.lock().unwrap();
            let last = records.last().filter(|record| record.seq > sealed_seq);
            let chain = last.map(|record| UnsealedChain {
                tenant: TENANT.to_owned(),
                head: ChainHead {
                    chain: record.chain.clone(),
                    seq: record.seq,
                    hash: record.hash.clone(),
                },
                sealed_seq,
                since: record.at,
            });
            Ok(chain.into_iter().collect())
        }
        async fn newest_digest(&self, _: &str) -> Result<Option<Digest>, AuditError> {
            Ok(self.digests.lock().unwrap().last().cloned())
        }
        async fn append_digest(&self, digest: &Digest) -> Result<bool, AuditError> {
            let mut digests = self.digests.lock().unwrap();
            assert_eq!(digest.number, digests.len() as u64 + 1);
            digests.push(digest.clone());
            Ok(!std::mem::take(&mut *self.is_raced.lock().unwrap()))
        }
        async fn digests(
            &self,
            _: &str,
            _: usize,
            _: Option<&str>,
        ) -> Result<Page<Digest>, AuditError> {
            Err(AuditError::BadCursor)
        }
    }

    #[async_trait]
    impl DigestSigner for Shelf {
        fn key(&self) -> &DigestKey {
            &self.key
        }
        async fn sign(&self, _: &[u8]) -> Result<String, SignError> {
            let left = self.failures.load(Ordering::SeqCst);
            self.failures
                .store(left.saturating_sub(1), Ordering::SeqCst);
            if left > 0 {
                return Err(SignError("told to fail".to_owned()));
            }
            Ok("00".to_owned())
        }
    }

    struct Desk {
        shelf: Arc<Shelf>,
        digest_writer: Arc<DigestWriter>,
        audit: AuditWithDigests,
    }

    impl Desk {
        fn new(failures: usize) -> Self {
            let shelf = Shelf::new(failures);
            let digest_writer = DigestWriter::new(shelf.clone(), shelf.clone(), shelf.clone());
            Self {
                audit: AuditWithDigests::over(shelf.clone(), digest_writer.clone()),
                shelf,
                digest_writer,
            }
        }

        async fn append(&self) {
            let user = UserKey::new(TENANT, "o");
            let entry = AuditEntry::of_user(AuditKind::Denied, "w".to_owned(), &user);
            let appended = self
                .audit
                .append(TENANT, "c", "id", self.shelf.now(), entry);
            assert!(appended.await.is_ok());
        }
    }

    /// Runs the digest writer for so long.
    async fn pass(desk: &Desk, time: Duration) {
        let digest_writer = desk.digest_writer.clone();
        let running = tokio::time::timeout(time, async move { digest_writer.run().await });
        assert!(running.await.is_err(), "it never ends");
    }

    #[tokio::test(start_paused = true)]
    async fn appends_of_a_moment_share_a_digest_that_comes_soon() {
        let desk = Desk::new(0);
        let appending = async {
            // The digest writer has looked at what was left, and waits.
            advance(Duration::from_millis(1)).await;
            for _ in 0..5 {
                desk.append().await;
            }
            assert_eq!(desk.shelf.sealed(), [0; 0], "nobody waits for a digest");
            tokio::time::sleep(GATHER + Duration::from_millis(1)).await;
            assert_eq!(desk.shelf.sealed(), [5]);
            desk.append().await;
            tokio::time::sleep(GATHER + Duration::from_millis(1)).await;
            assert_eq!(desk.shelf.sealed(), [5, 6]);
        };
        tokio::join!(pass(&desk, Duration::from_mins(1)), appending);
        assert_eq!(desk.shelf.sealed(), [5, 6], "without records no digests");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_left_is_sealed_at_the_start() {
        let desk = Desk::new(0);
        desk.append().await;
        pass(&desk, Duration::from_millis(1)).await;
        assert_eq!(desk.shelf.sealed(), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_does_not_answer_delays_and_loses_nothing() {
        let desk = Desk::new(3);
        desk.append().await;
        // 1, 2 and 4 seconds of patience.
        pass(&desk, Duration::from_millis(6_900)).await;
        assert_eq!(desk.shelf.sealed(), [0; 0]);
        let desk = Desk::new(3);
        desk.append().await;
        pass(&desk, Duration::from_millis(7_100)).await;
        assert_eq!(desk.shelf.sealed(), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_orderly_end_seals_without_gathering_and_does_not_hang() {
        let desk = Desk::new(0);
        desk.append().await;
        desk.digest_writer.finish().await;
        assert_eq!(desk.shelf.sealed(), [1]);
        let desk = Desk::new(1);
        desk.append().await;
        desk.digest_writer.finish().await;
        assert_eq!(desk.shelf.sealed(), [0; 0], "the next start seals it");
    }

    #[tokio::test]
    async fn what_another_process_sealed_is_not_sealed_again() {
        let desk = Desk::new(0);
        desk.append().await;
        *desk.shelf.is_raced.lock().unwrap() = true;
        assert_eq!(desk.digest_writer.seal().await.unwrap(), 0);
        assert_eq!(desk.shelf.sealed(), [1]);
        desk.append().await;
        assert_eq!(desk.digest_writer.seal().await.unwrap(), 1);
        assert_eq!(desk.shelf.sealed(), [1, 2]);
    }
}
