//! Settings whose value lies in the key vault: `@keyvault:name`, or
//! `@keyvault:name/version` for one that does not change with the next version.

use std::fmt;

use azimuth_ports::tokens::Secret;
use futures::{StreamExt, stream};
use reqwest::Method;
use serde::Deserialize;

use super::{KeyVault, KeyVaultError};

/// What such a setting begins with.
const PREFIX: &str = "@keyvault:";
/// Secrets that are asked for at once.
const AT_ONCE: usize = 4;
/// Longest name of a secret.
const LONGEST_NAME: usize = 127;

/// Names a secret, and perhaps one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName {
    name: String,
    version: Option<String>,
}

/// The setting begins as one that names a secret, and goes on as none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "after {PREFIX} there must be a secret's name (letters, digits and -, at most {LONGEST_NAME}) \
     and, if wanted, / and a version (letters and digits)"
)]
pub struct SecretNameError;

impl SecretName {
    /// Reads a setting; `None` when it is a value of its own.
    pub fn of_setting(value: &str) -> Option<Result<Self, SecretNameError>> {
        let named = value.strip_prefix(PREFIX)?;
        let (name, version) = match named.split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (named, None),
        };
        let is_name = (1..=LONGEST_NAME).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_version = version.is_none_or(|version| {
            (1..=64).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        let found = Self {
            name: name.to_owned(),
            version: version.map(ToOwned::to_owned),
        };
        Some(
            (is_name && is_version)
                .then_some(found)
                .ok_or(SecretNameError),
        )
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}

/// A variable whose value is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The variable.
    pub variable: String,
    /// The secret.
    pub secret: SecretName,
}

/// One secret that is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: the secret {secret} is not to be had: {why}")]
pub struct SecretFault {
    /// The variable that wants it.
    pub variable: String,
    /// Which.
    pub secret: SecretName,
    /// Why.
    pub why: KeyVaultError,
}

/// All that are not to be had, told at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct SecretsError(pub Vec<SecretFault>);

impl SecretsError {
    fn told(&self) -> String {
        let faults: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        faults.join("; ")
    }
}

impl KeyVault {
    /// The values of `wanted`, each with its variable, in their order; or every reason
    /// why not. Four are asked for at once.
    pub async fn secrets(&self, wanted: &[Wanted]) -> Result<Vec<(String, Secret)>, SecretsError> {
        let asked = wanted.iter().map(|one| async move {
            let value = self.secret(&one.secret).await;
            value
                .map(|value| (one.variable.clone(), value))
                .map_err(|why| SecretFault {
                    variable: one.variable.clone(),
                    secret: one.secret.clone(),
                    why,
                })
        });
        let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for answer in answers {
            match answer {
                Ok(value) => values.push(value),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(values)
        } else {
            Err(SecretsError(faults))
        }
    }

    /// The value of one secret.
    pub async fn secret(&self, secret: &SecretName) -> Result<Secret, KeyVaultError> {
        let mut path = vec!["secrets", secret.name.as_str()];
        path.extend(secret.version.as_deref());
        let body = self.ask(Method::GET, &path, None).await?;
        let Bundle { value } = serde_json::from_slice(&body)
            .map_err(|_| KeyVaultError::Unreadable("it is no secret"))?;
        if value.is_empty() {
            return Err(KeyVaultError::Unreadable("the secret is empty"));
        }
        Ok(Secret::new(value))
    }
}

/// A secret as the vault tells it. No `Debug`.
#[derive(Deserialize)]
struct Bundle {
    value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    fn a_setting_names_a_secret_or_is_a_value_of_its_own() {
        for (setting, told) in [
            ("@keyvault:model-api-key", "model-api-key"),
            ("@keyvault:a/0123abcd", "a/0123abcd"),
        ] {
            let name = SecretName::of_setting(setting).unwrap().unwrap();
            assert_eq!(name.to_string(), told);
        }
        for value in [
            "",
            "value",
            "keyvault:a",
            " @keyvault:a",
            "@Microsoft.KeyVault(x)",
        ] {
            assert_eq!(SecretName::of_setting(value), None, "{value}");
        }
        let long = format!("@keyvault:{}", "a".repeat(128));
        for broken in [
            "@keyvault:",
            "@keyvault:a_b",
            "@keyvault:a/",
            "@keyvault:/1",
            "@keyvault:a/b/c",
            "@keyvault:a?x",
            "@keyvault:..",
            "@keyvault:a/..",
            "@keyvault:키",
            long.as_str(),
        ] {
            let refused = SecretName::of_setting(broken).unwrap();
            assert_eq!(refused, Err(SecretNameError), "{broken}");
        }
    }
}
