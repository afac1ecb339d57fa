//! Azure resources as the sandbox keeps them, and their forms in Resource Manager and Resource
//! Graph.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::directory;

pub const STORAGE_ACCOUNTS: &str = "Microsoft.Storage/storageAccounts";
pub const VIRTUAL_MACHINES: &str = "Microsoft.Compute/virtualMachines";
pub const VAULTS: &str = "Microsoft.KeyVault/vaults";

/// One resource. `properties` holds what its provider answers, without `provisioningState`, which
/// follows from `pending`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub subscription: String,
    pub group: String,
    /// With the capitals of Azure's documentation: `Microsoft.Storage/storageAccounts`.
    #[serde(rename = "type")]
    pub type_name: String,
    pub name: String,
    pub location: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub properties: Value,
    /// Of virtual machines only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
}

/// Power state of a virtual machine between operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    Running,
    Stopped,
    Deallocated,
}

/// A change that was accepted and ripens at `ready_at_ms` (Unix milliseconds).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub ready_at_ms: i64,
    pub then: Then,
}

/// What a ripe change does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    Exist,
    Restarted,
    Power(Power),
    Gone,
}

impl Resource {
    /// The ARM id, with the capitals of its parts.
    pub fn id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/{}/{}",
            self.subscription, self.group, self.type_name, self.name
        )
    }

    /// The id as a key: ARM compares ids without regard to case.
    pub fn key(&self) -> String {
        self.id().to_ascii_lowercase()
    }

    fn provisioning_state(&self) -> &'static str {
        match self.pending.as_ref().map(|pending| pending.then) {
            None => "Succeeded",
            Some(Then::Exist) => "Creating",
            Some(Then::Gone) => "Deleting",
            Some(Then::Power(_) | Then::Restarted) => "Updating",
        }
    }

    fn full_properties(&self) -> Value {
        let mut properties = self.properties.clone();
        properties["provisioningState"] = self.provisioning_state().into();
        properties
    }

    /// As `GET` on the id answers.
    pub fn to_arm(&self) -> Value {
        let mut body = json!({
            "id": self.id(),
            "name": self.name,
            "type": self.type_name,
            "location": self.location,
            "tags": self.tags,
            "properties": self.full_properties(),
        });
        if let Some(sku) = &self.sku {
            body["sku"] = sku.clone();
        }
        if let Some(kind) = &self.kind {
            body["kind"] = kind.as_str().into();
        }
        body
    }

    /// As a list of a group's or a subscription's resources answers: no `properties`.
    pub fn to_list_item(&self) -> Value {
        let mut body = self.to_arm();
        if let Some(members) = body.as_object_mut() {
            members.remove("properties");
        }
        body
    }

    /// As a row of Resource Graph's `resources` table: types and group names in lower case.
    pub fn to_graph_row(&self) -> Value {
        let tenant = directory::subscription(&self.subscription).map(|found| found.tenant);
        json!({
            "id": self.id(),
            "name": self.name,
            "type": self.type_name.to_ascii_lowercase(),
            "tenantId": tenant,
            "kind": self.kind.as_deref().unwrap_or_default(),
            "location": self.location,
            "resourceGroup": self.group.to_ascii_lowercase(),
            "subscriptionId": self.subscription,
            "managedBy": "",
            "sku": self.sku,
            "plan": null,
            "properties": self.full_properties(),
            "tags": self.tags,
            "identity": null,
            "zones": null,
            "extendedLocation": null,
        })
    }

    /// Code of the power state that an instance view names: `running`, `deallocating`, …
    pub fn power_code(&self) -> &'static str {
        match self.pending.as_ref().map(|pending| pending.then) {
            Some(Then::Power(Power::Running) | Then::Exist) => "starting",
            Some(Then::Power(Power::Stopped)) => "stopping",
            Some(Then::Power(Power::Deallocated)) => "deallocating",
            Some(Then::Restarted | Then::Gone) | None => match self.power {
                Some(Power::Stopped) => "stopped",
                Some(Power::Deallocated) => "deallocated",
                Some(Power::Running) | None => "running",
            },
        }
    }

    /// The resource after its pending change, if that change leaves one.
    pub fn ripened(mut self) -> Option<Self> {
        match self.pending.take().map(|pending| pending.then) {
            Some(Then::Gone) => return None,
            Some(Then::Power(power)) => self.power = Some(power),
            Some(Then::Exist | Then::Restarted) | None => {}
        }
        Some(self)
    }
}
