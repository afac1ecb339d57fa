//! Key Vault's data plane: what is done with keys inside the vault.
//!
//! Form: <https://learn.microsoft.com/rest/api/keyvault/keys/operation-groups>, 7.4 and later.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::forbidden;
use crate::azure::effect::effect;
use crate::azure::reply::{AzureError, Reply};
use crate::azure::{Call, VAULT_SUFFIX};
use crate::directory::{KeyAccess, PRODUCT_VAULT};
use crate::keys::KeyError;
use crate::vault_keys::{Definition, KeyKind, Version, definition};
use crate::world::World;

/// When every key was made, for all that anybody can see: 2026-01-05T09:00:00Z.
const MADE_S: i64 = 1_767_603_600;

pub fn answer(
    world: &World,
    call: &Call,
    vault: &str,
    parts: &[&str],
) -> Option<Result<Reply, AzureError>> {
    let reply = match (&call.method, parts) {
        (&Method::GET, [name]) => get(world, call, vault, name, None),
        (&Method::GET, [name, version]) => get(world, call, vault, name, Some(version)),
        (&Method::PATCH, [name, version]) => update(world, call, vault, name, version),
        (&Method::POST, [name, "rotate"]) => rotate(world, call, vault, name),
        (&Method::POST, [name, version, operation]) => {
            operate(world, call, vault, name, version, operation)?
        }
        _ => return None,
    };
    Some(reply)
}

fn get(
    world: &World,
    call: &Call,
    vault: &str,
    name: &str,
    version: Option<&str>,
) -> Result<Reply, AzureError> {
    allow(call, vault, name, KeyAccess::Encrypt, "read")?;
    let (key, version) = find(world, vault, name, version)?;
    bundle(key, &version)
}

fn update(
    world: &World,
    call: &Call,
    vault: &str,
    name: &str,
    version: &str,
) -> Result<Reply, AzureError> {
    allow(call, vault, name, KeyAccess::Manage, "update/action")?;
    let (key, mut version) = find(world, vault, name, Some(version))?;
    if let Some(is_enabled) = call.json()?["attributes"]["enabled"].as_bool() {
        world.vault_keys.enable(&version, is_enabled);
        version.is_enabled = is_enabled;
        record(world, call, key, "update/action")?;
    }
    bundle(key, &version)
}

fn rotate(world: &World, call: &Call, vault: &str, name: &str) -> Result<Reply, AzureError> {
    allow(call, vault, name, KeyAccess::Manage, "rotate/action")?;
    let (key, _) = find(world, vault, name, None)?;
    let version = world.vault_keys.rotate(key)?;
    record(world, call, key, "rotate/action")?;
    bundle(key, &version)
}

/// `None`: there is no such operation here.
fn operate(
    world: &World,
    call: &Call,
    vault: &str,
    name: &str,
    version: &str,
    operation: &str,
) -> Option<Result<Reply, AzureError>> {
    let (needed, action, operation) = match operation {
        "wrapkey" => (KeyAccess::Encrypt, "wrap/action", "wrapKey"),
        "unwrapkey" => (KeyAccess::Encrypt, "unwrap/action", "unwrapKey"),
        "sign" => (KeyAccess::Use, "sign/action", "sign"),
        _ => return None,
    };
    let reply = allow(call, vault, name, needed, action)
        .and_then(|()| find(world, vault, name, Some(version)))
        .and_then(|(key, version)| done(call, key, &version, operation));
    Some(reply)
}

fn done(
    call: &Call,
    key: &Definition,
    version: &Version,
    operation: &'static str,
) -> Result<Reply, AzureError> {
    if !version.is_enabled {
        let message = format!("Operation {operation} is not allowed on a disabled key.");
        return Err(forbidden("KeyDisabled", message));
    }
    if !key.operations.contains(&operation) {
        let message = format!("Operation \"{operation}\" is not permitted on this key.");
        return Err(forbidden("KeyOperationForbidden", message));
    }
    let body = call.json()?;
    let algorithm = match key.kind {
        KeyKind::Rsa3072 => "RSA-OAEP-256",
        KeyKind::P256 => "ES256",
    };
    let bad = |message: &str| AzureError::bad_request("BadParameter", message);
    if body["alg"] != algorithm {
        return Err(bad(
            "Key and algorithm are incompatible, or the algorithm is not supported.",
        ));
    }
    let value = body["value"]
        .as_str()
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or_else(|| bad("Property 'value' has an invalid value."))?;
    let result = match operation {
        "wrapKey" => version.wrap(&value),
        "unwrapKey" => version.unwrap(&value),
        _ => version.sign(&value),
    };
    let result = result.ok_or_else(|| bad("The parameter is incorrect.\r\n"))?;
    Ok(Reply::ok(json!({
        "kid": kid(key, version),
        "value": URL_SAFE_NO_PAD.encode(result),
    })))
}

fn allow(
    call: &Call,
    vault: &str,
    name: &str,
    needed: KeyAccess,
    action: &str,
) -> Result<(), AzureError> {
    let access = call.caller.key_access(vault, name);
    if access.is_some_and(|access| access >= needed) {
        return Ok(());
    }
    let message = format!(
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny \
         assignments or role definitions were changed recently, please observe propagation time.\
         \r\nCaller: oid={}\r\nAction: 'Microsoft.KeyVault/vaults/keys/{action}'\r\nResource: \
         '/keys/{name}'\r\nVault: {vault}",
        call.caller.oid
    );
    Err(forbidden("ForbiddenByRbac", message))
}

fn find(
    world: &World,
    vault: &str,
    name: &str,
    version: Option<&str>,
) -> Result<(&'static Definition, Version), AzureError> {
    let key = definition(name).filter(|_| vault == PRODUCT_VAULT);
    let found = match key {
        Some(key) => world
            .vault_keys
            .version(key, version)?
            .map(|version| (key, version)),
        None => None,
    };
    found.ok_or_else(|| {
        let message = format!(
            "A key with (name/id) {name} was not found in this key vault. If you recently deleted \
             this key you may be able to recover it using the correct recovery command."
        );
        AzureError::not_found("KeyNotFound", message)
    })
}

fn kid(key: &Definition, version: &Version) -> String {
    format!(
        "https://{PRODUCT_VAULT}{VAULT_SUFFIX}/keys/{}/{}",
        key.name, version.id
    )
}

fn bundle(key: &Definition, version: &Version) -> Result<Reply, AzureError> {
    let mut public = version.public()?;
    public["kid"] = kid(key, version).into();
    public["key_ops"] = json!(key.operations);
    Ok(Reply::ok(json!({
        "key": public,
        "attributes": {
            "enabled": version.is_enabled,
            "created": MADE_S,
            "updated": MADE_S,
            "recoveryLevel": "Recoverable",
            "recoverableDays": 90,
            "exportable": false,
        },
        "tags": Value::Null,
    })))
}

fn record(world: &World, call: &Call, key: &Definition, action: &str) -> Result<(), AzureError> {
    let now_ms = world.clock.now_ms();
    let operation = format!("Microsoft.KeyVault/vaults/keys/{action}");
    let id = format!("https://{PRODUCT_VAULT}{VAULT_SUFFIX}/keys/{}", key.name);
    let done = effect(call, now_ms, &operation, &id);
    world.store.change(now_ms, |_| Ok((vec![done], ())))
}

impl From<KeyError> for AzureError {
    fn from(_: KeyError) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "The key cannot be used.",
        )
    }
}
