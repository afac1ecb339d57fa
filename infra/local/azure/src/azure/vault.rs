//! Key Vault's data plane: list, read and set secrets; its keys are in `keys`.
//!
//! Form: <https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups>, 7.4 and later.

mod keys;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::effect::effect;
use super::reply::{AzureError, Reply};
use super::{Call, VAULT_SUFFIX};
use crate::directory::{PRODUCT_VAULT, VaultAccess};
use crate::random;
use crate::state::{Change, Secret};
use crate::world::World;

/// Largest secret: 25 kB, as Azure's.
const LARGEST_SECRET: usize = 25_000;

pub fn answer(world: &World, call: &Call) -> Result<Reply, AzureError> {
    let vault = call.host.strip_suffix(VAULT_SUFFIX).unwrap_or_default();
    let exists = vault == PRODUCT_VAULT
        || world.store.read(world.clock.now_ms(), |state| {
            state
                .resources
                .values()
                .any(|found| found.type_name == crate::resource::VAULTS && found.name == vault)
        });
    if !exists {
        let message = format!("The sandbox has no key vault named '{vault}'.");
        return Err(AzureError::not_found("VaultNotFound", message));
    }
    if call.parameter("api-version").is_none() {
        return Err(AzureError::bad_request(
            "BadParameter",
            "api-version must be specified",
        ));
    }
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    match (&call.method, parts.as_slice()) {
        (&Method::GET, ["secrets"]) => list(world, call, vault),
        (&Method::GET, ["secrets", name]) => get(world, call, vault, name, None),
        (&Method::GET, ["secrets", name, version]) => get(world, call, vault, name, Some(version)),
        (&Method::PUT, ["secrets", name]) => set(world, call, vault, name),
        (_, ["keys", parts @ ..]) => {
            keys::answer(world, call, vault, parts).unwrap_or_else(|| Err(unserved(call)))
        }
        _ => Err(unserved(call)),
    }
}

fn unserved(call: &Call) -> AzureError {
    let message = format!(
        "The sandbox's key vault does not serve {} {}.",
        call.method, call.path
    );
    AzureError::not_found("NotFound", message)
}

fn forbidden(code: &'static str, message: String) -> AzureError {
    AzureError::new(http::StatusCode::FORBIDDEN, code, message)
}

fn allow(call: &Call, vault: &str, needed: VaultAccess, action: &str) -> Result<(), AzureError> {
    if call
        .caller
        .vault_access(vault)
        .is_some_and(|access| access >= needed)
    {
        return Ok(());
    }
    let message = format!(
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny \
         assignments or role definitions were changed recently, please observe propagation time.\
         \r\nCaller: oid={}\r\nAction: 'Microsoft.KeyVault/vaults/secrets/{action}'\r\nVault: {vault}",
        call.caller.oid
    );
    Err(forbidden("ForbiddenByRbac", message))
}

fn list(world: &World, call: &Call, vault: &str) -> Result<Reply, AzureError> {
    allow(call, vault, VaultAccess::List, "readMetadata/action")?;
    let items = world.store.read(world.clock.now_ms(), |state| {
        state
            .secrets
            .values()
            .filter(|secret| secret.vault == vault)
            .map(|secret| {
                let mut item = bundle(secret, &id(secret));
                if let Some(members) = item.as_object_mut() {
                    members.remove("value");
                }
                item
            })
            .collect::<Vec<_>>()
    });
    Ok(Reply::ok(json!({"value": items, "nextLink": null})))
}

fn get(
    world: &World,
    call: &Call,
    vault: &str,
    name: &str,
    version: Option<&str>,
) -> Result<Reply, AzureError> {
    allow(call, vault, VaultAccess::Get, "getSecret/action")?;
    world
        .store
        .read(world.clock.now_ms(), |state| {
            state.secrets.get(&(vault.to_owned(), name.to_ascii_lowercase())).cloned()
        })
        .filter(|secret| version.is_none_or(|version| version == secret.version))
        .map(|secret| Reply::ok(bundle(&secret, &versioned_id(&secret))))
        .ok_or_else(|| {
            let message = format!(
                "A secret with (name/id) {name} was not found in this key vault. If you recently \
                 deleted this secret you may be able to recover it using the correct recovery command."
            );
            AzureError::not_found("SecretNotFound", message)
        })
}

fn set(world: &World, call: &Call, vault: &str, name: &str) -> Result<Reply, AzureError> {
    allow(call, vault, VaultAccess::Set, "setSecret/action")?;
    let legal = (1..=127).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !legal {
        let message = "The request URI contains an invalid name: letters, digits and '-' only.";
        return Err(AzureError::bad_request("BadParameter", message));
    }
    let body = call.json()?;
    let value = body["value"].as_str().unwrap_or_default();
    if value.is_empty() || value.len() > LARGEST_SECRET {
        return Err(AzureError::bad_request(
            "BadParameter",
            "Property 'value' must be 1 to 25000 bytes.",
        ));
    }
    let now_ms = world.clock.now_ms();
    world.store.change(now_ms, |state| {
        let key = (vault.to_owned(), name.to_ascii_lowercase());
        let secret = Secret {
            vault: vault.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
            version: random::guid().replace('-', ""),
            content_type: body["contentType"].as_str().map(ToOwned::to_owned),
            tags: tags(&body["tags"]),
            created_ms: state.secrets.get(&key).map_or(now_ms, |old| old.created_ms),
            updated_ms: now_ms,
        };
        let done = effect(
            call,
            now_ms,
            "Microsoft.KeyVault/vaults/secrets/setSecret/action",
            &id(&secret),
        );
        let reply = Reply::ok(bundle(&secret, &versioned_id(&secret)));
        Ok((vec![Change::Secret { secret }, done], reply))
    })
}

fn tags(value: &Value) -> BTreeMap<String, String> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn id(secret: &Secret) -> String {
    format!(
        "https://{}{VAULT_SUFFIX}/secrets/{}",
        secret.vault, secret.name
    )
}

fn versioned_id(secret: &Secret) -> String {
    format!("{}/{}", id(secret), secret.version)
}

fn bundle(secret: &Secret, id: &str) -> Value {
    json!({
        "value": secret.value,
        "id": id,
        "contentType": secret.content_type,
        "attributes": {
            "enabled": true,
            "created": secret.created_ms.div_euclid(1000),
            "updated": secret.updated_ms.div_euclid(1000),
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": 90,
        },
        "tags": secret.tags,
    })
}
