//! The sandbox's Azure at its first start: groups, storage accounts, machines, vaults, secrets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::directory::{CONTOSO_DEV, CONTOSO_PROD, FABRIKAM_MAIN, PRODUCT_VAULT, subscription};
use crate::random;
use crate::resource::{Power, Resource, STORAGE_ACCOUNTS, VAULTS, VIRTUAL_MACHINES};
use crate::state::{Group, Secret};

/// 2026-01-05T09:00:00Z in Unix milliseconds: when everything here was made.
const MADE_MS: i64 = 1_767_603_600_000;
const MADE: &str = "2026-01-05T09:00:00.0000000Z";

type Tags = &'static [(&'static str, &'static str)];

const PROD_WEB: Tags = &[("env", "prod"), ("team", "web"), ("owner", "alice")];
const PROD_DATA: Tags = &[("env", "prod"), ("team", "data"), ("owner", "carol")];
const DEV: Tags = &[("env", "dev"), ("team", "web"), ("owner", "bob")];
const TEST: Tags = &[("env", "test"), ("team", "qa"), ("owner", "dave")];
const FABRIKAM: Tags = &[("env", "prod"), ("team", "core"), ("owner", "eve")];

pub const GROUPS: &[Group] = &[
    Group {
        subscription: CONTOSO_PROD,
        name: "rg-prod-web",
        location: "koreacentral",
        tags: PROD_WEB,
    },
    Group {
        subscription: CONTOSO_PROD,
        name: "rg-prod-data",
        location: "koreacentral",
        tags: PROD_DATA,
    },
    Group {
        subscription: CONTOSO_DEV,
        name: "rg-dev",
        location: "koreacentral",
        tags: DEV,
    },
    Group {
        subscription: CONTOSO_DEV,
        name: "rg-dev-test",
        location: "koreasouth",
        tags: TEST,
    },
    Group {
        subscription: FABRIKAM_MAIN,
        name: "rg-fabrikam",
        location: "koreacentral",
        tags: FABRIKAM,
    },
];

pub fn resources() -> Vec<Resource> {
    vec![
        storage("rg-prod-web", "stcontosoprodweb", "Standard_GRS"),
        storage("rg-prod-data", "stcontosoproddata", "Standard_RAGRS"),
        storage("rg-prod-data", "stcontosobackup", "Standard_LRS"),
        storage("rg-dev", "stcontosodev", "Standard_LRS"),
        storage("rg-dev-test", "stcontosotest", "Standard_LRS"),
        storage("rg-fabrikam", "stfabrikam", "Standard_ZRS"),
        machine(
            "rg-prod-web",
            "vm-prod-web-1",
            "Standard_D4s_v5",
            Power::Running,
        ),
        machine(
            "rg-prod-web",
            "vm-prod-web-2",
            "Standard_D4s_v5",
            Power::Running,
        ),
        machine(
            "rg-prod-data",
            "vm-prod-db-1",
            "Standard_E8s_v5",
            Power::Running,
        ),
        machine("rg-dev", "vm-dev-1", "Standard_B2s", Power::Running),
        machine("rg-dev", "vm-dev-2", "Standard_B2s", Power::Deallocated),
        machine("rg-dev-test", "vm-test-1", "Standard_B1s", Power::Stopped),
        machine(
            "rg-fabrikam",
            "vm-fabrikam-1",
            "Standard_D2s_v5",
            Power::Running,
        ),
        vault("rg-prod-data", "kv-prod"),
        vault("rg-dev", "kv-dev"),
        vault("rg-fabrikam", "kv-fabrikam"),
    ]
}

/// Secret values say themselves that they are none.
pub fn secrets() -> Vec<Secret> {
    vec![
        secret(
            "kv-dev",
            "db-connection",
            "sandbox-value-of-dev-db-connection",
            "text/plain",
        ),
        secret(
            "kv-dev",
            "api-token",
            "sandbox-value-of-dev-api-token",
            "text/plain",
        ),
        secret(
            "kv-prod",
            "db-connection",
            "sandbox-value-of-prod-db-connection",
            "text/plain",
        ),
        secret(
            "kv-prod",
            "tls-passphrase",
            "sandbox-value-of-prod-tls-passphrase",
            "text/plain",
        ),
        secret(
            "kv-fabrikam",
            "partner-key",
            "sandbox-value-of-fabrikam-partner-key",
            "text/plain",
        ),
        secret(
            PRODUCT_VAULT,
            "model-api-key",
            "sandbox-value-of-model-api-key",
            "text/plain",
        ),
    ]
}

fn group(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.name == name)
}

