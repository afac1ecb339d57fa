//! Virtual machines: read, change tags and the power state, delete.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::super::Call;
use super::super::effect::effect;
use super::super::reply::{AzureError, Reply};
use super::{operations, scope};
use crate::clock::rfc3339;
use crate::directory::Access;
use crate::resource::{Pending, Power, Resource, Then, VIRTUAL_MACHINES};
use crate::state::Change;
use crate::world::World;

const READ: &str = "Microsoft.Compute/virtualMachines/read";

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
    let now_ms = world.clock.now_ms();
    Ok(Reply::list(world.store.read(now_ms, |state| {
        scope::of_type(state, home.id, group, VIRTUAL_MACHINES)
            .map(|machine| body(machine, call, now_ms))
            .collect()
    })))
}

pub fn get(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<Reply, AzureError> {
    let group = scope::group(call, subscription, group, Access::Reader, READ)?;
    let now_ms = world.clock.now_ms();
    world.store.read(now_ms, |state| {
        let machine = scope::resource(state, group, VIRTUAL_MACHINES, name)?;
        Ok(Reply::ok(body(machine, call, now_ms)))
    })
}

pub fn instance_view(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<Reply, AzureError> {
    let action = "Microsoft.Compute/virtualMachines/instanceView/read";
    let group = scope::group(call, subscription, group, Access::Reader, action)?;
    let now_ms = world.clock.now_ms();
    world.store.read(now_ms, |state| {
        scope::resource(state, group, VIRTUAL_MACHINES, name)
            .map(|machine| Reply::ok(view(machine, now_ms)))
    })
}

/// `start`, `powerOff`, `deallocate`, `restart`: accepted, then followed as an operation.
pub fn act(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
    action: &str,
) -> Result<Reply, AzureError> {
    let (verb, then) = match action {
        "start" => ("start", Then::Power(Power::Running)),
        "poweroff" => ("powerOff", Then::Power(Power::Stopped)),
        "deallocate" => ("deallocate", Then::Power(Power::Deallocated)),
        "restart" => ("restart", Then::Restarted),
        other => {
            let message = format!("The sandbox's virtual machines know no action '{other}'.");
            return Err(AzureError::not_found("InvalidResourceType", message));
        }
    };
    let operation = format!("{VIRTUAL_MACHINES}/{verb}/action");
    let group = scope::group(call, subscription, group, Access::Contributor, &operation)?;
    let now_ms = world.clock.now_ms();
    world.store.change(now_ms, |state| {
        let machine = scope::resource(state, group, VIRTUAL_MACHINES, name)?;
        if let Then::Restarted = then
            && machine.power != Some(Power::Running)
        {
            let message = format!(
                "Cannot restart VM '{}' because it is not running.",
                machine.name
            );
            return Err(AzureError::conflict("OperationNotAllowed", message));
        }
        Ok(accept(world, call, machine, then, &operation, now_ms))
    })
}

/// Replaces the tags (200), if the body has any; other members of the documented body are
/// refused.
pub fn patch(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<Reply, AzureError> {
    let operation = format!("{VIRTUAL_MACHINES}/write");
    let group = scope::group(call, subscription, group, Access::Contributor, &operation)?;
    let tags = tags(&call.json()?)?;
    let now_ms = world.clock.now_ms();
    world.store.change(now_ms, |state| {
        let mut machine = scope::resource(state, group, VIRTUAL_MACHINES, name)?.clone();
        if let Some(tags) = tags {
            machine.tags = tags;
        }
        let done = effect(call, now_ms, &operation, &machine.id());
        let reply = Reply::ok(body(&machine, call, now_ms));
        let resource = Box::new(machine);
        Ok((vec![Change::Resource { resource }, done], reply))
    })
}

/// The tags of an update's body; `None` where it has none.
fn tags(body: &Value) -> Result<Option<BTreeMap<String, String>>, AzureError> {
    let wrong = |message: String| AzureError::bad_request("InvalidRequestContent", message);
    let members = body
        .as_object()
        .ok_or_else(|| wrong("The body is no object.".to_owned()))?;
    if let Some(other) = members.keys().find(|name| *name != "tags") {
        let message = format!("The sandbox changes tags of virtual machines only, not '{other}'.");
        return Err(wrong(message));
    }
    members
        .get("tags")
        .map(|tags| {
            serde_json::from_value(tags.clone())
                .map_err(|_| wrong("Tags are an object of texts.".to_owned()))
        })
        .transpose()
}

/// Deletes (202, followed as an operation); what is not there needs no deletion (204).
pub fn delete(
    world: &World,
    call: &Call,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<Reply, AzureError> {
    let operation = format!("{VIRTUAL_MACHINES}/delete");
    let group = scope::group(call, subscription, group, Access::Contributor, &operation)?;
    let now_ms = world.clock.now_ms();
    world.store.change(now_ms, |state| {
        Ok(match scope::find(state, group, VIRTUAL_MACHINES, name) {
            Some(machine) => accept(world, call, machine, Then::Gone, &operation, now_ms),
            None => (Vec::new(), Reply::empty(StatusCode::NO_CONTENT)),
        })
    })
}

/// Every accepted request is an effect, one that repeats another too.
fn accept(
    world: &World,
    call: &Call,
    machine: &Resource,
    then: Then,
    operation_name: &str,
    now_ms: i64,
) -> (Vec<Change>, Reply) {
    let operation = operations::begin(world, machine, now_ms);
    let mut machine = machine.clone();
    let being_deleted = machine
        .pending
        .as_ref()
        .is_some_and(|pending| pending.then == Then::Gone);
    if !being_deleted {
        machine.pending = Some(Pending {
            ready_at_ms: operation.ready_at_ms,
            then,
        });
    }
    let reply = operations::accepted(call, &machine, &operation);
    let done = effect(call, now_ms, operation_name, &machine.id());
    let resource = Box::new(machine);
    (
        vec![
            Change::Resource { resource },
            Change::Operation { operation },
            done,
        ],
        reply,
    )
}

fn body(machine: &Resource, call: &Call, now_ms: i64) -> Value {
    let mut body = machine.to_arm();
    let expanded = call
        .parameter("$expand")
        .is_some_and(|what| what.eq_ignore_ascii_case("instanceView"));
    if expanded {
        body["properties"]["instanceView"] = view(machine, now_ms);
    }
    body
}

fn view(machine: &Resource, now_ms: i64) -> Value {
    let power = machine.power_code();
    let provisioning = match machine.pending.as_ref().map(|pending| pending.then) {
        None => ("succeeded", "Provisioning succeeded"),
        Some(Then::Gone) => ("deleting", "Deleting"),
        Some(_) => ("updating", "Updating"),
    };
    let status = |code: String, text: &str| json!({"code": code, "level": "Info", "displayStatus": text, "time": rfc3339(now_ms)});
    let mut view = json!({
        "computerName": machine.name,
        "osName": "ubuntu",
        "osVersion": "24.04",
        "hyperVGeneration": "V2",
        "disks": [{
            "name": format!("{}-os", machine.name),
            "statuses": [status("ProvisioningState/succeeded".to_owned(), "Provisioning succeeded")],
        }],
        "statuses": [
            status(format!("ProvisioningState/{}", provisioning.0), provisioning.1),
            {"code": format!("PowerState/{power}"), "level": "Info", "displayStatus": format!("VM {power}")},
        ],
    });
    if power == "running" {
        view["vmAgent"] = json!({
            "vmAgentVersion": "2.15.0.1",
            "statuses": [status("ProvisioningState/succeeded".to_owned(), "Ready")],
            "extensionHandlers": [],
        });
    }
    view
}
