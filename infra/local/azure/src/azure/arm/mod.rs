//! Azure Resource Manager: all its routes in one list.
//!
//! Form: <https://learn.microsoft.com/rest/api/resources>. Names in a path are compared without
//! regard to case, as ARM does; answers carry them with Azure's capitals.

mod groups;
mod kql;
mod machines;
mod operations;
mod providers;
mod resource_graph;
mod scope;
mod storage;
mod subscriptions;
mod vaults;

use http::Method;
use serde_json::Value;

use super::Call;
use super::reply::{AzureError, Reply};
use crate::world::World;

pub fn answer(world: &World, call: &Call) -> Result<Reply, AzureError> {
    if call.parameter("api-version").is_none() {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(AzureError::bad_request(
            "MissingApiVersionParameter",
            message,
        ));
    }
    let lower: Vec<String> = call
        .parts
        .iter()
        .map(|part| part.to_ascii_lowercase())
        .collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let part = |place: usize| call.parts.get(place).map_or("", String::as_str);
    let sub = part(1);
    let (group, name) = (part(3), part(7));

    match (&call.method, lower.as_slice()) {
        (&Method::GET, ["subscriptions"]) => Ok(subscriptions::list(call)),
        (&Method::GET, ["tenants"]) => Ok(subscriptions::tenants(call)),
        (&Method::GET, ["subscriptions", _]) => subscriptions::get(call, sub),
        (&Method::GET, ["subscriptions", _, "locations"]) => subscriptions::locations(call, sub),
        (&Method::GET, ["subscriptions", _, "providers"]) => providers::list(call, sub),
        (&Method::GET, ["subscriptions", _, "providers", _]) => providers::get(call, sub, group),

        (&Method::GET, ["subscriptions", _, "resources"]) => {
            groups::resources(world, call, sub, None)
        }
        (&Method::GET, ["subscriptions", _, "resourcegroups"]) => groups::list(call, sub),
        (&Method::GET | &Method::HEAD, ["subscriptions", _, "resourcegroups", _]) => {
            groups::get(call, sub, group)
        }
        (&Method::GET, ["subscriptions", _, "resourcegroups", _, "resources"]) => {
            groups::resources(world, call, sub, Some(group))
        }

        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "providers",
                "microsoft.storage",
                "storageaccounts",
            ],
        ) => storage::list(world, call, sub, None),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.storage",
                "storageaccounts",
            ],
        ) => storage::list(world, call, sub, Some(group)),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.storage",
                "storageaccounts",
                _,
            ],
        ) => storage::get(world, call, sub, group, name),
        (
            &Method::PUT,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.storage",
                "storageaccounts",
                _,
            ],
        ) => storage::put(world, call, sub, group, name),

        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
            ],
        ) => machines::list(world, call, sub, None),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
            ],
        ) => machines::list(world, call, sub, Some(group)),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
                _,
            ],
        ) => machines::get(world, call, sub, group, name),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
                _,
                "instanceview",
            ],
        ) => machines::instance_view(world, call, sub, group, name),
        (
            &Method::POST,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
                _,
                action,
            ],
        ) => machines::act(world, call, sub, group, name, action),
        (
            &Method::PATCH,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
                _,
            ],
        ) => machines::patch(world, call, sub, group, name),
        (
            &Method::DELETE,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.compute",
                "virtualmachines",
                _,
            ],
        ) => machines::delete(world, call, sub, group, name),

        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "providers",
                "microsoft.keyvault",
                "vaults",
            ],
        ) => vaults::list(world, call, sub, None),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.keyvault",
                "vaults",
            ],
        ) => vaults::list(world, call, sub, Some(group)),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "resourcegroups",
                _,
                "providers",
                "microsoft.keyvault",
                "vaults",
                _,
            ],
        ) => vaults::get(world, call, sub, group, name),

        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "providers",
                _,
                "locations",
                _,
                "operations",
                _,
            ],
        ) => operations::status(world, call, sub, name),
        (
            &Method::GET,
            [
                "subscriptions",
                _,
                "providers",
                _,
                "locations",
                _,
                "operationresults",
                _,
            ],
        ) => operations::result(world, call, sub, name),
        (&Method::POST, ["providers", "microsoft.resourcegraph", "resources"]) => {
            resource_graph::query(world, call)
        }
        _ => Err(AzureError::not_found(
            "InvalidResourceType",
            format!(
                "The sandbox's Resource Manager does not serve {} {}.",
                call.method, call.path
            ),
        )),
    }
}

/// The query of a Resource Graph request, for the log.
pub fn graph_query(path: &str, body: &[u8]) -> Option<Value> {
    path.eq_ignore_ascii_case("/providers/Microsoft.ResourceGraph/resources")
        .then(|| serde_json::from_slice::<Value>(body).ok())
        .flatten()
        .map(|body| body["query"].clone())
}
