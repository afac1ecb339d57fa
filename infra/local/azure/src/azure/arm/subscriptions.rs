//! Subscriptions, tenants and locations.

use serde_json::{Value, json};

use super::super::Call;
use super::super::reply::{AzureError, Reply};
use super::scope;
use crate::directory::{self, Access, SUBSCRIPTIONS, Subscription};

/// Places where a resource may be made: name, display name.
pub const LOCATIONS: &[(&str, &str)] = &[
    ("koreacentral", "Korea Central"),
    ("koreasouth", "Korea South"),
    ("japaneast", "Japan East"),
    ("southeastasia", "Southeast Asia"),
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("westus2", "West US 2"),
    ("westeurope", "West Europe"),
    ("northeurope", "North Europe"),
];

pub fn list(call: &Call) -> Reply {
    let visible = SUBSCRIPTIONS.iter().filter(|known| {
        known.tenant == call.caller.tenant && call.caller.access_to(known.id).is_some()
    });
    let mut reply = Reply::list(visible.map(body).collect());
    if let Some(body) = &mut reply.body {
        let count = body["value"].as_array().map_or(0, Vec::len);
        body["count"] = json!({"type": "Total", "value": count});
    }
    reply
}

pub fn get(call: &Call, id: &str) -> Result<Reply, AzureError> {
    let action = "Microsoft.Resources/subscriptions/read";
    scope::subscription(call, id, Access::Reader, action).map(|found| Reply::ok(body(found)))
}

/// The caller's own tenant and no other.
pub fn tenants(call: &Call) -> Reply {
    let own = directory::tenant(call.caller.tenant).map(|tenant| {
        json!({
            "id": format!("/tenants/{}", tenant.id),
            "tenantId": tenant.id,
            "countryCode": "KR",
            "displayName": tenant.name,
            "domains": [tenant.domain],
            "defaultDomain": tenant.domain,
            "tenantCategory": "Home",
            "tenantType": "AAD",
        })
    });
    Reply::list(own.into_iter().collect())
}

pub fn locations(call: &Call, id: &str) -> Result<Reply, AzureError> {
    let action = "Microsoft.Resources/subscriptions/locations/read";
    let home = scope::subscription(call, id, Access::Reader, action)?;
    let items = LOCATIONS.iter().map(|(name, display_name)| {
        json!({
            "id": format!("/subscriptions/{}/locations/{name}", home.id),
            "name": name,
            "type": "Region",
            "displayName": display_name,
            "regionalDisplayName": display_name,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        })
    });
    Ok(Reply::list(items.collect()))
}

fn body(subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "Sandbox_2014-09-01",
            "spendingLimit": "On",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "tags": {},
    })
}
