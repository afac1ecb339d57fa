//! What seals tokens and signs the audit.

use std::path::Path;
use std::sync::Arc;

use azimuth_azure::cosmos::CosmosStore;
use azimuth_azure::digest_archive::{ArchiveAccess, ArchiveSettings, BlobArchive};
use azimuth_azure::egress::Egress;
use azimuth_azure::keyvault::{KeyVault, KeyVaultSettings, SealerKeys, VaultSealer, VaultSigner};
use azimuth_embedded::{FileSealer, FileSigner};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::digests::{DigestArchive, DigestSigner};
use azimuth_ports::tokens::Sealer;

use crate::config::{KeyConfig, VaultConfig};
use crate::wire::{WiringError, fails};

/// The vault's keys, as Terraform makes them.
const VAULT_KEYS: SealerKeys = SealerKeys {
    wrapping: "token-wrapping",
    signing: "audit-signing",
};

/// Keys, each behind what it does.
pub struct Keys {
    pub sealer: Arc<dyn Sealer>,
    pub signer: Arc<dyn DigestSigner>,
    /// Where digests are brought; `None` leaves them beside the audit.
    pub archive: Option<Arc<dyn DigestArchive>>,
    /// The sealer that must hear of keys that other processes make.
    pub shared_sealer: Option<Arc<VaultSealer>>,
}

/// Opens or makes the keys. Those of a vault need the store that keeps what it wraps.
pub async fn open(
    keys: &KeyConfig,
    data: &Path,
    cosmos: Option<&Arc<CosmosStore>>,
    egress: &Egress,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Keys, WiringError> {
    match (keys, cosmos) {
        (KeyConfig::Files, _) => of_files(data, random),
        (KeyConfig::Vault(config), Some(store)) => {
            of_vault(config, store, egress, clock, random).await
        }
        (KeyConfig::Vault(_), None) => Err(fails("AZIMUTH_KEYVAULT_URL")(
            &"it needs the store in Cosmos DB",
        )),
    }
}

fn of_files(data: &Path, random: &Arc<dyn Random>) -> Result<Keys, WiringError> {
    let sealer = FileSealer::open_or_create(&data.join("data.key"), random.as_ref())
        .map_err(|e| fails("the data key")(&e))?;
    let signer = FileSigner::open_or_create(data, random.as_ref())
        .map_err(|e| fails("the key of the audit")(&e))?;
    Ok(Keys {
        sealer: Arc::new(sealer),
        signer: Arc::new(signer),
        archive: None,
        shared_sealer: None,
    })
}

async fn of_vault(
    config: &VaultConfig,
    store: &Arc<CosmosStore>,
    egress: &Egress,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Keys, WiringError> {
    let fails = fails("AZIMUTH_KEYVAULT_URL");
    let credential = config.identity.credential(egress).map_err(|e| fails(&e))?;
    let settings = KeyVaultSettings {
        url: config.url.clone(),
        egress: egress.clone(),
    };
    let vault = KeyVault::new(&settings, credential.clone()).map_err(|e| fails(&e))?;
    let vault = Arc::new(vault);
    let sealer = VaultSealer::open(
        vault.clone(),
        VAULT_KEYS,
        store.clone(),
        random.clone(),
        clock.clone(),
    );
    let sealer = Arc::new(sealer.await.map_err(|e| fails(&e))?);
    let signer = VaultSigner::open(vault, VAULT_KEYS.signing)
        .await
        .map_err(|e| fails(&e))?;
    let access = match &config.container_key {
        Some((account, key)) => ArchiveAccess::SharedKey {
            account: account.clone(),
            key: key.clone(),
        },
        None => ArchiveAccess::Token(credential),
    };
    let settings = ArchiveSettings {
        container_url: config.container_url.clone(),
        access,
        egress: egress.clone(),
    };
    let archive = BlobArchive::new(&settings, clock.clone())
        .map_err(|e| crate::wire::fails("AZIMUTH_DIGEST_CONTAINER_URL")(&e))?;
    Ok(Keys {
        sealer: sealer.clone(),
        signer: Arc::new(signer),
        archive: Some(Arc::new(archive)),
        shared_sealer: Some(sealer),
    })
}
