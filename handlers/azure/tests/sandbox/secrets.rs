//! Secrets of settings.

use std::sync::Arc;

use azimuth_azure::keyvault::{KeyVaultError, SecretName, Wanted};
use azimuth_ports::tokens::Secret;
use serde_json::{Value, json};

use crate::rig::{Azure, Fixed, VAULT};

fn wanted(variable: &str, setting: &str) -> Wanted {
    Wanted {
        variable: variable.to_owned(),
        secret: SecretName::of_setting(setting).unwrap().unwrap(),
    }
}

#[tokio::test]
async fn each_variable_gets_its_secret_with_one_question_for_the_way() {
    let azure = Azure::start().await;
    let vault = azure.vault(VAULT);
    let key = wanted("AZIMUTH_MODEL_API_KEY", "@keyvault:model-api-key");
    let many: Vec<Wanted> = (0..6)
        .map(|number| Wanted {
            variable: format!("V{number}"),
            ..key.clone()
        })
        .collect();
    let values = vault.secrets(&many).await.unwrap();
    let expected: Vec<(String, Secret)> = (0..6)
        .map(|number| {
            let value = Secret::new("sandbox-value-of-model-api-key");
            (format!("V{number}"), value)
        })
        .collect();
    assert_eq!(values, expected);

    let log = azure.requests().await;
    let path = |entry: &&Value| entry["kind"] == "request";
    let statuses: Vec<&Value> = log.iter().filter(path).map(|e| &e["status"]).collect();
    assert_eq!(statuses.len(), 7, "a challenge, and one for each");
    assert_eq!(*statuses[0], json!(401));
    assert_eq!(vault.secrets(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn a_version_that_is_named_does_not_follow_the_newest() {
    let azure = Azure::start().await;
    let vault = azure.vault(VAULT);
    let none = wanted("V", "@keyvault:model-api-key/0123");
    let error = vault.secrets(&[none]).await.unwrap_err();
    assert_eq!(error.0[0].why, KeyVaultError::Missing);
}

#[tokio::test]
async fn whatever_is_missing_is_told_at_once_by_variable_and_name() {
    let azure = Azure::start().await;
    let vault = azure.vault(VAULT);
    let error = vault
        .secrets(&[
            wanted("A", "@keyvault:nothing"),
            wanted("B", "@keyvault:model-api-key"),
            wanted("C", "@keyvault:nothing-else"),
        ])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "A: the secret nothing is not to be had: it is not in the key vault; \
         C: the secret nothing-else is not to be had: it is not in the key vault"
    );
}

#[tokio::test]
async fn a_refusal_is_told_in_the_vaults_own_word() {
    let azure = Azure::start().await;
    let key = wanted("V", "@keyvault:model-api-key");
    let other = azure.vault("https://kv-prod.vault.azure.net/");
    let error = other.secrets(std::slice::from_ref(&key)).await.unwrap_err();
    let refused = KeyVaultError::Refused("403 ForbiddenByRbac".to_owned());
    assert_eq!(error.0[0].why, refused);

    let stranger = azure.vault_as(VAULT, Arc::new(Fixed("t0ken".to_owned())));
    let error = stranger.secrets(&[key]).await.unwrap_err();
    let refused = KeyVaultError::Refused("401 Unauthorized".to_owned());
    assert_eq!(error.0[0].why, refused);
}

#[tokio::test]
async fn a_vault_that_is_busy_is_asked_again_and_not_for_ever() {
    let azure = Azure::start().await;
    let vault = azure.vault(VAULT);
    let key = [wanted("V", "@keyvault:model-api-key")];
    let busy = |times: u32| json!({"match": {"host_contains": "kv-azimuth"}, "status": 429, "count": times});
    azure.order("/sandbox/faults", &busy(2)).await;
    assert!(vault.secrets(&key).await.is_ok());
    azure.order("/sandbox/faults", &busy(100)).await;
    let error = vault.secrets(&key).await.unwrap_err();
    let told = KeyVaultError::NoAnswer("429 SandboxFault".to_owned());
    assert_eq!(error.0[0].why, told);
}
