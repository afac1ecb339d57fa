//! Which tools somebody may see: the decision without arguments, and the list
//! that it makes of a catalogue.

use std::collections::BTreeSet;
use std::sync::Arc;

use azimuth_domain::policy::Decision;
use azimuth_domain::principal::Role;
use azimuth_domain::tool::{Availability, Classification, ToolSpec};
use azimuth_ports::tools::Catalogue;
use cedar_policy::Policy;
use moka::sync::Cache;
use serde_json::Value;

use super::request::Question;
use super::set::PolicySet;

/// Lists that are kept: sets of roles times catalogues in use.
const LISTS: u64 = 256;

type Key = (String, Vec<Availability>, Vec<Role>);

/// Lists of one policy set.
pub(super) struct VisibleTools {
    lists: Cache<Key, Arc<[usize]>>,
    /// Whether some policy tells one tool from another of the same kind.
    names_tools: bool,
}

impl VisibleTools {
    pub(super) fn of(policies: &[Policy]) -> Self {
        Self {
            lists: Cache::new(LISTS),
            names_tools: policies.iter().any(names_a_tool),
        }
    }
}

impl PolicySet {
    /// Whether some policy tells one tool from another of the same kind.
    pub(super) fn names_tools(&self) -> bool {
        self.visible.names_tools
    }
}

/// What policies can see of a tool that they do not name.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    class: Classification,
    availability: Availability,
    shared_identity: bool,
    is_scoped: bool,
    enabled_by_name: bool,
}

/// Answers of one list so far. There are a dozen kinds, so it is searched.
type Answers = Vec<(Kind, bool)>;

impl PolicySet {
    /// Whether somebody with these roles may see the tool: some call of it may
    /// run, at once or with an approval. A tool whose arguments change its class
    /// is seen when one of the classes may be called.
    pub fn may_see(&self, roles: &BTreeSet<Role>, tool: &ToolSpec) -> bool {
        let mut classes = classes(tool).into_iter();
        classes.any(|class| self.may_see_as(roles, tool, class))
    }

    fn may_see_as(&self, roles: &BTreeSet<Role>, tool: &ToolSpec, class: Classification) -> bool {
        let answer = self.answer(&Question::see(roles, tool, class));
        !matches!(answer, Decision::Deny { .. })
    }

    /// The same as [`Self::may_see`], which is asked once for each kind of tool
    /// where the policies name none.
    fn may_see_one_of(&self, roles: &BTreeSet<Role>, tool: &ToolSpec, known: &mut Answers) -> bool {
        if self.visible.names_tools {
            return self.may_see(roles, tool);
        }
        classes(tool).into_iter().any(|class| {
            let kind = Kind {
                class,
                availability: tool.availability,
                shared_identity: tool.shared_identity,
                is_scoped: tool.is_scoped(),
                enabled_by_name: tool.enabled_by_name,
            };
            if let Some((_, answer)) = known.iter().find(|(of, _)| *of == kind) {
                return *answer;
            }
            let answer = self.may_see_as(roles, tool, class);
            known.push((kind, answer));
            answer
        })
    }

    /// Positions in `catalogue.tools` of the tools that somebody with these
    /// roles may see, in the catalogue's order.
    ///
    /// Kept by catalogue version, availabilities and roles, for as long as this set lives.
    pub fn visible_tools(&self, roles: &BTreeSet<Role>, catalogue: &Catalogue) -> Arc<[usize]> {
        // The version is the same in every process; what a process finds out about
        // its own servers (a changed tool) is not in it.
        let key = (
            catalogue.version.clone(),
            catalogue.tools.iter().map(|t| t.availability).collect(),
            roles.iter().copied().collect::<Vec<_>>(),
        );
        self.visible.lists.get_with(key, || {
            let mut known = Answers::new();
            catalogue
                .tools
                .iter()
                .enumerate()
                .filter(|(_, tool)| self.may_see_one_of(roles, tool, &mut known))
                .map(|(position, _)| position)
                .collect()
        })
    }
}

/// Whether a policy looks at what a tool is called. Its JSON form has every
/// attribute and every type of an entity as a string of its own; a text that merely
/// reads the same costs time and no more.
fn names_a_tool(policy: &Policy) -> bool {
    fn occurs(value: &Value) -> bool {
        let names = |text: &str| matches!(text, "name" | "server" | "Azimuth::Tool");
        match value {
            Value::String(text) => names(text),
            Value::Array(items) => items.iter().any(occurs),
            Value::Object(members) => members.iter().any(|(key, item)| names(key) || occurs(item)),
            _ => false,
        }
    }
    policy.to_json().map_or(true, |json| occurs(&json))
}

/// Every class that some arguments could give a call: more than there are, where
/// rules exclude each other.
fn classes(tool: &ToolSpec) -> Vec<Classification> {
    let rules = &tool.argument_rules;
    let mut effects = vec![tool.effect];
    effects.extend(rules.iter().filter_map(|rule| rule.effect));
    effects.sort_unstable();
    effects.dedup();
    let mut secrets = vec![tool.secret];
    secrets.extend(rules.iter().filter_map(|rule| rule.secret));
    secrets.sort_unstable();
    secrets.dedup();
    effects
        .into_iter()
        .flat_map(|effect| {
            let class = move |secret| Classification { effect, secret };
            secrets.iter().copied().map(class).collect::<Vec<_>>()
        })
        .collect()
}
