//! Resource groups and what lies in them.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::super::Call;
use super::super::reply::{AzureError, Reply};
use super::scope;
use crate::directory::Access;
use crate::resource::Resource;
use crate::seed;
use crate::state::Group;
use crate::world::World;

const READ: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";

pub fn list(call: &Call, subscription: &str) -> Result<Reply, AzureError> {
    let home = scope::subscription(call, subscription, Access::Reader, READ)?;
    let items = seed::GROUPS
        .iter()
        .filter(|group| group.subscription == home.id)
        .map(body);
    Ok(Reply::list(items.collect()))
}

/// `GET`, and `HEAD` for "does it exist" (204).
pub fn get(call: &Call, subscription: &str, name: &str) -> Result<Reply, AzureError> {
    let group = scope::group(call, subscription, name, Access::Reader, READ)?;
    if call.method == Method::HEAD {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    Ok(Reply::ok(body(group)))
}

/// Resources of a subscription or of one group; `$filter=resourceType eq '…'` is understood.
pub fn resources(
    world: &World,
    call: &Call,
    subscription: &str,
    group: Option<&str>,
) -> Result<Reply, AzureError> {
    let action = "Microsoft.Resources/subscriptions/resources/read";
    let home = scope::subscription(call, subscription, Access::Reader, action)?;
    let group = group
        .map(|name| scope::group(call, subscription, name, Access::Reader, action))
        .transpose()?;
    let wanted = call
        .parameter("$filter")
        .map(resource_type_of)
        .transpose()?;
    let items = world.store.read(world.clock.now_ms(), |state| {
        state
            .of_subscription(home.id)
            .filter(|found| group.is_none_or(|group| group.name == found.group))
            .filter(|found| {
                wanted.is_none_or(|wanted| found.type_name.eq_ignore_ascii_case(wanted))
            })
            .map(Resource::to_list_item)
            .collect()
    });
    Ok(Reply::list(items))
}

fn resource_type_of(filter: &str) -> Result<&str, AzureError> {
    filter
        .trim()
        .strip_prefix("resourceType eq '")
        .and_then(|rest| rest.strip_suffix('\''))
        .filter(|name| !name.contains('\''))
        .ok_or_else(|| {
            let message =
                format!("The sandbox understands \"resourceType eq '…'\" only, not \"{filter}\".");
            AzureError::bad_request("InvalidFilterInQueryString", message)
        })
}

fn body(group: &Group) -> Value {
    let tags: Map<String, Value> = group
        .tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).into()))
        .collect();
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{}", group.subscription, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": tags,
        "properties": {"provisioningState": "Succeeded"},
    })
}
