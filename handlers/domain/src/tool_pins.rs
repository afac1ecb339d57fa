//! What the administrators of a tenant have settled about tools: which they accepted as
//! they saw them, and which they switched off.
//!
//! **Invariant:** an acceptance is about one hash. A tool that is offered otherwise is
//! changed, whatever was accepted before; and nothing that is accepted becomes less
//! dangerous than the catalogue says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::sha256_hex;
use crate::principal::UserKey;
use crate::time::Timestamp;
use crate::tool::{Availability, EffectClass, ScopeParameters, ToolRef, ToolSpec, tool_hash};

/// Largest document of a tenant's pins, bytes.
pub const MAX_PINS_BYTES: usize = 256 * 1024;

/// A tool as an administrator accepted it. Its text is kept with it, so that every
/// process has the same tool before it has asked the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedTool {
    /// [`tool_hash`] of name, description and schema.
    pub hash: String,
    /// Effect class that calls have at least.
    pub effect: EffectClass,
    /// Whether all calls hold a secret.
    pub secret: bool,
    /// The server's text for people and models.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
}

/// What is settled about one tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolPin {
    /// The tool.
    pub tool: ToolRef,
    /// As what it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedTool>,
    /// Whether nobody may use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub switched_off: bool,
    /// When that was settled last.
    pub at: Timestamp,
    /// By whom.
    pub by: UserKey,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why, in their words.
    pub reason: String,
}

/// What is settled in a tenant, by server and name, each tool once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolPins {
    tools: Vec<ToolPin>,
}

/// Why a tool cannot be accepted like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAcceptable {
    /// It needs the machine that it runs on.
    NeedsLocalMachine,
    /// The catalogue says that it is more dangerous.
    Effect(EffectClass),
    /// The catalogue says that it holds a secret.
    Secret,
}

impl ToolPins {
    /// Reads a document; the error is for the log.
    pub fn read(text: &str) -> Result<Self, String> {
        let pins: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for pair in pins.tools.windows(2) {
            if let [first, second] = pair
                && first.tool >= second.tool
            {
                return Err(format!("{} is out of place", second.tool));
            }
        }
        let damaged = pins.tools.iter().find(|pin| {
            let fits = |a: &AcceptedTool| {
                tool_hash(&pin.tool.name, &a.description, &a.input_schema) == a.hash
            };
            !pin.accepted.as_ref().is_none_or(fits)
        });
        match damaged {
            Some(pin) => Err(format!("the hash of {} does not fit", pin.tool)),
            None => Ok(pins),
        }
    }

    /// What is settled about a tool.
    pub fn get(&self, tool: &ToolRef) -> Option<&ToolPin> {
        let at = self.tools.binary_search_by(|pin| pin.tool.cmp(tool)).ok()?;
        self.tools.get(at)
    }

    /// Everything that is settled, by server and name.
    pub fn iter(&self) -> impl Iterator<Item = &ToolPin> {
        self.tools.iter()
    }

    /// Only those for which `is_there` holds.
    #[must_use]
    pub fn only(&self, is_there: impl Fn(&ToolPin) -> bool) -> Self {
        let tools = self.tools.iter().filter(|pin| is_there(pin));
        Self {
            tools: tools.cloned().collect(),
        }
    }

    /// Whether nothing is settled.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// The same with `pin` in the place of what was settled about its tool. A pin that
    /// settles nothing is left out.
    #[must_use]
    pub fn with(mut self, pin: ToolPin) -> Self {
        self.tools.retain(|other| other.tool != pin.tool);
        if pin.accepted.is_some() || pin.switched_off {
            let at = self.tools.partition_point(|other| other.tool < pin.tool);
            self.tools.insert(at, pin);
        }
        self
    }