fn resource(group_name: &str, type_name: &str, name: &str, properties: Value) -> Resource {
    let home = group(group_name);
    Resource {
        subscription: home.map_or("", |group| group.subscription).to_owned(),
        group: group_name.to_owned(),
        type_name: type_name.to_owned(),
        name: name.to_owned(),
        location: home.map_or("", |group| group.location).to_owned(),
        tags: home
            .map_or(&[][..], |group| group.tags)
            .iter()
            .map(owned)
            .collect(),
        sku: None,
        kind: None,
        properties,
        power: None,
        pending: None,
    }
}

fn owned((key, value): &(&str, &str)) -> (String, String) {
    ((*key).to_owned(), (*value).to_owned())
}

fn storage(group_name: &str, name: &str, sku: &str) -> Resource {
    let properties = storage_properties(name, &json!({"accessTier": "Hot"}), MADE);
    let mut made = resource(group_name, STORAGE_ACCOUNTS, name, properties);
    made.sku = Some(json!({"name": sku, "tier": "Standard"}));
    made.kind = Some("StorageV2".to_owned());
    made
}

/// Properties of a storage account: what was asked for over the defaults of Azure.
pub fn storage_properties(name: &str, asked: &Value, made_at: &str) -> Value {
    let mut properties = json!({
        "accessTier": "Hot",
        "allowBlobPublicAccess": false,
        "allowSharedKeyAccess": true,
        "creationTime": made_at,
        "isHnsEnabled": false,
        "minimumTlsVersion": "TLS1_2",
        "primaryEndpoints": {
            "blob": format!("https://{name}.blob.core.windows.net/"),
            "dfs": format!("https://{name}.dfs.core.windows.net/"),
            "file": format!("https://{name}.file.core.windows.net/"),
            "queue": format!("https://{name}.queue.core.windows.net/"),
            "table": format!("https://{name}.table.core.windows.net/"),
        },
        "publicNetworkAccess": "Enabled",
        "statusOfPrimary": "available",
        "supportsHttpsTrafficOnly": true,
    });
    for (key, value) in asked.as_object().into_iter().flatten() {
        if !value.is_null() {
            properties[key.as_str()] = value.clone();
        }
    }
    properties
}

fn machine(group_name: &str, name: &str, size: &str, power: Power) -> Resource {
    let id = random::sha256_hex(&format!("vm/{name}"));
    let base = format!(
        "/subscriptions/{}/resourceGroups/{group_name}/providers",
        group(group_name).map_or("", |group| group.subscription)
    );
    let properties = json!({
        "vmId": format!("00000000-0000-4000-8000-{}", &id[..12]),
        "hardwareProfile": {"vmSize": size},
        "storageProfile": {
            "imageReference": {
                "publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                "version": "latest", "exactVersion": "24.04.202512010",
            },
            "osDisk": {
                "osType": "Linux", "name": format!("{name}-os"), "createOption": "FromImage",
                "caching": "ReadWrite", "diskSizeGB": 30, "deleteOption": "Delete",
                "managedDisk": {
                    "storageAccountType": "StandardSSD_LRS",
                    "id": format!("{base}/Microsoft.Compute/disks/{name}-os"),
                },
            },
            "dataDisks": [],
        },
        "osProfile": {
            "computerName": name, "adminUsername": "azureuser", "allowExtensionOperations": true,
            "linuxConfiguration": {"disablePasswordAuthentication": true, "provisionVMAgent": true},
            "secrets": [],
        },
        "networkProfile": {"networkInterfaces": [{
            "id": format!("{base}/Microsoft.Network/networkInterfaces/{name}-nic"),
            "properties": {"primary": true},
        }]},
        "timeCreated": "2026-01-05T09:00:00.0000000+00:00",
    });
    let mut made = resource(group_name, VIRTUAL_MACHINES, name, properties);
    made.power = Some(power);
    made
}

fn vault(group_name: &str, name: &str) -> Resource {
    let tenant = group(group_name)
        .and_then(|group| subscription(group.subscription))
        .map_or("", |found| found.tenant);
    resource(
        group_name,
        VAULTS,
        name,
        json!({
            "tenantId": tenant,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": true,
            "enableSoftDelete": true,
            "softDeleteRetentionInDays": 90,
            "publicNetworkAccess": "Enabled",
            "vaultUri": format!("https://{name}.vault.azure.net/"),
        }),
    )
}

fn secret(vault: &str, name: &str, value: &str, content_type: &str) -> Secret {
    Secret {
        vault: vault.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
        version: random::sha256_hex(&format!("{vault}/{name}"))[..32].to_owned(),
        content_type: Some(content_type.to_owned()),
        tags: BTreeMap::new(),
        created_ms: MADE_MS,
        updated_ms: MADE_MS,
    }
}
