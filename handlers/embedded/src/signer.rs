//! The key that signs the audit's digests: an Ed25519 key in a file beside the data.
//!
//! Whoever may read the file may sign, so this form shows what somebody changed who
//! has the database and not the key. A key outside the machine is Key Vault's part.
//!
//! A key can be replaced: the public file keeps all that have ever signed, the oldest
//! first, and a digest names its own. From a newer key on no older one counts.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use azimuth_domain::audit::digest::DigestKey;
use azimuth_ports::clock::Random;
use azimuth_ports::digests::{DigestSigner, SignError};

use crate::key_file::{self, KeyFileError};
use crate::public_keys::{PublicKeyError, pem, read_public_keys};

/// The private key, below the data folder.
const PRIVATE: &str = "audit.key";
/// The public keys beside it, each in PEM as `openssl pkey -pubin` reads it, the oldest
/// first; the last one signs now.
pub(crate) const PUBLIC: &str = "audit.pub";

/// [`DigestSigner`] with the key in `audit.key` of a folder.
pub struct FileSigner {
    pair: Ed25519KeyPair,
    key: DigestKey,
    /// The file of the public keys.
    public: PathBuf,
}

/// Why the signing key is not used.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Its file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The file of the public keys, without which nobody could tell which digests were
    /// signed with an earlier key.
    #[error("{0}; put back the copy that was kept of it")]
    Public(#[from] PublicKeyError),
    /// An older key lies there again.
    #[error(
        "the key in {private} was replaced by a newer one, which {public} names last: put the \
         newer one back, or take {private} away and another one is made"
    )]
    Replaced {
        /// File of the key.
        private: PathBuf,
        /// File of the public keys.
        public: PathBuf,
    },
}

impl FileSigner {
    /// Reads the key of `folder` (32 raw bytes, readable by nobody else), or makes
    /// one from `random`. Its public half is the last one in `audit.pub`; where it is
    /// missing it is added there.
    pub fn open_or_create(folder: &Path, random: &dyn Random) -> Result<Self, SignerError> {
        let path = folder.join(PRIVATE);
        let because = |path: &Path, source| KeyFileError::File {
            path: path.to_owned(),
            source,
        };
        let seed = key_file::open_or_create(&path, random)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed)
            .map_err(|_| because(&path, io::Error::other("it holds no Ed25519 key")))?;
        let public: [u8; 32] = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| because(&path, io::Error::other("its public half has no 32 bytes")))?;
        let key = DigestKey::new(public);
        let public = folder.join(PUBLIC);
        let mut keys = if public.exists() {
            read_public_keys(&public)?
        } else {
            Vec::new()
        };
        if keys.last() != Some(&key) {
            if keys.contains(&key) {
                return Err(SignerError::Replaced {
                    private: path,
                    public,
                });
            }
            keys.push(key.clone());
            let text: String = keys.iter().map(pem).collect();
            // Of several processes that start together all write the same.
            key_file::replace(&public, text.as_bytes(), 0o644, random)
                .map_err(|source| because(&public, source))?;
        }
        Ok(Self { pair, key, public })
    }
}

#[async_trait]
impl DigestSigner for FileSigner {
    fn key(&self) -> &DigestKey {
        &self.key
    }

