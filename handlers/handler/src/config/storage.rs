//! Where conversations, people, tokens and the audit are kept.

use azimuth_ports::tokens::Secret;

use super::settings::{Settings, is_on_this_machine};

const URL: &str = "AZIMUTH_COSMOS_URL";
const DATABASE: &str = "AZIMUTH_COSMOS_DATABASE";
const KEY: &str = "AZIMUTH_COSMOS_KEY";

/// Where everything is kept that must outlive the process.
#[derive(Debug, Clone)]
pub enum StorageConfig {
    /// Files in the data folder.
    Embedded,
    /// Cosmos DB.
    Azure(CosmosConfig),
}

/// An account of Cosmos DB.
#[derive(Debug, Clone)]
pub struct CosmosConfig {
    /// Its address.
    pub url: String,
    /// The database with our containers.
    pub database: String,
    /// Its key.
    pub key: Secret,
}

/// The keys of tokens and audit are files of the data folder, so no other machine may
/// use the same store.
pub(super) fn read(settings: &mut Settings) -> Option<StorageConfig> {
    let is_azure = settings.choice("AZIMUTH_STORAGE", &["embedded", "azure"]) == "azure";
    if !is_azure {
        for name in [URL, DATABASE, KEY] {
            if settings.optional(name).is_some() {
                settings.fault(format!(
                    "{name} is set, but AZIMUTH_STORAGE=embedded keeps everything in files: set AZIMUTH_STORAGE=azure, or leave {name} out"
                ));
            }
        }
        return Some(StorageConfig::Embedded);
    }
    let url = settings.required(URL, "the address of the Cosmos DB account");
    let database = settings.required(DATABASE, "the database with Azimuth's containers");
    let key = settings.required(KEY, "the key of the Cosmos DB emulator");
    if let Some(url) = &url {
        settings.check_url(URL, url);
        if !is_on_this_machine(url) {
            settings.fault(format!(
                "{URL} must lead to an emulator on this machine: the keys of tokens and audit lie in AZIMUTH_DATA_DIR, where no other machine finds them"
            ));
        }
    }
    Some(StorageConfig::Azure(CosmosConfig {
        url: url?,
        database: database?,
        key: Secret::new(key?),
    }))
}
