//! Key vaults as resources; what is in them is the data plane's.

use super::super::Call;
use super::super::reply::{AzureError, Reply};
use super::scope;
use crate::directory::Access;
use crate::resource::{Resource, VAULTS};
use crate::world::World;

const READ: &str = "Microsoft.KeyVault/vaults/read";

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
            scope::of_type(state, home.id, group, VAULTS)
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
        scope::resource(state, group, VAULTS, name).map(|found| Reply::ok(found.to_arm()))
    })
}
