//! Long-running operations: how they begin, and how a client follows them.
//!
//! Form: <https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/async-api-reference.md>.

use http::StatusCode;
use serde_json::json;

use super::super::Call;
use super::super::reply::{AzureError, Reply};
use super::scope;
use crate::clock::rfc3339;
use crate::directory::Access;
use crate::random;
use crate::resource::Resource;
use crate::state::Operation;
use crate::world::World;

/// A new operation on a resource, ripe when the world's operations are.
pub fn begin(world: &World, resource: &Resource, now_ms: i64) -> Operation {
    Operation {
        id: random::guid(),
        subscription: resource.subscription.clone(),
        resource_id: resource.id(),
        started_ms: now_ms,
        ready_at_ms: now_ms + world.operation_ms,
    }
}

/// `202` with both addresses under which the operation can be followed.
pub fn accepted(call: &Call, resource: &Resource, operation: &Operation) -> Reply {
    let namespace = resource.type_name.split('/').next().unwrap_or_default();
    let address = |kind: &str| {
        format!(
            "https://{}/subscriptions/{}/providers/{namespace}/locations/{}/{kind}/{}?api-version={}",
            call.host,
            operation.subscription,
            resource.location,
            operation.id,
            call.parameter("api-version").unwrap_or("2024-01-01"),
        )
    };
    Reply::empty(StatusCode::ACCEPTED)
        .with("azure-asyncoperation", address("operations"))
        .with("location", address("operationResults"))
        .with("retry-after", "1")
}

fn find(world: &World, call: &Call, subscription: &str, id: &str) -> Result<Operation, AzureError> {
    let action = "Microsoft.Resources/subscriptions/operationresults/read";
    let home = scope::subscription(call, subscription, Access::Reader, action)?;
    world
        .store
        .read(world.clock.now_ms(), |state| {
            state.operations.get(id).cloned()
        })
        .filter(|operation| operation.subscription == home.id)
        .ok_or_else(|| {
            AzureError::not_found(
                "OperationNotFound",
                format!("Operation '{id}' was not found."),
            )
        })
}

/// `Azure-AsyncOperation`: a status document.
pub fn status(
    world: &World,
    call: &Call,
    subscription: &str,
    id: &str,
) -> Result<Reply, AzureError> {
    let operation = find(world, call, subscription, id)?;
    let mut body = json!({
        "id": call.path,
        "name": operation.id,
        "startTime": rfc3339(operation.started_ms),
    });
    if world.clock.now_ms() >= operation.ready_at_ms {
        body["status"] = "Succeeded".into();
        body["endTime"] = rfc3339(operation.ready_at_ms).into();
        return Ok(Reply::ok(body));
    }
    body["status"] = "InProgress".into();
    Ok(Reply::ok(body).with("retry-after", "1"))
}

/// `Location`: `202` while it lasts, then the resource, or nothing if it is gone.
pub fn result(
    world: &World,
    call: &Call,
    subscription: &str,
    id: &str,
) -> Result<Reply, AzureError> {
    let operation = find(world, call, subscription, id)?;
    let now_ms = world.clock.now_ms();
    if now_ms < operation.ready_at_ms {
        return Ok(Reply::empty(StatusCode::ACCEPTED).with("retry-after", "1"));
    }
    let key = operation.resource_id.to_ascii_lowercase();
    let found = world.store.read(now_ms, |state| {
        state.resources.get(&key).map(Resource::to_arm)
    });
    Ok(found.map_or_else(|| Reply::empty(StatusCode::NO_CONTENT), Reply::ok))
}
