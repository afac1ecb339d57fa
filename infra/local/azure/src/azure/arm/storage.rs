//! Storage accounts: read, and make by a long-running operation.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::Call;
use super::super::effect::effect;
use super::super::reply::{AzureError, Reply};
use super::subscriptions::LOCATIONS;
use super::{operations, scope};
use crate::clock::rfc3339;
use crate::directory::Access;
use crate::resource::{Pending, Resource, STORAGE_ACCOUNTS, Then};
use crate::seed::storage_properties;
use crate::state::{Change, Group, State};
use crate::world::World;

const READ: &str = "Microsoft.Storage/storageAccounts/read";
const WRITE: &str = "Microsoft.Storage/storageAccounts/write";

const SKUS: &[&str] = &[
    "Standard_LRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_ZRS",
    "Premium_LRS",
    "Premium_ZRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
];

pub fn list(
    world: &World,
    call: &Call,
    subscription: &str,
    group: Option<&str>,
) -> Result<Reply, AzureError> {
    let home = scope::subscription(call, subscription, Access::Reader, READ)?;
    let group = group
        .map(|name| scope::group(call, subscription, name, Access::Reader, READ))
        .transpose()?;
    Ok(Reply::list(world.store.read(
        world.clock.now_ms(),
        |state| {
            scope::of_type(state, home.id, group, STORAGE_ACCOUNTS)
                .map(Resource::to_arm)
                .collect()
        },
    )))
}

pub fn get(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<Reply, AzureError> {
    let group = scope::group(call, subscription, group, Access::Reader, READ)?;
    world.store.read(world.clock.now_ms(), |state| {
        scope::resource(state, group, STORAGE_ACCOUNTS, name).map(|found| Reply::ok(found.to_arm()))
    })
}

/// Creates (202, followed as an operation) or updates (200).
pub fn put(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<Reply, AzureError> {
    let group = scope::group(call, subscription, group, Access::Contributor, WRITE)?;
    check_name(name)?;
    let asked = Asked::read(&call.json()?)?;
    let now_ms = world.clock.now_ms();
    world.store.change(now_ms, |state| {
        let old = scope::find(state, group, STORAGE_ACCOUNTS, name);
        if old.is_none() && taken(state, name) {
            let message = format!("The storage account named {name} is already taken.");
            return Err(AzureError::conflict("StorageAccountAlreadyTaken", message));
        }
        if let Some(old) = old {
            check_update(old, &asked)?;
        }
        let operation_needed = old.is_none();
        let mut account = account(group, name, &asked, old, now_ms);
        let done = effect(call, now_ms, WRITE, &account.id());
        if !operation_needed {
            let reply = Reply::ok(account.to_arm());
            return Ok((
                vec![
                    Change::Resource {
                        resource: Box::new(account),
                    },
                    done,
                ],
                reply,
            ));
        }
        let operation = operations::begin(world, &account, now_ms);
        account.pending = Some(Pending {
            ready_at_ms: operation.ready_at_ms,
            then: Then::Exist,
        });
        let reply = operations::accepted(call, &account, &operation);
        let resource = Box::new(account);
        Ok((
            vec![
                Change::Resource { resource },
                Change::Operation { operation },
                done,
            ],
            reply,
        ))
    })
}

/// What the body asks for.
struct Asked {
    location: String,
    sku: String,
    kind: String,
    tags: Option<BTreeMap<String, String>>,
    properties: Value,
}

impl Asked {
    fn read(body: &Value) -> Result<Self, AzureError> {
        let wrong =
            |message: String| AzureError::bad_request("InvalidValuesForRequestParameters", message);
        let location = body["location"].as_str().unwrap_or_default();
        let location = location.replace(' ', "").to_ascii_lowercase();
        if !LOCATIONS.iter().any(|(name, _)| *name == location) {
            let places: Vec<&str> = LOCATIONS.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "The provided location '{location}' is not available for resource type \
                 '{STORAGE_ACCOUNTS}'. List of available regions for the resource type is '{}'.",
                places.join(",")
            );
            return Err(AzureError::bad_request(
                "LocationNotAvailableForResourceType",
                message,
            ));
        }
        let sku = body["sku"]["name"].as_str().unwrap_or_default();
        let sku = SKUS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(sku))
            .ok_or_else(|| {
                wrong(format!(
                    "Values for request parameters are invalid: sku.name '{sku}'."
                ))
            })?;
        let kind = body["kind"].as_str().unwrap_or_default();
        if !matches!(
            kind,
            "StorageV2" | "BlobStorage" | "BlockBlobStorage" | "FileStorage" | "Storage"
        ) {
            return Err(wrong(format!(
                "Values for request parameters are invalid: kind '{kind}'."
            )));
        }
        let tags = body["tags"].as_object().map(|tags| {
            tags.iter()
                .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect()
        });
        Ok(Self {
            location,
            sku: (*sku).to_owned(),
            kind: kind.to_owned(),
            tags,
            properties: body["properties"].clone(),
        })
    }
}

/// 3 to 24 lower-case letters and digits.
fn check_name(name: &str) -> Result<(), AzureError> {
    let legal = (3..=24).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if legal {
        return Ok(());
    }
    let message = format!(
        "{name} is not a valid storage account name. Storage account name must be between 3 and \
         24 characters in length and use numbers and lower-case letters only."
    );
    Err(AzureError::bad_request("AccountNameInvalid", message))
}

/// Names are unique in the whole of Azure, not only where the caller can see.
fn taken(state: &State, name: &str) -> bool {
    state
        .resources
        .values()
        .any(|found| found.type_name == STORAGE_ACCOUNTS && found.name == name)
}

fn check_update(old: &Resource, asked: &Asked) -> Result<(), AzureError> {
    if old.pending.is_some() {
        let message = "An operation is currently performing on this storage account that requires exclusive access.";
        return Err(AzureError::conflict(
            "StorageAccountOperationInProgress",
            message,
        ));
    }
    if old.location != asked.location {
        let message = format!(
            "The resource '{}' already exists in location '{}' in resource group '{}'. A resource \
             with the same name cannot be created in location '{}'.",
            old.name, old.location, old.group, asked.location
        );
        return Err(AzureError::conflict("InvalidResourceLocation", message));
    }
    Ok(())
}

fn account(
    group: &Group,
    name: &str,
    asked: &Asked,
    old: Option<&Resource>,
    now_ms: i64,
) -> Resource {
    let tier = asked.sku.split('_').next().unwrap_or_default();
    let properties = match old {
        Some(old) => {
            let made_at = old.properties["creationTime"].as_str().unwrap_or_default();
            storage_properties(name, &asked.properties, made_at)
        }
        None => storage_properties(name, &asked.properties, &rfc3339(now_ms)),
    };
    let tags = asked
        .tags
        .clone()
        .or_else(|| old.map(|old| old.tags.clone()))
        .unwrap_or_default();
    Resource {
        subscription: group.subscription.to_owned(),
        group: group.name.to_owned(),
        type_name: STORAGE_ACCOUNTS.to_owned(),
        name: name.to_owned(),
        location: asked.location.clone(),
        tags,
        sku: Some(json!({"name": asked.sku, "tier": tier})),
        kind: Some(asked.kind.clone()),
        properties,
        power: None,
        pending: None,
    }
}
