//! Where the arguments of a call say that it works: as far as they leave no doubt.
//!
//! **Invariant:** what is told here is where the call works, whatever else its
//! arguments hold. A display name, two answers that disagree, a form that the server
//! might read otherwise: all of these are told as nothing.

use azimuth_domain::approval_grant::ApprovalScope;
use azimuth_domain::tool::ToolSpec;
use serde_json::Value;

/// Where ids of Azure Resource Manager begin.
const SUBSCRIPTIONS: &str = "/subscriptions/";
/// What follows the subscription in most of them.
pub(super) const RESOURCE_GROUPS: &str = "/resourcegroups/";
/// Parameters whose value is the id of the resource that is worked on.
const ID_PARAMETERS: [&str; 2] = ["resource-id", "resourceId"];
/// Longest name of a resource group, characters (Azure's limit).
const MAX_GROUP_CHARS: usize = 90;

/// Where a call works, in lower case; `None` is "it cannot be told".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CallScope {
    pub subscription: Option<String>,
    pub resource_group: Option<String>,
    pub resource_id: Option<String>,
}

/// Whether calls of `spec` with these arguments work at the same place on the same thing,
/// by all that is known of them.
pub(crate) fn is_same_place(spec: &ToolSpec, one: &Value, other: &Value) -> bool {
    let tenant = |arguments: &Value| {
        let name = spec.scope.tenant.as_deref();
        name.and_then(|name| arguments.get(name)).cloned()
    };
    CallScope::of(spec, one) == CallScope::of(spec, other)
        && spec.target(one) == spec.target(other)
        && tenant(one) == tenant(other)
}

/// What a yes to a call of `spec` with these arguments covers, when it is given for the
/// conversation. Where the place or the thing cannot be told for sure, or the model
/// had read what a tool returned, that is the same call once more and nothing else.
pub(crate) fn approval_scope(spec: &ToolSpec, arguments: &Value, tainted: bool) -> ApprovalScope {
    let scope = CallScope::of(spec, arguments);
    let names_group = spec.resource_group(arguments).is_some();
    let target = spec.target_parameter.as_deref();
    let names_thing =
        target.is_some_and(|name| text(arguments, name).is_some_and(|t| !t.is_empty()));
    let is_told = scope.subscription.is_some()
        && (scope.resource_group.is_some() || !names_group)
        && (scope.resource_id.is_some() || names_thing);
    ApprovalScope {
        same_call: tainted || !is_told || has_tenant(spec, arguments),
        subscription: scope.subscription,
        resource_group: scope.resource_group,
        resource_id: scope.resource_id,
    }
}

/// Whether the arguments name a tenant.
fn has_tenant(spec: &ToolSpec, arguments: &Value) -> bool {
    let name = spec.scope.tenant.as_deref();
    name.and_then(|name| arguments.get(name))
        .is_some_and(|value| !value.is_null())
}

/// What some text says of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// Exactly this.
    Is(String),
    /// Something that cannot be told from here.
    Unclear,
}

/// All that is said of a call.
#[derive(Debug, Default)]
struct Mentions {
    subscriptions: Vec<Said>,
    groups: Vec<Said>,
    ids: Vec<String>,
}

impl CallScope {
    /// The scope of a call of `spec` with these arguments.
    pub fn of(spec: &ToolSpec, arguments: &Value) -> Self {
        let own = OwnParameters::of(spec);
        let mut mentions = Mentions::default();
        if let Value::Object(members) = arguments {
            for (name, value) in members {
                mentions.parameter(name, value);
                mentions.walk(value);
            }
        }
        let named = own
            .ids
            .iter()
            .find_map(|name| arguments.get(*name)?.as_str().and_then(resource_id));
        let subscription = match own.subscription {
            Some(name) => text(arguments, name).and_then(guid),
            None => named.as_deref().and_then(subscription_of),
        };
        let resource_group = match own.resource_group {
            Some(name) => text(arguments, name).and_then(group),
            None => named.as_deref().and_then(group_of),
        };
        let subscription = subscription.filter(|id| agree(&mentions.subscriptions, id));
        let resource_group = resource_group.filter(|name| agree(&mentions.groups, name));
        let resource_id = named.filter(|id| {
            subscription.as_deref() == subscription_of(id).as_deref()
                && resource_group.as_deref() == group_of(id).as_deref()
                && mentions.ids.iter().all(|other| other == id)
        });
        Self {
            subscription,
            resource_group,
            resource_id,
        }
    }
}

