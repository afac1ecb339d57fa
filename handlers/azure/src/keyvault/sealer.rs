//! Data keys that a key of the vault wraps, and what they seal.
//!
//! The wrapped keys lie in the store, where every process finds the same ones; unwrapped
//! they are in memory only. Whatever is sealed names its data key, so that a new one can
//! follow while what the old ones sealed still opens. A new one seals nothing until
//! every process has had the time to learn of it.
//!
//! Whoever may write to the store could lay a key of their own there, wrapped like any
//! other: the half that wraps is public. So each is signed by another key of the vault,
//! and one that is not is never used.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::data_key::{CipherError, DataKey};
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{Sealer, TokenError};
use zeroize::Zeroizing;

use super::keys::KeyVersion;
use super::{KeyVault, KeyVaultError};
use crate::cosmos::{CosmosStore, WrappedKey};

/// First byte of everything sealed; the data key's number, nonce, ciphertext and tag
/// follow.
const FORM: u8 = 2;
/// Bytes of a number.
const NUMBER: usize = 4;
/// How long a new key is known before it seals: [`VaultSealer::learn`] must be called
/// more often.
const LEAD_MS: i64 = 15 * 60 * 1000;

/// Names of the vault's keys.
#[derive(Debug, Clone, Copy)]
pub struct SealerKeys {
    /// Wraps data keys; RSA.
    pub wrapping: &'static str,
    /// Signs what is wrapped; P-256.
    pub signing: &'static str,
}

/// [`Sealer`] with data keys that the vault wraps.
pub struct VaultSealer {
    vault: Arc<KeyVault>,
    keys: SealerKeys,
    store: Arc<CosmosStore>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    known: RwLock<BTreeMap<u32, Known>>,
}

/// A data key that the store names.
struct Known {
    seals_from: Timestamp,
    /// `None`: the vault does not unwrap it any more.
    key: Option<DataKey>,
}

/// Why there is no data key. Nothing is told of a key but its number.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    /// The vault.
    #[error("the data key cannot be had: {0}")]
    Vault(#[from] KeyVaultError),
    /// The store.
    #[error("the data key cannot be had: {0}")]
    Store(#[from] StoreError),
    /// The vault has not signed it.
    #[error(
        "data key {0} is not signed by the vault: somebody else wrote it, who could read what it \
         seals. Find out who; without it (kind data-key in the container config) everybody signs \
         in to Azure anew"
    )]
    Foreign(u32),
    /// What was unwrapped is no key.
    #[error("data key {0} is damaged")]
    Damaged(u32),
    /// The cipher takes it not.
    #[error(transparent)]
    Cipher(#[from] CipherError),
}

