//! The secrets that tool servers are given: in the key vault of this installation, if it
//! has one.

use std::sync::Arc;

use azimuth_azure::egress::Egress;
use azimuth_azure::keyvault::{KeyVault, KeyVaultSettings, SecretName};
use azimuth_mcp::Secrets;
use azimuth_ports::tokens::Secret;

use crate::config::KeyConfig;
use crate::wire::{WiringError, fails};

/// What looks them up; nothing where keys lie in files.
pub fn open(keys: &KeyConfig, egress: &Egress) -> Result<Secrets, WiringError> {
    let KeyConfig::Vault(config) = keys else {
        return Ok(Secrets::default());
    };
    let fails = fails("AZIMUTH_KEYVAULT_URL");
    let credential = config.identity.credential(egress).map_err(|e| fails(&e))?;
    let settings = KeyVaultSettings {
        url: config.url.clone(),
        egress: egress.clone(),
    };
    let vault = Arc::new(KeyVault::new(&settings, credential).map_err(|e| fails(&e))?);
    Ok(Secrets::of(Arc::new(move |name| {
        let vault = Arc::clone(&vault);
        Box::pin(async move { one(&vault, &name).await })
    })))
}

async fn one(vault: &KeyVault, name: &str) -> Result<Secret, String> {
    let Some(Ok(secret)) = SecretName::of_setting(&format!("@keyvault:{name}")) else {
        return Err("no secret is called that".to_owned());
    };
    vault.secret(&secret).await.map_err(|why| why.to_string())
}
