//! Where the keys of tokens and audit lie.

use azimuth_azure::identity::Identity;
use azimuth_ports::tokens::Secret;

use super::queue::QueueConfig;
use super::settings::{Settings, is_on_this_machine};
use super::storage::StorageConfig;
use super::{identity, queue};

/// Address of the key vault.
pub(super) const VAULT_URL: &str = "AZIMUTH_KEYVAULT_URL";
const CONTAINER_URL: &str = "AZIMUTH_DIGEST_CONTAINER_URL";

/// Where keys lie.
#[derive(Debug, Clone)]
pub enum KeyConfig {
    /// In files of the data folder.
    Files,
    /// In a key vault.
    Vault(VaultConfig),
}

/// A key vault, and what is signed with its key.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// Address of the vault.
    pub url: String,
    /// The container that keeps signed digests.
    pub container_url: String,
    /// Account and key of that container, where it is on this machine.
    pub container_key: Option<(String, Secret)>,
    /// Who we are to vault and container.
    pub identity: Identity,
}

pub(super) fn read(
    settings: &mut Settings,
    storage: Option<&StorageConfig>,
    queue: Option<&QueueConfig>,
) -> Option<KeyConfig> {
    let url = settings.optional(VAULT_URL);
    let container_url = settings.optional(CONTAINER_URL);
    let Some(url) = url else {
        if container_url.is_some() {
            settings.fault(format!("{CONTAINER_URL} is set without {VAULT_URL}"));
        }
        return Some(KeyConfig::Files);
    };
    settings.check_url(VAULT_URL, &url);
    if matches!(storage, Some(StorageConfig::Embedded)) {
        settings.fault(format!(
            "{VAULT_URL} needs AZIMUTH_STORAGE=azure: what its key wraps lies in Cosmos DB"
        ));
    }
    if container_url.is_none() {
        settings.fault(format!(
            "{CONTAINER_URL} is missing: the container that keeps the audit's signed digests"
        ));
    }
    if let Some(url) = &container_url {
        settings.check_url(CONTAINER_URL, url);
    }
    let identity = identity::read(settings);
    let container_url = container_url?;
    let container_key = if is_on_this_machine(&container_url) {
        let key = match queue {
            Some(QueueConfig::Azure(connection)) => connection.shared_key(),
            _ => None,
        };
        if key.is_none() {
            settings.fault(format!(
                "{CONTAINER_URL} is on this machine, so {} must hold the key of its account, beside AZIMUTH_QUEUE=azure",
                queue::QUEUE_CONNECTION
            ));
        }
        Some(key?)
    } else {
        None
    };
    Some(KeyConfig::Vault(VaultConfig {
        url,
        container_url,
        container_key,
        identity: identity?,
    }))
}
