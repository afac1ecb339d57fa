//! The handler's configuration: environment variables, read once, all faults
//! told together, each with the setting's name.

mod applications;
mod identity;
mod keys;
mod oidc;
mod queue;
mod secrets;
mod sections;
mod settings;
mod storage;
#[cfg(test)]
mod tests;

pub use keys::{KeyConfig, VaultConfig};
pub use queue::{QUEUE_CONNECTION, QueueConfig};
pub use secrets::resolve;
pub use sections::{AzureConfig, Config, ModelConfig, NoticeConfig, ProofConfig, ToolConfig};
pub use storage::{CosmosAccess, StorageConfig};

use settings::Settings;

/// What the product's variables begin with.
const PREFIX: &str = "AZIMUTH_";

/// Every variable that the product knows. Anything else that begins with
/// `AZIMUTH_` is refused: it is most likely misspelt.
pub const VARIABLES: [&str; 48] = [
    "AZIMUTH_APPROVAL_WEBHOOKS",
    "AZIMUTH_ARM_URL",
    "AZIMUTH_AUTH_AUDIENCE",
    "AZIMUTH_AUTH_CLIENTS",
    "AZIMUTH_AUTH_ISSUER",
    "AZIMUTH_AUTH_JWKS_URL",
    "AZIMUTH_AUTH_TENANTS",
    "AZIMUTH_CLIENT_ID",
    "AZIMUTH_CLIENT_SECRET",
    "AZIMUTH_CORS_ORIGINS",
    "AZIMUTH_COSMOS_DATABASE",
    "AZIMUTH_COSMOS_KEY",
    "AZIMUTH_COSMOS_URL",
    "AZIMUTH_DATA_DIR",
    "AZIMUTH_DEFAULT_MODEL",
    "AZIMUTH_DIGEST_CONTAINER_URL",
    "AZIMUTH_EGRESS_CA_FILE",
    "AZIMUTH_EGRESS_PROXY",
    "AZIMUTH_KEYVAULT_URL",
    "AZIMUTH_LOG",
    "AZIMUTH_MCP_COMMANDS",
    "AZIMUTH_MCP_HOSTS",
    "AZIMUTH_MCP_SECRETS",
    "AZIMUTH_MCP_MAX_PROCESSES",
    "AZIMUTH_MCP_SERVERS",
    "AZIMUTH_MODEL_API_KEY",
    "AZIMUTH_MODEL_BASE_URL",
    "AZIMUTH_MODEL_NAME",
    "AZIMUTH_MODEL_PRICE",
    "AZIMUTH_NEW_USERS",
    "AZIMUTH_OIDC_ALGORITHM",
    "AZIMUTH_OIDC_AUDIENCE",
    "AZIMUTH_OIDC_CLAIMS",
    "AZIMUTH_OIDC_CLIENTS",
    "AZIMUTH_OIDC_ISSUER",
    "AZIMUTH_OIDC_JWKS_URL",
    "AZIMUTH_OIDC_ROLES",
    "AZIMUTH_OIDC_SCOPE",
    "AZIMUTH_OIDC_TENANT",
    "AZIMUTH_OIDC_TYPE",
    "AZIMUTH_PORTAL_URL",
    "AZIMUTH_QUEUE",
    "AZIMUTH_QUOTAS",
    "AZIMUTH_STORAGE",
    "AZIMUTH_TENANT_CLIENT_IDS",
    "AZIMUTH_TENANT_CLIENT_SECRETS",
    "AZIMUTH_TOKEN_AUDIENCES",
    "AZIMUTH_TOKEN_URL",
];

/// Everything that is wrong with the configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable:\n  {}", .0.join("\n  "))]
pub struct ConfigFaults(pub Vec<String>);

impl Config {
    /// Reads the variables of the product out of `environment`.
    pub fn read(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigFaults> {
        let mut settings = Settings::new(environment);
        let config = sections::read(&mut settings);
        match (config, settings.into_faults()) {
            (Some(config), faults) if faults.is_empty() => Ok(config),
            (_, faults) => Err(ConfigFaults(faults)),
        }
    }
}
