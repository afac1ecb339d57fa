//! Data keys, wrapped: nobody reads them here without the key vault. They are numbered
//! from 1, written once and never changed.

use azimuth_domain::time::Timestamp;
use azimuth_ports::store::StoreError;
use azure_data_cosmos::feed::FeedScope;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::failure::Fault;
use super::store::{CosmosStore, PRODUCT, product_key};

const KIND: &str = "data-key";

/// A data key that a version of a vault's key wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    /// Names it in whatever it seals.
    pub number: u32,
    /// Version of the vault's key.
    pub version: String,
    pub wrapped: Vec<u8>,
    /// From when on new entries are sealed with it.
    pub seals_from: Timestamp,
    /// Version of the vault's key that signed all this.
    pub signer: String,
    /// ES256 of [`WrappedKey::signed_text`].
    pub signature: Vec<u8>,
}

impl WrappedKey {
    /// What its signature covers: everything else but the signer.
    pub fn signed_text(&self) -> Vec<u8> {
        let wrapped = STANDARD.encode(&self.wrapped);
        let (number, version, from) = (self.number, &self.version, self.seals_from.0);
        format!("azimuth data key 1\n{number}\n{version}\n{from}\n{wrapped}\n").into_bytes()
    }
}

/// As it lies in the container.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    id: String,
    tenant_id: String,
    kind: String,
    number: u32,
    key_version: String,
    wrapped: String,
    seals_from: Timestamp,
    signer_version: String,
    signature: String,
}

impl CosmosStore {
    /// All of them, by number.
    pub(crate) async fn wrapped_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        let ask = Ask::new("c", "IS_DEFINED(c.id)");
        let scope = FeedScope::partition(product_key(KIND));
        let documents: Vec<Document> = self.config.all(scope, ask).await?;
        let mut keys = documents
            .into_iter()
            .map(Document::key)
            .collect::<Result<Vec<_>, _>>()?;
        keys.sort_by_key(|key| key.number);
        Ok(keys)
    }

    /// False: the number is taken, and nothing was written.
    pub(crate) async fn add_wrapped_key(&self, key: &WrappedKey) -> Result<bool, StoreError> {
        let document = Document {
            id: key.number.to_string(),
            tenant_id: PRODUCT.to_owned(),
            kind: KIND.to_owned(),
            number: key.number,
            key_version: key.version.clone(),
            wrapped: STANDARD.encode(&key.wrapped),
            seals_from: key.seals_from,
            signer_version: key.signer.clone(),
            signature: STANDARD.encode(&key.signature),
        };
        let created = self
            .config
            .create(product_key(KIND), &document.id, &document);
        match created.await {
            Ok(_) => Ok(true),
            Err(Fault::Exists) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}

impl Document {
    fn key(self) -> Result<WrappedKey, StoreError> {
        let bytes = |text: &str| {
            let bytes = STANDARD.decode(text);
            bytes.map_err(|_| StoreError::Unreadable("a wrapped data key is damaged".to_owned()))
        };
        Ok(WrappedKey {
            number: self.number,
            version: self.key_version,
            wrapped: bytes(&self.wrapped)?,
            seals_from: self.seals_from,
            signer: self.signer_version,
            signature: bytes(&self.signature)?,
        })
    }
}
