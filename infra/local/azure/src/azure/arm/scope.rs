//! Who may do what where: the first line of every route.

use super::super::Call;
use super::super::reply::AzureError;
use crate::directory::{self, Access, Subscription};
use crate::resource::Resource;
use crate::seed;
use crate::state::{Group, State};

/// The subscription, if the caller has at least `needed` there.
///
/// One of another tenant does not exist (404); one of the own tenant is refused by name (403), as
/// ARM does. `action` is the Azure operation that the refusal names.
pub fn subscription(
    call: &Call,
    id: &str,
    needed: Access,
    action: &str,
) -> Result<&'static Subscription, AzureError> {
    let found = directory::subscription(id).filter(|found| found.tenant == call.caller.tenant);
    let Some(found) = found else {
        let message = format!("The subscription '{id}' could not be found.");
        return Err(AzureError::not_found("SubscriptionNotFound", message));
    };
    match call.caller.access_to(found.id) {
        Some(access) if access >= needed => Ok(found),
        Some(_) | None => Err(AzureError::authorization_failed(
            call.caller,
            action,
            &call.path,
        )),
    }
}

/// The resource group, after the subscription's check.
pub fn group(
    call: &Call,
    subscription_id: &str,
    name: &str,
    needed: Access,
    action: &str,
) -> Result<&'static Group, AzureError> {
    let home = subscription(call, subscription_id, needed, action)?;
    seed::GROUPS
        .iter()
        .find(|group| group.subscription == home.id && group.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let message = format!("Resource group '{name}' could not be found.");
            AzureError::not_found("ResourceGroupNotFound", message)
        })
}

/// The resource of a group by its type and name.
pub fn resource<'a>(
    state: &'a State,
    group: &Group,
    type_name: &str,
    name: &str,
) -> Result<&'a Resource, AzureError> {
    find(state, group, type_name, name).ok_or_else(|| {
        let message = format!(
            "The Resource '{type_name}/{name}' under resource group '{}' was not found. For \
             more details please go to https://aka.ms/ARMResourceNotFoundFix",
            group.name
        );
        AzureError::not_found("ResourceNotFound", message)
    })
}

/// The same, where absence is no error.
pub fn find<'a>(
    state: &'a State,
    group: &Group,
    type_name: &str,
    name: &str,
) -> Option<&'a Resource> {
    let key = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/{type_name}/{name}",
        group.subscription, group.name
    );
    state.resources.get(&key.to_ascii_lowercase())
}

/// Resources of one type in a subscription or in one of its groups.
pub fn of_type<'a>(
    state: &'a State,
    subscription_id: &'a str,
    group: Option<&'a Group>,
    type_name: &'a str,
) -> impl Iterator<Item = &'a Resource> + 'a {
    state.of_subscription(subscription_id).filter(move |found| {
        found.type_name == type_name && group.is_none_or(|group| group.name == found.group)
    })
}
