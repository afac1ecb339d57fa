//! Where conversations, people, tokens and the audit are kept.

use azimuth_azure::identity::Identity;
use azimuth_ports::tokens::Secret;

use super::identity;
use super::keys::VAULT_URL;
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
    /// How it lets us in.
    pub access: CosmosAccess,
}

/// How an account lets us in.
#[derive(Debug, Clone)]
pub enum CosmosAccess {
    /// With a key: an emulator on this machine.
    Key(Secret),
    /// With tokens of our own identity.
    Identity(Identity),
}

impl StorageConfig {
    /// Whether no other machine uses the same store.
    pub(super) fn is_on_this_machine(&self) -> bool {
        match self {
            Self::Embedded => true,
            Self::Azure(cosmos) => is_on_this_machine(&cosmos.url),
        }
    }
}

/// An account on Azure has no key, and is shared by machines: what seals and signs must
/// be shared by them, too.
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
    let url = url?;
    settings.check_url(URL, &url);
    let access = if is_on_this_machine(&url) {
        let key = settings.required(KEY, "the key of the Cosmos DB emulator");
        CosmosAccess::Key(Secret::new(key?))
    } else {
        if settings.optional(KEY).is_some() {
            settings.fault(format!(
                "{KEY} is for an emulator on this machine only: an account on Azure is asked with tokens of our own identity"
            ));
        }
        if settings.optional(VAULT_URL).is_none() {
            settings.fault(format!(
                "{VAULT_URL} is missing: several machines use the account of {URL}, and the keys of tokens and audit must be the same for all of them"
            ));
        }
        CosmosAccess::Identity(identity::read(settings)?)
    };
    Some(StorageConfig::Azure(CosmosConfig {
        url,
        database: database?,
        access,
    }))
}
