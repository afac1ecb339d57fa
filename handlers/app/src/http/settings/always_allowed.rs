//! Tools whose changes a person always allows.

use azimuth_domain::approval_grant::AlwaysAllowed;
use azimuth_domain::limits::MAX_ALWAYS_ALLOWED;
use azimuth_domain::principal::Principal;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, Classification, EffectClass, ToolRef};
use azimuth_ports::tools::Catalogue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::moment::Moment;
use crate::policy::PolicySet;
use crate::problem::{Answer, Code, Problem};
use crate::tools::is_plain_change;

/// Where faults are.
const POINTER: &str = "/always_allowed_tools";

/// A tool by its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolName {
    /// Its server.
    pub server: String,
    /// Its name there.
    pub tool: String,
    /// Whether the person agrees to the tool as it is now, though it has changed since
    /// they did. Without it what stood before stands as it did.
    #[serde(default)]
    pub anew: bool,
}

/// A tool whose changes need no yes of the person's, where policies let them say so. What
/// a model wants after it has read what a tool returned is asked about all the same, and
/// so is what destroys, or shows or takes a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlwaysAllowedView {
    /// Its server.
    pub server: String,
    /// Its name there.
    pub tool: String,
    /// When the person said so.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Whether the tool has changed since, is switched off or gone: then it asks again
    /// until it is chosen anew.
    pub changed: bool,
}

/// As they stand against the tools of now.
pub fn views(chosen: &[AlwaysAllowed], catalogue: &Catalogue) -> Vec<AlwaysAllowedView> {
    let is_there = |one: &AlwaysAllowed| {
        let found = catalogue.get(&one.tool);
        found.is_some_and(|spec| {
            one.is_of(&spec.tool, &spec.hash) && spec.availability == Availability::Enabled
        })
    };
    chosen
        .iter()
        .map(|one| AlwaysAllowedView {
            server: one.tool.server.clone(),
            tool: one.tool.name.clone(),
            at: one.at.into(),
            changed: !is_there(one),
        })
        .collect()
}

/// Those of `before` that are named, when nothing else is and none is agreed to anew.
pub fn kept(names: &[ToolName], before: &[AlwaysAllowed]) -> Option<Vec<AlwaysAllowed>> {
    let mut kept: Vec<AlwaysAllowed> = Vec::new();
    for name in names {
        let tool = ToolRef::new(&name.server, &name.tool);
        let one = before.iter().find(|one| one.tool == tool && !name.anew)?;
        if kept.iter().any(|other| other.tool == tool) {
            return None;
        }
        kept.push(one.clone());
    }
    Some(kept)
}

/// The tools that somebody names, as they are now; those that stood before stay as they
/// were agreed to. The error points at the first that cannot be one.
pub fn chosen(
    names: Vec<ToolName>,
    before: &[AlwaysAllowed],
    principal: &Principal,
    catalogue: &Catalogue,
    policies: &PolicySet,
    now: Timestamp,
) -> Answer<Vec<AlwaysAllowed>> {
    if names.len() > MAX_ALWAYS_ALLOWED {
        return Err(Problem::new(Code::FieldInvalid)
            .pointer(POINTER)
            .detail(format!("At most {MAX_ALWAYS_ALLOWED} tools.")));
    }
    let mut chosen: Vec<AlwaysAllowed> = Vec::new();
    for (place, name) in names.into_iter().enumerate() {
        let refused = |why: &'static str| {
            Err(Problem::new(Code::FieldInvalid)
                .pointer(format!("{POINTER}/{place}"))
                .detail(why))
        };
        let tool = ToolRef::new(&name.server, &name.tool);
        if chosen.iter().any(|one| one.tool == tool) {
            return refused("This tool is named twice.");
        }
        let before = before.iter().find(|one| one.tool == tool);
        if let Some(before) = before.filter(|_| !name.anew) {
            chosen.push(before.clone());
            continue;
        }
        let found = catalogue.get(&tool);
        let Some(spec) = found.filter(|spec| policies.may_see(&principal.roles, spec)) else {
            return refused("There is no such tool that you may use.");
        };
        let class = Classification {
            effect: spec.effect,
            secret: spec.secret,
        };
        if class.effect == EffectClass::ReadOnly && !class.secret {
            return refused("This tool changes nothing, and is not asked about.");
        }
        if !is_plain_change(class) {
            return refused(
                "What destroys, and what shows or takes a secret, is asked about every time.",
            );
        }
        if !policies.remembers_for_people() {
            return refused("The policies of your organization let nobody always allow a tool.");
        }
        chosen.push(AlwaysAllowed {
            tool_hash: spec.hash.clone(),
            tool,
            at: now,
        });
    }
    Ok(chosen)
}
