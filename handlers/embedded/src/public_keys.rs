//! The public keys of digests: in files of PEM as `openssl pkey -pubin` reads it, and
//! what holds under them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use azimuth_domain::audit::digest::{Digest, DigestKey, SignatureAlgorithm};
use azimuth_domain::audit::es256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo`
/// (RFC 8410).
const ED25519_SPKI: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// The same before an uncompressed point of P-256 (RFC 5480).
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// Whether the digest carries this key's signature, spelt as we spell it.
pub(crate) fn is_signed(digest: &Digest, key: &DigestKey) -> bool {
    let Ok(signature) = hex::decode(&digest.signature) else {
        return false;
    };
    let algorithm: &'static dyn VerificationAlgorithm = match key.algorithm() {
        SignatureAlgorithm::Ed25519 => &ED25519,
        SignatureAlgorithm::Es256 if es256::is_low(&signature) => &ECDSA_P256_SHA256_FIXED,
        SignatureAlgorithm::Es256 => return false,
    };
    hex::encode(&signature) == digest.signature
        && UnparsedPublicKey::new(algorithm, key.public())
            .verify(&digest.signed_text(), &signature)
            .is_ok()
}

pub(crate) fn pem(key: &DigestKey) -> String {
    let spki = match key.algorithm() {
        SignatureAlgorithm::Ed25519 => ED25519_SPKI,
        SignatureAlgorithm::Es256 => P256_SPKI,
    };
    let text = STANDARD.encode([spki, key.public()].concat());
    let mut pem = format!("{BEGIN}\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(END);
    pem.push('\n');
    pem
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
    /// It holds something else.
    #[error("{0} must hold Ed25519 or P-256 public keys in PEM, each once")]
    Form(PathBuf),
}

/// Reads public keys as [`FileSigner::open_or_create`](crate::FileSigner::open_or_create)
/// writes them: the oldest first, at least one.
pub fn read_public_keys(path: &Path) -> Result<Vec<DigestKey>, PublicKeyError> {
    let text = fs::read_to_string(path).map_err(|source| PublicKeyError::File {
        path: path.to_owned(),
        source,
    })?;
    of_pem(&text).ok_or_else(|| PublicKeyError::Form(path.to_owned()))
}

fn of_pem(text: &str) -> Option<Vec<DigestKey>> {
    let mut rest = text.trim_start();
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let (inner, after) = rest.strip_prefix(BEGIN)?.split_once(END)?;
        let base64: String = inner.split_whitespace().collect();
        let key = of_der(&STANDARD.decode(base64).ok()?)?;
        if keys.contains(&key) {
            return None;
        }
        keys.push(key);
        rest = after.trim_start();
    }
    (!keys.is_empty()).then_some(keys)
}

fn of_der(der: &[u8]) -> Option<DigestKey> {
    if let Some(public) = der.strip_prefix(ED25519_SPKI) {
        Some(DigestKey::new(public.try_into().ok()?))
    } else {
        DigestKey::es256(der.strip_prefix(P256_SPKI)?.try_into().ok()?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use azimuth_domain::time::Timestamp;

    use super::*;

    fn pair() -> (EcdsaKeyPair, DigestKey) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref().try_into().unwrap();
        let key = DigestKey::es256(point).unwrap();
        (pair, key)
    }

    fn signed(pair: &EcdsaKeyPair, key: &DigestKey) -> Digest {
        let mut digest = Digest::next(None, "t", Timestamp(1), Vec::new(), key);
        let signature = pair.sign(&SystemRandom::new(), &digest.signed_text());
        let signature = signature.unwrap().as_ref().try_into().unwrap();
        digest.signature = hex::encode(es256::lower(signature));
        digest
    }

    #[test]
    fn a_signature_of_es256_holds_under_its_own_key_in_one_spelling_only() {
        let (pair, key) = pair();
        let (_, other) = super::tests::pair();
        let digest = signed(&pair, &key);
        assert!(is_signed(&digest, &key));
        assert!(!is_signed(&digest, &other));
        let changed = |change: fn(&mut Digest)| {
            let mut digest = digest.clone();
            change(&mut digest);
            is_signed(&digest, &key)
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
            assert!(!is_signed(&bent, &key), "byte {at}");
        }
    }

    #[test]
    fn keys_of_both_kinds_read_back_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.pem");
        let keys = [DigestKey::new([7; 32]), pair().1, pair().1];
        let text: String = keys.iter().map(pem).collect();
        fs::write(&path, &text).unwrap();
        assert_eq!(read_public_keys(&path).unwrap(), keys);
        assert!(text.contains("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"));
        assert!(
            text.lines().all(|line| line.len() <= 64),
            "as openssl has it"
        );
        fs::write(&path, text.replace("MFkw", "MFkx")).unwrap();
        assert!(matches!(
            read_public_keys(&path),
            Err(PublicKeyError::Form(_))
        ));
    }
}
