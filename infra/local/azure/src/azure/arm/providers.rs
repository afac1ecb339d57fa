//! Resource providers, as clients ask for them to learn API versions.

use serde_json::{Value, json};

use super::super::Call;
use super::super::reply::{AzureError, Reply};
use super::scope;
use super::subscriptions::LOCATIONS;
use crate::directory::{Access, Subscription};

/// Namespace, its types, their API versions.
const PROVIDERS: &[(&str, &[&str], &[&str])] = &[
    (
        "Microsoft.Compute",
        &["virtualMachines"],
        &["2024-11-01", "2024-07-01", "2024-03-01"],
    ),
    (
        "Microsoft.KeyVault",
        &["vaults"],
        &["2023-07-01", "2023-02-01"],
    ),
    (
        "Microsoft.ResourceGraph",
        &["resources"],
        &["2024-04-01", "2022-10-01"],
    ),
    (
        "Microsoft.Resources",
        &["subscriptions", "resourceGroups"],
        &["2022-12-01", "2022-09-01"],
    ),
    (
        "Microsoft.Storage",
        &["storageAccounts"],
        &["2024-01-01", "2023-05-01"],
    ),
];

const ACTION: &str = "Microsoft.Resources/subscriptions/providers/read";

pub fn list(call: &Call, subscription: &str) -> Result<Reply, AzureError> {
    let home = scope::subscription(call, subscription, Access::Reader, ACTION)?;
    Ok(Reply::list(
        PROVIDERS
            .iter()
            .map(|provider| body(home, provider))
            .collect(),
    ))
}

pub fn get(call: &Call, subscription: &str, namespace: &str) -> Result<Reply, AzureError> {
    let home = scope::subscription(call, subscription, Access::Reader, ACTION)?;
    PROVIDERS
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(namespace))
        .map(|provider| Reply::ok(body(home, provider)))
        .ok_or_else(|| {
            let message = format!("The resource namespace '{namespace}' is invalid.");
            AzureError::not_found("InvalidResourceNamespace", message)
        })
}

fn body(home: &Subscription, (namespace, types, versions): &(&str, &[&str], &[&str])) -> Value {
    let places: Vec<&str> = LOCATIONS
        .iter()
        .map(|(_, display_name)| *display_name)
        .collect();
    let types: Vec<Value> = types
        .iter()
        .map(|name| json!({"resourceType": name, "locations": places, "apiVersions": versions}))
        .collect();
    json!({
        "id": format!("/subscriptions/{}/providers/{namespace}", home.id),
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": types,
    })
}
