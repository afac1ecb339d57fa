//! The function `sign-audit`: seals what no digest covers, and brings the digests where
//! nobody changes them.

use std::sync::Arc;

use azimuth_domain::audit::digest::Digest;
use azimuth_ports::audit::AuditError;
use azimuth_ports::digests::{ArchiveError, DigestArchive, DigestLog};

use super::{DigestError, DigestWriter};

/// Digests that are read at once.
const PAGE: usize = 100;

/// Why the audit is not signed, or not archived. Trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A digest could not be made.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The digests could not be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signed {
    /// Digests that were made.
    pub sealed: usize,
    /// Digests that were archived.
    pub archived: usize,
}

/// Signs the audit of some tenants.
pub struct AuditSigner {
    writer: Arc<DigestWriter>,
    digests: Arc<dyn DigestLog>,
    archive: Option<Arc<dyn DigestArchive>>,
    tenants: Vec<String>,
}

impl AuditSigner {
    /// Without an archive digests stay beside the audit alone.
    pub fn new(
        writer: Arc<DigestWriter>,
        digests: Arc<dyn DigestLog>,
        archive: Option<Arc<dyn DigestArchive>>,
        tenants: Vec<String>,
    ) -> Self {
        Self {
            writer,
            digests,
            archive,
            tenants,
        }
    }

    /// Does it once. What is there already costs one look for each tenant.
    pub async fn sign(&self) -> Result<Signed, SigningError> {
        let mut signed = Signed {
            sealed: self.writer.seal().await?,
            archived: 0,
        };
        if let Some(archive) = &self.archive {
            for tenant in &self.tenants {
                signed.archived += self.archive_of(&**archive, tenant).await?;
            }
        }
        Ok(signed)
    }

    /// The oldest first, so that an end half-way leaves no gap below what is there.
    async fn archive_of(
        &self,
        archive: &dyn DigestArchive,
        tenant: &str,
    ) -> Result<usize, SigningError> {
        let missing = self.missing(archive, tenant).await?;
        for digest in missing.iter().rev() {
            archive.add(digest).await?;
        }
        Ok(missing.len())
    }

    /// Those that are not archived, the newest first.
    async fn missing(
        &self,
        archive: &dyn DigestArchive,
        tenant: &str,
    ) -> Result<Vec<Digest>, SigningError> {
        let mut missing = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.digests.digests(tenant, PAGE, cursor.as_deref());
            let page = page.await?;
            for digest in page.items {
                if archive.has(tenant, digest.number).await? {
                    return Ok(missing);
                }
                missing.push(digest);
            }
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(missing),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Mutex;

    use async_trait::async_trait;
    use azimuth_domain::audit::digest::DigestKey;
    use azimuth_domain::time::Timestamp;
    use azimuth_ports::clock::Clock;
    use azimuth_ports::digests::{DigestSigner, SignError, UnsealedChain};
    use azimuth_ports::store::Page;

    use super::*;

    const TENANT: &str = "t";

    /// Digests of one tenant, and an archive that may refuse after some.
    struct Shelf {
        digests: u64,
        archived: Mutex<Vec<u64>>,
        room: Mutex<usize>,
        key: DigestKey,
    }

    impl Shelf {
        fn new(digests: u64, archived: &[u64], room: usize) -> Arc<Self> {
            Arc::new(Self {
                digests,
                archived: Mutex::new(archived.to_vec()),
                room: Mutex::new(room),
                key: DigestKey::new([1; 32]),
            })
        }

        fn signer(self: &Arc<Self>) -> AuditSigner {
            let writer = DigestWriter::new(self.clone(), self.clone(), self.clone());
            let archive: Arc<dyn DigestArchive> = self.clone();
            AuditSigner::new(writer, self.clone(), Some(archive), vec![TENANT.to_owned()])
        }

        fn digest(&self, number: u64) -> Digest {
            let before = (number > 1).then_some((number - 1, "00"));
            Digest::next(before, TENANT, Timestamp(1), Vec::new(), &self.key)
        }
    }

    impl Clock for Shelf {
        fn now(&self) -> Timestamp {
            Timestamp(1)
        }
    }

    #[async_trait]
    impl DigestSigner for Shelf {
        fn key(&self) -> &DigestKey {
            &self.key
        }
        async fn sign(&self, _: &[u8]) -> Result<String, SignError> {
            Ok(String::new())
        }
    }

    #[async_trait]
    impl DigestLog for Shelf {
        async fn unsealed(
            &self,
            _: Option<&str>,
            _: usize,
        ) -> Result<Vec<UnsealedChain>, AuditError> {
            Ok(Vec::new())
        }
        async fn newest_digest(&self, _: &str) -> Result<Option<Digest>, AuditError> {
            Ok(None)
        }
        async fn append_digest(&self, _: &Digest) -> Result<bool, AuditError> {
            Ok(false)
        }
        async fn digests(
            &self,
            _: &str,
            limit: usize,
            cursor: Option<&str>,
        ) -> Result<Page<Digest>, AuditError> {
            let newest = cursor.map_or(self.digests, |text| text.parse().unwrap());
            let oldest = newest.saturating_sub(limit as u64 - 1).max(1);
            Ok(Page {
                items: (oldest..=newest).rev().map(|n| self.digest(n)).collect(),
                next_cursor: (oldest > 1).then(|| (oldest - 1).to_string()),
            })
        }
    }

    #[async_trait]
    impl DigestArchive for Shelf {
        async fn has(&self, _: &str, number: u64) -> Result<bool, ArchiveError> {
            Ok(self.archived.lock().unwrap().contains(&number))
        }
        async fn add(&self, digest: &Digest) -> Result<(), ArchiveError> {
            let mut room = self.room.lock().unwrap();
            if *room == 0 {
                return Err(ArchiveError::Unavailable("told to fail".to_owned()));
            }
            *room -= 1;
            self.archived.lock().unwrap().push(digest.number);
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_is_not_archived_is_brought_there_the_oldest_first() {
        for (digests, there) in [(99, 0), (100, 0), (101, 0), (250, 0), (250, 7), (250, 250)] {
            let before: Vec<u64> = (1..=there).collect();
            let shelf = Shelf::new(digests, &before, usize::MAX);
            let signed = shelf.signer().sign().await.unwrap();
            assert_eq!(signed.archived as u64, digests - there);
            let expected: Vec<u64> = (1..=digests).collect();
            assert_eq!(*shelf.archived.lock().unwrap(), expected);
            assert_eq!(shelf.signer().sign().await.unwrap(), Signed::default());
        }
    }

    #[tokio::test]
    async fn an_archive_that_refuses_in_the_middle_has_no_gap_afterwards() {
        let shelf = Shelf::new(9, &[1], 3);
        assert!(shelf.signer().sign().await.is_err());
        assert_eq!(*shelf.archived.lock().unwrap(), [1, 2, 3, 4]);
        *shelf.room.lock().unwrap() = usize::MAX;
        let signed = shelf.signer().sign().await.unwrap();
        assert_eq!(signed.archived, 5);
        assert_eq!(shelf.archived.lock().unwrap().len(), 9);
    }
}
