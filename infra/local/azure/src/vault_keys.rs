//! The keys of the product's own vault: made when first asked for, kept in files that only their
//! owner may read, so that what they wrapped opens after a restart too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeyPair as RsaKeyPair, KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::keys::{KeyError, write_private};
use crate::random;

/// A key as Terraform makes it.
#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    pub kind: KeyKind,
    /// What its `key_ops` allow.
    pub operations: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa3072,
    P256,
}

pub const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "token-wrapping",
        kind: KeyKind::Rsa3072,
        operations: &["wrapKey", "unwrapKey"],
    },
    Definition {
        name: "audit-signing",
        kind: KeyKind::P256,
        operations: &["sign", "verify"],
    },
];

pub fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(name))
}

/// One version of a key.
#[derive(Clone)]
pub struct Version {
    /// 32 hexadecimal digits.
    pub id: String,
    pub is_enabled: bool,
    kind: KeyKind,
    pkcs8: Vec<u8>,
}

#[derive(Debug)]
pub struct VaultKeys {
    dir: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By name, the oldest first.
    versions: BTreeMap<&'static str, Vec<Version>>,
    /// Versions that somebody switched off; a restart switches them on.
    disabled: BTreeSet<String>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl VaultKeys {
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            kept: Mutex::default(),
        }
    }

    /// The version of that id, or the newest.
    pub fn version(
        &self,
        key: &'static Definition,
        id: Option<&str>,
    ) -> Result<Option<Version>, KeyError> {
        let mut kept = self.lock();
        let versions = self.load(&mut kept, key)?;
        let found = match id {
            Some(id) => versions.iter().find(|version| version.id == id),
            None => versions.last(),
        };
        let mut found = found.cloned();
        if let Some(version) = &mut found {
            version.is_enabled = !kept.disabled.contains(&version.id);
        }
        Ok(found)
    }

    /// Makes a new version, which becomes the newest.
    pub fn rotate(&self, key: &'static Definition) -> Result<Version, KeyError> {
        let mut kept = self.lock();
        let count = self.load(&mut kept, key)?.len();
        let made = self.make(key, count)?;
        kept.versions
            .entry(key.name)
            .or_default()
            .push(made.clone());
        Ok(made)
    }

    pub fn enable(&self, version: &Version, is_enabled: bool) {
        let mut kept = self.lock();
        if is_enabled {
            kept.disabled.remove(&version.id);
        } else {
            kept.disabled.insert(version.id.clone());
        }
    }

    fn load<'a>(
        &self,
        kept: &'a mut Kept,
        key: &'static Definition,
    ) -> Result<&'a [Version], KeyError> {
        let versions = kept.versions.entry(key.name).or_default();
        while versions.is_empty() || self.file(key, versions.len()).exists() {
            let at = versions.len();
            let next = match fs::read_to_string(self.file(key, at)) {
                Ok(text) => {
                    let pkcs8 = STANDARD.decode(text.trim());
                    Version::of(key.kind, pkcs8.map_err(|_| KeyError::Malformed)?)?
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.make(key, at)?,
                Err(error) => return Err(error.into()),
            };
            versions.push(next);
        }
        Ok(versions)
    }

    fn make(&self, key: &Definition, at: usize) -> Result<Version, KeyError> {
        let crypto = |_| KeyError::Crypto;
        let pkcs8 = match key.kind {
            KeyKind::Rsa3072 => {
                let pair = PrivateDecryptingKey::generate(KeySize::Rsa3072).map_err(crypto)?;
                pair.as_der().map_err(crypto)?.as_ref().to_vec()
            }
            KeyKind::P256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
                let pair = pair.map_err(crypto)?;
                pair.to_pkcs8v1().map_err(crypto)?.as_ref().to_vec()
            }
        };
        write_private(&self.file(key, at), &STANDARD.encode(&pkcs8))?;
        Version::of(key.kind, pkcs8)
    }

    fn file(&self, key: &Definition, at: usize) -> PathBuf {
        self.dir.join(format!("vault-key-{}-{}", key.name, at + 1))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Version {
    fn of(kind: KeyKind, pkcs8: Vec<u8>) -> Result<Self, KeyError> {
        let mut version = Self {
            id: String::new(),
            is_enabled: true,
            kind,
            pkcs8,
        };
        let mut id = random::sha256_hex(&version.public()?.to_string());
        id.truncate(32);
        version.id = id;
        Ok(version)
    }

    /// The public half, as the members of a JSON Web Key.
    pub fn public(&self) -> Result<Value, KeyError> {
        match self.kind {
            KeyKind::Rsa3072 => {
                let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| KeyError::Malformed)?;
                let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
                let key = pair.public_key();
                Ok(json!({
                    "kty": "RSA",
                    "n": number(key.modulus().big_endian_without_leading_zero()),
                    "e": number(key.exponent().big_endian_without_leading_zero()),
                }))
            }
            KeyKind::P256 => {
                let pair = self.signing()?;
                // 4, then both coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(32);
                Ok(json!({
                    "kty": "EC",
                    "crv": "P-256",
                    "x": URL_SAFE_NO_PAD.encode(x),
                    "y": URL_SAFE_NO_PAD.encode(y),
                }))
            }
        }
    }

    fn signing(&self) -> Result<EcdsaKeyPair, KeyError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8)
            .map_err(|_| KeyError::Malformed)
    }

    /// RSA-OAEP-256; `None` when the text is too long.
    pub fn wrap(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let key = PrivateDecryptingKey::from_pkcs8(&self.pkcs8).ok()?;
        let key = OaepPublicEncryptingKey::new(key.public_key()).ok()?;
        let mut space = vec![0; key.ciphertext_size()];
        let wrapped = key.encrypt(&OAEP_SHA256_MGF1SHA256, plain, &mut space, None);
        wrapped.ok().map(|text| text.to_vec())
    }

    /// `None` when it was not wrapped with this version.
    pub fn unwrap(&self, wrapped: &[u8]) -> Option<Vec<u8>> {
        let key = PrivateDecryptingKey::from_pkcs8(&self.pkcs8).ok()?;
        let key = OaepPrivateDecryptingKey::new(key).ok()?;
        let mut space = vec![0; key.min_output_size()];
        let plain = key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut space, None);
        plain.ok().map(|text| text.to_vec())
    }

    /// ES256: r and s. `None` when it is no SHA-256.
    pub fn sign(&self, sha256: &[u8]) -> Option<Vec<u8>> {
        let digest = Digest::import_less_safe(sha256, &SHA256).ok()?;
        let signature = self.signing().ok()?.sign_digest(&digest).ok()?;
        Some(signature.as_ref().to_vec())
    }
}
