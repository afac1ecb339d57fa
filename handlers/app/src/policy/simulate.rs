//! Who gains and loses what when policies are replaced: the same questions to both sets.

use std::collections::{BTreeSet, HashMap};

use azimuth_domain::policy::{Decision, Mode};
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, Classification, EffectClass, ToolRef, ToolSpec};
use azimuth_ports::tools::Catalogue;
use serde_json::{Map, Value, json};

use super::names::Identity;
use super::request::PolicyInput;
use super::set::PolicySet;
use super::tags::KnownTags;

/// Most calls that are compared: a second or two.
pub const MAX_CALLS: usize = 30_000;
/// Most differences that are told.
pub const MAX_DIFFERENCES: usize = 500;
/// Most places that are tried besides the one that no policy names.
const MAX_PLACES: usize = 16;
/// A subscription and a resource group that no policy names.
const ELSEWHERE: (&str, &str) = ("ffffffff-ffff-4fff-8fff-ffffffffffff", "elsewhere");

/// Where a call works, as far as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// A subscription's id.
    pub subscription: Option<String>,
    /// A resource group.
    pub resource_group: Option<String>,
}

/// What a call turns into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turned {
    /// It was permitted.
    Lost,
    /// It was denied.
    Gained,
    /// Another approval, or another reason.
    Otherwise,
}

/// A call that is decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The role of whoever asks.
    pub role: Role,
    /// The tool.
    pub tool: ToolRef,
    /// What the call may do.
    pub effect: EffectClass,
    /// Where it works.
    pub place: Place,
    /// By the policies of now.
    pub before: Decision,
    /// By the others.
    pub after: Decision,
}

impl Difference {
    /// What the call turns into.
    pub fn turned(&self) -> Turned {
        let denied = |decision: &Decision| matches!(decision, Decision::Deny { .. });
        match (denied(&self.before), denied(&self.after)) {
            (false, true) => Turned::Lost,
            (true, false) => Turned::Gained,
            _ => Turned::Otherwise,
        }
    }
}

/// What a comparison found.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// How many calls were compared.
    pub compared: usize,
    /// Whether that is all of them, as far as policies can tell them apart: what is
    /// tagged how is not tried.
    pub complete: bool,
    /// Those that are decided otherwise.
    pub differences: Vec<Difference>,
}

/// What the policies can see of a tool.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    identities: [Identity; 2],
    class: (EffectClass, bool),
    availability: &'static str,
    flags: [bool; 4],
}

/// Asks both sets about a call of every role, tool and place that one of them names.
pub fn compare(
    before: &PolicySet,
    after: &PolicySet,
    catalogue: &Catalogue,
    user: &UserKey,
    at: Timestamp,
) -> Comparison {
    let places = places(before, after);
    let mut found = Comparison {
        complete: places.len() <= MAX_PLACES + 1
            && ![before, after].iter().any(|set| set.asks_for_tags()),
        ..Comparison::default()
    };
    for place in places.into_iter().take(MAX_PLACES + 1) {
        for role in Role::ALL {
            let roles = BTreeSet::from([role]);
            let mut known: HashMap<Kind, (Decision, Decision)> = HashMap::new();
            for tool in &catalogue.tools {
                if found.compared >= MAX_CALLS {
                    found.complete = false;
                    return found;
                }
                found.compared += 1;
                let arguments = arguments(tool, &place);
                let class = tool.classify(&arguments);
                let kind = kind(tool, class, [before, after].map(|set| set.identity(tool)));
                let decisions = known.entry(kind).or_insert_with(|| {
                    let input = PolicyInput {
                        user,
                        roles: &roles,
                        tool,
                        arguments: &arguments,
                        mode: Mode::default(),
                        tainted: false,
                        tags: KnownTags::Nothing,
                        at,
                    };
                    (before.decide(&input), after.decide(&input))
                });
                if decisions.0 != decisions.1 {
                    found.differences.push(Difference {
                        role,
                        tool: tool.tool.clone(),
                        effect: class.effect,
                        place: place.clone(),
                        before: decisions.0.clone(),
                        after: decisions.1.clone(),
                    });
                }
            }
        }
    }
    found
}

fn kind(tool: &ToolSpec, class: Classification, identities: [Identity; 2]) -> Kind {
    Kind {
        identities,
        class: (class.effect, class.secret),
        availability: match tool.availability {
            Availability::Enabled => "enabled",
            Availability::Unclassified
            | Availability::Changed
            | Availability::NeedsLocalMachine
            | Availability::SwitchedOff => "not enabled",
        },
        flags: [
            tool.shared_identity,
            tool.enabled_by_name,
            tool.scope.subscription.is_some(),
            tool.scope.resource_group.is_some(),
        ],
    }
}

/// The place that no policy names first, then those that one does.
fn places(before: &PolicySet, after: &PolicySet) -> Vec<Place> {
    let subscriptions: BTreeSet<&String> = [before, after]
        .iter()
        .flat_map(|set| &set.places().subscriptions)
        .collect();
    let groups: BTreeSet<&String> = [before, after]
        .iter()
        .flat_map(|set| &set.places().resource_groups)
        .collect();
    let either = |names: BTreeSet<&String>| {
        let named = names.into_iter().map(|name| Some(name.clone()));
        std::iter::once(None).chain(named).collect::<Vec<_>>()
    };
    let groups = either(groups);
    let place = |subscription: Option<String>| {
        groups.iter().map(move |group| Place {
            subscription: subscription.clone(),
            resource_group: group.clone(),
        })
    };
    either(subscriptions).into_iter().flat_map(place).collect()
}

/// The arguments of a call there, as far as the tool takes them.
fn arguments(tool: &ToolSpec, place: &Place) -> Value {
    let (subscription, group) = ELSEWHERE;
    let mut arguments = Map::new();
    for (parameter, named, otherwise) in [
        (&tool.scope.subscription, &place.subscription, subscription),
        (&tool.scope.resource_group, &place.resource_group, group),
    ] {
        if let Some(parameter) = parameter {
            let value = named.as_deref().unwrap_or(otherwise);
            arguments.insert(parameter.clone(), json!(value));
        }
    }
    Value::Object(arguments)
}

#[cfg(test)]
mod tests;