/// Which parameters of the tool say where it works.
struct OwnParameters<'a> {
    subscription: Option<&'a str>,
    resource_group: Option<&'a str>,
    ids: Vec<&'a str>,
}

impl<'a> OwnParameters<'a> {
    fn of(spec: &'a ToolSpec) -> Self {
        let target = spec.target_parameter.as_deref();
        Self {
            subscription: spec.scope.subscription.as_deref(),
            resource_group: spec.scope.resource_group.as_deref(),
            ids: target.into_iter().chain(ID_PARAMETERS).collect(),
        }
    }
}

impl Mentions {
    /// Parameters that are for a subscription or a resource group by their name; the
    /// tool's own agrees with itself.
    fn parameter(&mut self, name: &str, value: &Value) {
        if value.is_null() || value.as_str().is_some_and(str::is_empty) {
            return;
        }
        let said = |read: fn(&str) -> Option<String>| {
            value
                .as_str()
                .and_then(read)
                .map_or(Said::Unclear, Said::Is)
        };
        if name.ends_with("subscription-id") || name == "subscription" {
            self.subscriptions.push(said(guid));
        } else if name.ends_with("resource-group") {
            self.groups.push(said(group));
        }
    }

    /// Every text in `value`. The depth of arguments is bounded before.
    fn walk(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(members) => members.values().for_each(|item| self.walk(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Ids of Azure Resource Manager, wherever they stand.
    fn text(&mut self, text: &str) {
        let folded = text.to_lowercase();
        if folded.starts_with("/providers/") {
            // A management group, or what spans subscriptions otherwise.
            self.subscriptions.push(Said::Unclear);
        }
        for (start, _) in folded.match_indices(SUBSCRIPTIONS) {
            let id = &folded[start..];
            let subscription = subscription_of(id);
            self.subscriptions
                .push(subscription.map_or(Said::Unclear, Said::Is));
            self.groups
                .push(group_of(id).map_or(Said::Unclear, Said::Is));
        }
        if let Some(id) = resource_id(text) {
            self.ids.push(id);
        }
    }
}

/// Whether nothing that is said contradicts `place`.
fn agree(said: &[Said], place: &str) -> bool {
    said.iter().all(|said| match said {
        Said::Is(other) => other == place,
        Said::Unclear => false,
    })
}

fn text<'a>(arguments: &'a Value, name: &str) -> Option<&'a str> {
    arguments.get(name)?.as_str()
}

/// Whether `text` is the id of a subscription and no name.
pub(crate) fn is_guid(text: &str) -> bool {
    guid(text).is_some()
}

/// A GUID as Azure writes it, in lower case. Other forms of one (braces, no dashes) are
/// read by some servers, and are none here.
pub(super) fn guid(text: &str) -> Option<String> {
    let fits = text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    fits.then(|| text.to_ascii_lowercase())
}

/// The name of a resource group in lower case. Letters whose case Azure might fold
/// otherwise are left open.
fn group(name: &str) -> Option<String> {
    let is_plain = |c: char| {
        if c.is_ascii() {
            c.is_ascii_alphanumeric() || "-_.()".contains(c)
        } else {
            c.is_alphanumeric() && !c.is_lowercase() && !c.is_uppercase()
        }
    };
    let fits = !name.is_empty() && name.chars().count() <= MAX_GROUP_CHARS;
    (fits && name.chars().all(is_plain)).then(|| name.to_ascii_lowercase())
}

/// The id of a resource in lower case: nothing but an id, down to a resource.
fn resource_id(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.()".contains(c);
    let folded = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let (_, rest) = folded.split_once("/providers/")?;
    let fits = folded.starts_with(SUBSCRIPTIONS)
        && folded.chars().all(plain)
        && folded[1..]
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."))
        && rest.split('/').count() >= 3;
    (fits && subscription_of(&folded).is_some()).then_some(folded)
}

/// The subscription of an id that is in lower case.
fn subscription_of(id: &str) -> Option<String> {
    let rest = id.strip_prefix(SUBSCRIPTIONS)?;
    let end = rest.get(36..)?.chars().next();
    // Whatever else follows the 36 characters, it is no id of this subscription.
    if end.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-') {
        return None;
    }
    guid(rest.get(..36)?)
}

/// The resource group of an id that is in lower case.
pub(super) fn group_of(id: &str) -> Option<String> {
    let rest = id.get(SUBSCRIPTIONS.len() + 36..)?;
    let name = rest.strip_prefix(RESOURCE_GROUPS)?;
    group(name.split(['/', '?', '"', '\'', ' ', ',', ';']).next()?)
}

#[cfg(test)]
mod tests;
