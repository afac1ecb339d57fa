//! Tenants of Entra ID that have an application of their own there.

use std::collections::BTreeMap;

use azimuth_ports::tokens::Secret;

use super::keys::KeyConfig;
use super::sections::ProofConfig;
use super::settings::Settings;

const CLIENT_IDS: &str = "AZIMUTH_TENANT_CLIENT_IDS";
const CLIENT_SECRETS: &str = "AZIMUTH_TENANT_CLIENT_SECRETS";

/// The application of one tenant: what tokens of its people are for, and what exchanges
/// them.
#[derive(Debug, Clone)]
pub struct OwnApplication {
    /// Its id.
    pub client_id: String,
    /// What proves that it is us who ask.
    pub proof: ProofConfig,
}

/// By tenant. `tenants`: those of Entra ID, lower-case.
pub(super) fn read(
    settings: &mut Settings,
    tenants: &[String],
    keys: Option<&KeyConfig>,
) -> BTreeMap<String, OwnApplication> {
    let mut secrets = settings.by_tenant(CLIENT_SECRETS, "tenant=secret");
    let ids = settings.by_tenant(CLIENT_IDS, "tenant=client id");
    let mut applications = BTreeMap::new();
    for (tenant, client_id) in ids {
        if !tenants.contains(&tenant) {
            settings.fault(format!(
                "{CLIENT_IDS} names the tenant {tenant}, which AZIMUTH_AUTH_TENANTS does not"
            ));
        }
        let proof = match (secrets.remove(&tenant), keys) {
            (Some(secret), _) => ProofConfig::Secret(Secret::new(secret)),
            (None, Some(KeyConfig::Vault(vault))) => ProofConfig::Identity(vault.identity.clone()),
            (None, Some(KeyConfig::Files)) => {
                settings.fault(format!(
                    "{CLIENT_SECRETS} lacks the tenant {tenant}: the secret of its application (beside AZIMUTH_KEYVAULT_URL our own identity vouches without one)"
                ));
                continue;
            }
            // What is wrong with the keys is told elsewhere.
            (None, None) => continue,
        };
        applications.insert(tenant, OwnApplication { client_id, proof });
    }
    for tenant in secrets.keys() {
        settings.fault(format!(
            "{CLIENT_SECRETS} names the tenant {tenant}, which {CLIENT_IDS} does not"
        ));
    }
    applications
}
