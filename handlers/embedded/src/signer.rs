//! The key that signs the audit's digests: an Ed25519 key in a file beside the data.
//!
//! Whoever may read the file may sign, so this form shows what somebody changed who
//! has the database and not the key. A key outside the machine is Key Vault's part.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use azimuth_domain::audit::digest::{Digest, DigestKey};
use azimuth_ports::clock::Random;
use azimuth_ports::digests::{DigestSigner, SignError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::key_file::{self, KeyFileError};

/// The private key, below the data folder.
const PRIVATE: &str = "audit.key";
/// The public key beside it, in PEM, as `openssl pkey -pubin` reads it.
pub(crate) const PUBLIC: &str = "audit.pub";

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo`
/// (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// [`DigestSigner`] with the key in `audit.key` of a folder.
pub struct FileSigner {
    pair: Ed25519KeyPair,
    key: DigestKey,
}

impl FileSigner {
    /// Reads the key of `folder` (32 raw bytes, readable by nobody else), or makes
    /// one from `random`; its public half is written to `audit.pub` where that is
    /// missing.
    pub fn open_or_create(folder: &Path, random: &dyn Random) -> Result<Self, KeyFileError> {
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
        if !public.exists() {
            key_file::create(&public, pem(&key).as_bytes(), 0o644, random)
                .map_err(|source| because(&public, source))?;
        }
        Ok(Self { pair, key })
    }
}

#[async_trait]
impl DigestSigner for FileSigner {
    fn key(&self) -> &DigestKey {
        &self.key
    }

    async fn sign(&self, text: &[u8]) -> Result<String, SignError> {
        Ok(hex::encode(self.pair.sign(text)))
    }
}

/// Whether the digest carries this key's signature, spelt as we spell it.
pub(crate) fn is_signed(digest: &Digest, key: &DigestKey) -> bool {
    hex::decode(&digest.signature).is_ok_and(|signature| {
        hex::encode(&signature) == digest.signature
            && UnparsedPublicKey::new(&ED25519, key.public())
                .verify(&digest.signed_text(), &signature)
                .is_ok()
    })
}

fn pem(key: &DigestKey) -> String {
    let der = [&SPKI[..], key.public()].concat();
    format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der))
}

/// Why a public key is not used.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeyError {
    /// The file cannot be read.
    #[error("the public key {path} cannot be read: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no Ed25519 key.
    #[error("{0} holds no Ed25519 public key in PEM")]
    Form(PathBuf),
}

/// Reads a public key as [`FileSigner::open_or_create`] writes it.
pub fn read_public_key(path: &Path) -> Result<DigestKey, PublicKeyError> {
    let text = fs::read_to_string(path).map_err(|source| PublicKeyError::File {
        path: path.to_owned(),
        source,
    })?;
    of_pem(&text).ok_or_else(|| PublicKeyError::Form(path.to_owned()))
}

fn of_pem(text: &str) -> Option<DigestKey> {
    let inner = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let base64: String = inner.split_whitespace().collect();
    let der = STANDARD.decode(base64).ok()?;
    let public: [u8; 32] = der.strip_prefix(&SPKI[..])?.try_into().ok()?;
    Some(DigestKey::new(public))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use azimuth_domain::time::Timestamp;

    use super::*;
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
        assert_eq!(read_public_key(&public).unwrap(), *signer.key());
        let text = fs::read_to_string(&public).unwrap();
        assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"));
        for broken in [
            text.replace("MCow", "MCoX"),
            text.replace("-----END", "----END"),
            text.replace('\n', " x "),
            String::new(),
        ] {
            fs::write(&public, &broken).unwrap();
            assert!(
                matches!(read_public_key(&public), Err(PublicKeyError::Form(_))),
                "{broken}"
            );
        }
        fs::remove_file(&public).unwrap();
        assert!(matches!(
            read_public_key(&public),
            Err(PublicKeyError::File { .. })
        ));
        assert_eq!(open(folder.path()).key(), signer.key());
        assert_eq!(read_public_key(&public).unwrap(), *signer.key());
    }
}