    /// The tools of a catalogue as the tenant has them, by server and name. `offered`
    /// gives the hash under which a server offers a tool now, `None` where that is not
    /// known.
    pub fn over<'a>(
        &self,
        catalogue: &[ToolSpec],
        offered: impl Fn(&ToolRef) -> Option<&'a str>,
    ) -> Vec<ToolSpec> {
        let mut tools: BTreeMap<ToolRef, ToolSpec> = catalogue
            .iter()
            .map(|spec| (spec.tool.clone(), spec.clone()))
            .collect();
        for pin in &self.tools {
            let known = tools.remove(&pin.tool);
            let is_offered = |hash: &str| offered(&pin.tool).is_none_or(|now| now == hash);
            let settled = match (&pin.accepted, known) {
                (Some(accepted), known) => {
                    let availability = availability(known.as_ref(), is_offered(&accepted.hash));
                    let mut spec = accepted.over(&pin.tool, known);
                    spec.availability = availability;
                    Some(spec)
                }
                (None, known) => known,
            };
            if let Some(mut spec) = settled {
                if pin.switched_off && spec.availability != Availability::NeedsLocalMachine {
                    spec.availability = Availability::SwitchedOff;
                }
                tools.insert(pin.tool.clone(), spec);
            }
        }
        tools.into_values().collect()
    }

    /// The version of a catalogue of `version` with these pins over it. As there, what
    /// one process finds out about a tool is not in it.
    pub fn version_over(&self, version: &str) -> String {
        let line = |pin: &ToolPin| {
            let accepted = pin.accepted.as_ref();
            let accepted = accepted.map_or_else(String::new, |a| {
                format!("{} {} {}", a.hash, a.effect.as_str(), a.secret)
            });
            format!("\n{} {accepted} {}", pin.tool, pin.switched_off)
        };
        let lines: String = self.tools.iter().map(line).collect();
        sha256_hex(format!("{version}{lines}"))
    }
}

/// Of an accepted tool.
fn availability(known: Option<&ToolSpec>, is_offered: bool) -> Availability {
    match known.map(|spec| spec.availability) {
        // No acceptance is about these.
        Some(kept @ (Availability::NeedsLocalMachine | Availability::SwitchedOff)) => kept,
        _ if is_offered => Availability::Enabled,
        _ => Availability::Changed,
    }
}

impl AcceptedTool {
    /// Whether a tool may be accepted as of this class, when the catalogue has it as
    /// `known`. Nothing is known of the class of a tool that nobody classified.
    pub fn check(
        known: Option<&ToolSpec>,
        effect: EffectClass,
        secret: bool,
    ) -> Result<(), NotAcceptable> {
        let Some(known) = known else { return Ok(()) };
        match known.availability {
            Availability::NeedsLocalMachine => Err(NotAcceptable::NeedsLocalMachine),
            Availability::Unclassified => Ok(()),
            _ if effect < known.effect => Err(NotAcceptable::Effect(known.effect)),
            _ if known.secret && !secret => Err(NotAcceptable::Secret),
            _ => Ok(()),
        }
    }

    /// The tool as accepted, over what the catalogue knows of it. A later catalogue may
    /// say that it is more dangerous than whoever accepted it could know.
    fn over(&self, tool: &ToolRef, known: Option<ToolSpec>) -> ToolSpec {
        let classified = known.filter(|spec| spec.availability != Availability::Unclassified);
        let by_name = classified.is_none();
        let mut spec = classified.unwrap_or_else(|| ToolSpec {
            tool: tool.clone(),
            description: String::new(),
            input_schema: Value::Null,
            hash: String::new(),
            effect: self.effect,
            secret: self.secret,
            argument_rules: Vec::new(),
            scope: ScopeParameters::default(),
            target_parameter: None,
            preview: None,
            availability: Availability::Enabled,
            shared_identity: false,
            enabled_by_name: by_name,
        });
        for rule in &mut spec.argument_rules {
            // What was raised is not lowered again by an argument.
            if self.effect > spec.effect {
                rule.effect = rule.effect.map(|effect| effect.max(self.effect));
            }
            if self.secret && !spec.secret {
                rule.secret = rule.secret.map(|_| true);
            }
        }
        spec.effect = spec.effect.max(self.effect);
        spec.secret |= self.secret;
        spec.hash.clone_from(&self.hash);
        spec.description.clone_from(&self.description);
        spec.input_schema.clone_from(&self.input_schema);
        let takes = |name: &String| !self.input_schema["properties"][name.as_str()].is_null();
        // A parameter that is no longer there limits nothing.
        let ScopeParameters {
            subscription,
            resource_group,
            tenant,
        } = &mut spec.scope;
        for parameter in [
            subscription,
            resource_group,
            tenant,
            &mut spec.target_parameter,
        ] {
            *parameter = parameter.take().filter(takes);
        }
        spec
    }
}

#[cfg(test)]
mod tests;
