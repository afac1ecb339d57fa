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

use super::names::{Identity, ToolNames};
use super::request::Question;
use super::set::PolicySet;

/// Lists that are kept: sets of roles times catalogues in use.
const LISTS: u64 = 256;

type Key = (String, Vec<Availability>, Vec<Role>);

/// Lists of one policy set.
pub(super) struct VisibleTools {
    lists: Cache<Key, Arc<[usize]>>,
    names: ToolNames,
}

impl VisibleTools {
    pub(super) fn of(policies: &[Policy]) -> Self {
        Self {
            lists: Cache::new(LISTS),
            names: ToolNames::of(policies),
        }
    }
}

impl PolicySet {
    /// What these policies tell a tool by, beside its kind.
    pub(super) fn identity(&self, tool: &ToolSpec) -> Identity {
        self.visible.names.identity(tool)
    }
}

/// What policies can see of a tool.
#[derive(Clone, PartialEq, Eq)]
struct Kind {
    identity: Identity,
    class: Classification,
    availability: Availability,
    shared_identity: bool,
    is_scoped: bool,
    enabled_by_name: bool,
}

/// Answers of one list so far. There are a dozen kinds and the tools that policies
/// name, so it is searched.
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

    /// The same as [`Self::may_see`], which is asked once for each kind of tool and
    /// for each tool that a policy names.
    fn may_see_one_of(&self, roles: &BTreeSet<Role>, tool: &ToolSpec, known: &mut Answers) -> bool {
        let identity = self.identity(tool);
        classes(tool).into_iter().any(|class| {
            let kind = Kind {
                identity: identity.clone(),
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
