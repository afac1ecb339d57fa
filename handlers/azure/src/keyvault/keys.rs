//! Keys that never leave the vault: what is done with them is done there.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{KeyVault, KeyVaultError};

/// RSA-OAEP with SHA-256 (RFC 7518, 4.3, as Key Vault names it).
const WRAPPING: &str = "RSA-OAEP-256";
/// ECDSA on P-256 with SHA-256 (RFC 7518, 3.4).
const SIGNING: &str = "ES256";

/// The curve of [`SIGNING`], as Key Vault names it.
pub(crate) const P256: &str = "P-256";

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyVersion {
    /// Name of the key.
    pub name: String,
    /// The version.
    pub version: String,
}

/// The public half of one version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub is: KeyVersion,
    /// `RSA`, `EC`.
    pub kind: String,
    /// Of an elliptic curve: its name, and the point's two coordinates.
    pub curve: Option<(String, Vec<u8>, Vec<u8>)>,
}

impl PublicKey {
    /// The uncompressed point of a key on P-256; `None` for other kinds.
    pub(crate) fn p256(&self) -> Option<[u8; 65]> {
        let (curve, x, y) = self.curve.as_ref()?;
        if self.kind != "EC" || curve != P256 || x.len() != 32 || y.len() != 32 {
            return None;
        }
        [&[4][..], x, y].concat().try_into().ok()
    }
}

impl KeyVault {
    /// The newest version of a key.
    pub(crate) async fn key(&self, name: &str) -> Result<PublicKey, KeyVaultError> {
        self.public(name, &["keys", name]).await
    }

    /// That version of a key.
    pub(crate) async fn key_version(&self, key: &KeyVersion) -> Result<PublicKey, KeyVaultError> {
        let path = ["keys", &key.name, &key.version];
        let public = self.public(&key.name, &path).await?;
        if public.is != *key {
            return Err(KeyVaultError::Unreadable("another key answered"));
        }
        Ok(public)
    }

    async fn public(&self, name: &str, path: &[&str]) -> Result<PublicKey, KeyVaultError> {
        let body = self.ask(Method::GET, path, None).await?;
        let bundle: KeyBundle = read(&body, "it is no key")?;
        let key = bundle.key;
        let version = self.version(name, &key.kid)?;
        let coordinate = |text: Option<&str>| text.and_then(|t| URL_SAFE_NO_PAD.decode(t).ok());
        let curve = key
            .crv
            .zip(coordinate(key.x).zip(coordinate(key.y)))
            .map(|(name, (x, y))| (name.to_owned(), x, y));
        Ok(PublicKey {
            is: KeyVersion {
                name: name.to_owned(),
                version,
            },
            kind: key.kty.to_owned(),
            curve,
        })
    }

    /// Encrypts a key with the vault's one.
    pub(crate) async fn wrap(
        &self,
        key: &KeyVersion,
        plain: &[u8],
    ) -> Result<Vec<u8>, KeyVaultError> {
        let wrapped = self.operate(key, "wrapkey", WRAPPING, plain).await?;
        Ok(wrapped.to_vec())
    }

    /// Decrypts what [`KeyVault::wrap`] gave for the same version.
    pub(crate) async fn unwrap(
        &self,
        key: &KeyVersion,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyVaultError> {
        self.operate(key, "unwrapkey", WRAPPING, wrapped).await
    }

    /// The ES256 signature of a SHA-256: r and s, 64 bytes.
    pub(crate) async fn sign(
        &self,
        key: &KeyVersion,
        sha256: &[u8],
    ) -> Result<[u8; 64], KeyVaultError> {
        let signature = self.operate(key, "sign", SIGNING, sha256).await?;
        let signature = <[u8; 64]>::try_from(signature.as_slice());
        signature.map_err(|_| KeyVaultError::Unreadable("the signature has no 64 bytes"))
    }

    async fn operate(
        &self,
        key: &KeyVersion,
        operation: &str,
        algorithm: &str,
        value: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyVaultError> {
        let value = Zeroizing::new(URL_SAFE_NO_PAD.encode(value));
        let body = json!({"alg": algorithm, "value": *value});
        let path = ["keys", &key.name, &key.version, operation];
        let answer = self.ask(Method::POST, &path, Some(&body)).await?;
        let result: OperationResult<'_> = read(&answer, "it is no result")?;
        if self.version(&key.name, &result.kid)? != key.version {
            return Err(KeyVaultError::Unreadable("another key answered"));
        }
        URL_SAFE_NO_PAD
            .decode(result.value)
            .map(Zeroizing::new)
            .map_err(|_| KeyVaultError::Unreadable("the result is not base64url"))
    }

    /// The version that `https://{vault}/keys/{name}/{version}` names.
    fn version(&self, name: &str, kid: &str) -> Result<String, KeyVaultError> {
        let mut own = self.base.clone();
        own.set_path(&format!("keys/{name}/"));
        let version = kid
            .get(..own.as_str().len())
            .filter(|start| start.eq_ignore_ascii_case(own.as_str()))
            .and_then(|start| kid.strip_prefix(start))
            .filter(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric()));
        version
            .map(ToOwned::to_owned)
            .ok_or(KeyVaultError::Unreadable("the key has another name"))
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8], told: &'static str) -> Result<T, KeyVaultError> {
    serde_json::from_slice(body).map_err(|_| KeyVaultError::Unreadable(told))
}

#[derive(Deserialize)]
struct KeyBundle<'a> {
    #[serde(borrow)]
    key: JsonWebKey<'a>,
}

#[derive(Deserialize)]
struct JsonWebKey<'a> {
    #[serde(borrow)]
    kid: Cow<'a, str>,
    kty: &'a str,
    crv: Option<&'a str>,
    x: Option<&'a str>,
    y: Option<&'a str>,
}

/// Borrowed, so that no second copy of an unwrapped key is left behind.
#[derive(Deserialize)]
struct OperationResult<'a> {
    #[serde(borrow)]
    kid: Cow<'a, str>,
    value: &'a str,
}
