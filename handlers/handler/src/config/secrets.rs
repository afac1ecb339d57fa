//! Settings that name a secret of the key vault, `@keyvault:name`.

use azimuth_azure::egress::Egress;
use azimuth_azure::keyvault::{KeyVault, KeyVaultSettings, SecretName, Wanted};

use super::keys::VAULT_URL;
use super::settings::Settings;
use super::{ConfigFaults, PREFIX, identity};

/// The environment with secrets in the place of their names. Asks nobody where none is
/// named.
pub async fn resolve(
    environment: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, ConfigFaults> {
    let mut wanted = Vec::new();
    let mut faults = Vec::new();
    for (variable, value) in &environment {
        if !variable.starts_with(PREFIX) {
            continue;
        }
        match SecretName::of_setting(value.trim()) {
            None => {}
            Some(Ok(secret)) => wanted.push(Wanted {
                variable: variable.clone(),
                secret,
            }),
            Some(Err(error)) => faults.push(format!("{variable}: {error}")),
        }
    }
    if !faults.is_empty() {
        return Err(ConfigFaults(faults));
    }
    if wanted.is_empty() {
        return Ok(environment);
    }
    let vault = vault(&environment)?;
    let secrets = vault.secrets(&wanted).await.map_err(|error| {
        let told = error.0.iter().map(ToString::to_string);
        ConfigFaults(told.collect())
    })?;
    let is_secret = |name: &str| secrets.iter().any(|(variable, _)| variable == name);
    let mut resolved: Vec<_> = environment
        .into_iter()
        .filter(|(name, _)| !is_secret(name))
        .collect();
    let values = secrets.iter();
    resolved.extend(values.map(|(name, secret)| (name.clone(), secret.expose().to_owned())));
    Ok(resolved)
}

/// The vault, from the few settings that lead there. The others are read later.
fn vault(environment: &[(String, String)]) -> Result<KeyVault, ConfigFaults> {
    let mut settings = Settings::of_some(environment);
    let url = settings.required(VAULT_URL, "a setting names a secret of the key vault");
    let identity = identity::read(&mut settings);
    let proxy = settings.optional("AZIMUTH_EGRESS_PROXY");
    let ca_pem = settings
        .optional("AZIMUTH_EGRESS_CA_FILE")
        .and_then(|file| std::fs::read(file).ok());
    let (Some(url), Some(identity)) = (url, identity) else {
        return Err(ConfigFaults(settings.into_faults()));
    };
    let egress = Egress {
        proxy,
        ca_pem,
        ..Egress::default()
    };
    let fault = |error: &dyn std::fmt::Display| ConfigFaults(vec![format!("{VAULT_URL}: {error}")]);
    let credential = identity.credential(&egress).map_err(|e| fault(&e))?;
    KeyVault::new(&KeyVaultSettings { url, egress }, credential).map_err(|e| fault(&e))
}