    /// No signature once a newer key has been added: a process that was not started
    /// again must not go on with the old one. Whoever takes the next number after that
    /// has asked after that.
    async fn sign(&self, text: &[u8]) -> Result<String, SignError> {
        match read_public_keys(&self.public) {
            Ok(keys) if keys.last() != Some(&self.key) => Err(SignError(
                "it was replaced by a newer one; start the handler again".to_owned(),
            )),
            Err(PublicKeyError::File { source, .. })
                if source.kind() != io::ErrorKind::NotFound =>
            {
                Err(SignError(source.to_string()))
            }
            Err(error @ PublicKeyError::Form(_)) => Err(SignError(error.to_string())),
            _ => Ok(hex::encode(self.pair.sign(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use azimuth_domain::audit::digest::Digest;
    use azimuth_domain::time::Timestamp;

    use super::*;
    use crate::public_keys::is_signed;
    use crate::{SystemClock, SystemRandom};

    fn open(folder: &Path) -> FileSigner {
        let random = SystemRandom::new(Arc::new(SystemClock));
        FileSigner::open_or_create(folder, &random).unwrap()
    }

    async fn signed(signer: &FileSigner) -> Digest {
        let mut digest = Digest::next(None, "t", Timestamp(1), Vec::new(), signer.key());
        digest.signature = signer.sign(&digest.signed_text()).await.unwrap();
        digest
    }

    #[tokio::test]
    async fn a_signature_holds_under_its_own_key_and_for_its_own_text_only() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let signer = open(folder.path());
        let digest = signed(&signer).await;
        assert!(is_signed(&digest, signer.key()));
        assert!(is_signed(&digest, open(folder.path()).key()));
        assert!(!is_signed(&digest, open(other.path()).key()));
        let changed = |change: fn(&mut Digest)| {
            let mut digest = digest.clone();
            change(&mut digest);
            is_signed(&digest, signer.key())
        };
        assert!(!changed(|d| d.number = 2));
        assert!(!changed(|d| d.tenant.push('x')));
        assert!(!changed(|d| d.signature.replace_range(..2, "zz")));
        assert!(!changed(|d| d.signature.truncate(126)));
        assert!(!changed(|d| d.signature.clear()));
        assert!(!changed(|d| d.signature.make_ascii_uppercase()));
        for at in 0..64 {
            let mut bytes = hex::decode(&digest.signature).unwrap();
            bytes[at] ^= 1;
            let mut bent = digest.clone();
            bent.signature = hex::encode(bytes);
            assert!(!is_signed(&bent, signer.key()), "byte {at}");
        }
    }

    #[test]
    fn the_private_key_is_its_owners_alone_and_the_public_one_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let signer = open(folder.path());
        let private = fs::metadata(folder.path().join(PRIVATE)).unwrap();
        assert_eq!(private.permissions().mode() & 0o777, 0o600);
        let public = folder.path().join(PUBLIC);
        assert_eq!(read_public_keys(&public).unwrap(), [signer.key().clone()]);
        let text = fs::read_to_string(&public).unwrap();
        assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"));
        for broken in [
            text.replace("MCow", "MCoX"),
            text.replace("-----END", "----END"),
            text.replace('\n', " x "),
            format!("{text}x"),
            format!("{text}{text}"),
            String::new(),
        ] {
            fs::write(&public, &broken).unwrap();
            assert!(
                matches!(read_public_keys(&public), Err(PublicKeyError::Form(_))),
                "{broken}"
            );
        }
        fs::remove_file(&public).unwrap();
        assert!(matches!(
            read_public_keys(&public),
            Err(PublicKeyError::File { .. })
        ));
        assert_eq!(open(folder.path()).key(), signer.key());
        assert_eq!(read_public_keys(&public).unwrap(), [signer.key().clone()]);
    }

    fn replace_the_key(folder: &Path) -> FileSigner {
        fs::rename(folder.join(PRIVATE), folder.join("old.key")).unwrap();
        open(folder)
    }

    #[test]
    fn a_new_key_is_named_behind_the_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let public = folder.path().join(PUBLIC);
        let mut keys = vec![open(folder.path()).key().clone()];
        for _ in 0..2 {
            keys.push(replace_the_key(folder.path()).key().clone());
            assert_eq!(read_public_keys(&public).unwrap(), keys);
            assert_eq!(open(folder.path()).key(), keys.last().unwrap());
            assert_eq!(read_public_keys(&public).unwrap(), keys, "once");
        }
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 3, "two keys and the public file: {left:?}");
    }

    #[test]
    fn a_key_that_was_replaced_is_not_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path());
        replace_the_key(folder.path());
        let private = folder.path().join(PRIVATE);
        fs::rename(folder.path().join("old.key"), &private).unwrap();
        let random = SystemRandom::new(Arc::new(SystemClock));
        let refused = FileSigner::open_or_create(folder.path(), &random)
            .err()
            .unwrap();
        assert!(matches!(refused, SignerError::Replaced { .. }), "{refused}");
        // And where the public file was bent, nothing is written over it.
        fs::write(folder.path().join(PUBLIC), "x").unwrap();
        let refused = FileSigner::open_or_create(folder.path(), &random)
            .err()
            .unwrap();
        assert!(matches!(refused, SignerError::Public(_)), "{refused}");
        let kept = fs::read_to_string(folder.path().join(PUBLIC)).unwrap();
        assert_eq!(kept, "x");
    }

    #[tokio::test]
    async fn a_process_that_was_started_before_signs_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let old = open(folder.path());
        assert!(old.sign(b"x").await.is_ok());
        let new = replace_the_key(folder.path());
        assert!(old.sign(b"x").await.is_err());
        assert!(new.sign(b"x").await.is_ok());
        // Without the file nobody has named a newer key.
        fs::remove_file(folder.path().join(PUBLIC)).unwrap();
        assert!(old.sign(b"x").await.is_ok());
    }
}