impl VaultSealer {
    /// Unwraps the data keys of `store` with the vault's keys of those names, or makes the
    /// first one from `random`. Of several processes that start together one makes it
    /// and the others use it.
    pub async fn open(
        vault: Arc<KeyVault>,
        keys: SealerKeys,
        store: Arc<CosmosStore>,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DataKeyError> {
        let sealer = Self {
            vault,
            keys,
            store,
            random,
            clock,
            known: RwLock::default(),
        };
        if sealer.learn().await? == 0 {
            // Somebody else may be faster; then theirs counts.
            sealer.make(1, sealer.clock.now()).await?;
            sealer.learn().await?;
        }
        Ok(sealer)
    }

    /// Takes in the keys that other processes have made since, and says how many there
    /// are. To be called every few minutes.
    pub async fn learn(&self) -> Result<usize, DataKeyError> {
        let stored = self.store.wrapped_keys().await?;
        let newest = stored.last().map(|key| key.number);
        for wrapped in &stored {
            if self
                .read()
                .get(&wrapped.number)
                .is_some_and(|known| known.key.is_some())
            {
                continue;
            }
            let key = match self.unwrap(wrapped).await {
                Ok(key) => Some(key),
                Err(DataKeyError::Vault(KeyVaultError::Missing | KeyVaultError::Refused(_)))
                    if newest != Some(wrapped.number) =>
                {
                    let number = wrapped.number;
                    tracing::warn!(number, "an older data key cannot be unwrapped any more");
                    None
                }
                Err(other) => return Err(other),
            };
            let known = Known {
                seals_from: wrapped.seals_from,
                key,
            };
            let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(wrapped.number, known);
        }
        Ok(stored.len())
    }

    /// Makes a new data key, wrapped with the newest version of the vault's key, which
    /// seals in a quarter of an hour. False: somebody else has just made one.
    pub async fn rotate(&self) -> Result<bool, DataKeyError> {
        let stored = self.store.wrapped_keys().await?;
        let number = stored.last().map_or(1, |key| key.number + 1);
        let is_made = self.make(number, self.clock.now().plus_ms(LEAD_MS)).await?;
        self.learn().await?;
        Ok(is_made)
    }

    async fn make(&self, number: u32, seals_from: Timestamp) -> Result<bool, DataKeyError> {
        let version = self.vault.key(self.keys.wrapping).await?.is;
        let signer = self.vault.key(self.keys.signing).await?.is;
        let key = Zeroizing::new(self.random.bytes32());
        let mut wrapped = WrappedKey {
            number,
            wrapped: self.vault.wrap(&version, &*key).await?,
            version: version.version,
            seals_from,
            signer: signer.version.clone(),
            signature: Vec::new(),
        };
        let sha256 = digest(&SHA256, &wrapped.signed_text());
        let signature = self.vault.sign(&signer, sha256.as_ref()).await?;
        wrapped.signature = signature.to_vec();
        Ok(self.store.add_wrapped_key(&wrapped).await?)
    }

    async fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, DataKeyError> {
        self.check(wrapped).await?;
        let version = KeyVersion {
            name: self.keys.wrapping.to_owned(),
            version: wrapped.version.clone(),
        };
        let key = self.vault.unwrap(&version, &wrapped.wrapped).await?;
        let key: &[u8; 32] = key
            .as_slice()
            .try_into()
            .map_err(|_| DataKeyError::Damaged(wrapped.number))?;
        Ok(DataKey::new(key)?)
    }

    /// That the vault has signed it.
    async fn check(&self, wrapped: &WrappedKey) -> Result<(), DataKeyError> {
        let foreign = DataKeyError::Foreign(wrapped.number);
        let signer = KeyVersion {
            name: self.keys.signing.to_owned(),
            version: wrapped.signer.clone(),
        };
        let public = match self.vault.key_version(&signer).await {
            Ok(public) => public,
            Err(KeyVaultError::Missing) => return Err(foreign),
            Err(other) => return Err(other.into()),
        };
        let Some(point) = public.p256() else {
            return Err(foreign);
        };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(&wrapped.signed_text(), &wrapped.signature)
            .map_err(|_| foreign)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u32, Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sealer for VaultSealer {
    /// With the newest key that every process knows.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        let now = self.clock.now();
        let known = self.read();
        let usable = |known: &Known| known.key.is_some();
        let ripe = |known: &Known| known.seals_from <= now;
        let (number, key) = known
            .iter()
            .rev()
            .find(|(_, known)| usable(known) && ripe(known))
            // A clock that is behind: the oldest is known to the most.
            .or_else(|| known.iter().find(|(_, known)| usable(known)))
            .and_then(|(number, known)| Some((number, known.key.as_ref()?)))
            .ok_or_else(|| TokenError::Unavailable("there is no data key".to_owned()))?;
        let head = [&[FORM][..], &number.to_be_bytes()].concat();
        Ok(key.seal(&head, context, plain)?)
    }

    /// What does not open with its key is a grant that is gone: no second try will open
    /// it, a new sign-in replaces it. A key that is not known yet may be soon.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, TokenError> {
        let gone = || TokenError::GrantGone("what is stored cannot be opened".to_owned());
        let (number, rest) = sealed
            .strip_prefix(&[FORM])
            .and_then(|rest| rest.split_first_chunk::<NUMBER>())
            .ok_or_else(gone)?;
        let number = u32::from_be_bytes(*number);
        let known = self.read();
        let newest = known.last_key_value().map_or(0, |(newest, _)| *newest);
        if newest.checked_add(1) == Some(number) {
            return Err(TokenError::Unavailable(
                "it was sealed with a data key that this process does not know yet".to_owned(),
            ));
        }
        known
            .get(&number)
            .and_then(|known| known.key.as_ref())
            .and_then(|key| key.open(context, rest))
            .ok_or_else(gone)
    }
}
