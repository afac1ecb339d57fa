//! The vault's key that signs the audit's digests. Key Vault has no Ed25519
//! (learn.microsoft.com/azure/key-vault/keys/about-keys-details), so it is ECDSA on P-256.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use azimuth_domain::audit::digest::DigestKey;
use azimuth_domain::audit::es256;
use azimuth_ports::digests::{DigestSigner, SignError};

use super::keys::{KeyVersion, P256};
use super::{KeyVault, KeyVaultError};

/// [`DigestSigner`] with the newest version of a key of the vault, as it is when the
/// process starts.
pub struct VaultSigner {
    vault: Arc<KeyVault>,
    version: KeyVersion,
    key: DigestKey,
}

/// Why the signing key is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultSignerError {
    /// The vault.
    #[error("the signing key cannot be had: {0}")]
    Vault(#[from] KeyVaultError),
    /// It is another kind of key.
    #[error("the signing key must be an elliptic curve key on {P256}")]
    Kind,
}

impl VaultSigner {
    /// Reads the public half of the key of that name.
    pub async fn open(vault: Arc<KeyVault>, name: &str) -> Result<Self, VaultSignerError> {
        let public = vault.key(name).await?;
        let key = public.p256().and_then(DigestKey::es256);
        let key = key.ok_or(VaultSignerError::Kind)?;
        Ok(Self {
            vault,
            version: public.is,
            key,
        })
    }
}

#[async_trait]
impl DigestSigner for VaultSigner {
    fn key(&self) -> &DigestKey {
        &self.key
    }

    async fn sign(&self, text: &[u8]) -> Result<String, SignError> {
        let sha256 = digest(&SHA256, text);
        let signed = self.vault.sign(&self.version, sha256.as_ref()).await;
        let signature = signed.map_err(|error| SignError(error.to_string()))?;
        Ok(hex::encode(es256::lower(signature)))
    }
}
