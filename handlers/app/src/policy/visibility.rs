//! Which tools somebody may see: the decision without arguments, and the list
//! that it makes of a catalogue.

use std::collections::BTreeSet;
use std::sync::Arc;

use azimuth_domain::policy::Decision;
use azimuth_domain::principal::Role;
use azimuth_domain::tool::{Availability, Classification, ToolSpec};
use azimuth_ports::tools::Catalogue;
use moka::sync::Cache;

use super::request::Question;
use super::set::PolicySet;

/// Lists that are kept: sets of roles times catalogues in use.
const LISTS: u64 = 256;

type Key = (String, Vec<Availability>, Vec<Role>);

/// Lists of one policy set.
pub(super) struct VisibleTools(Cache<Key, Arc<[usize]>>);

impl Default for VisibleTools {
    fn default() -> Self {
        Self(Cache::new(LISTS))
    }
}

impl PolicySet {
    /// Whether somebody with these roles may see the tool: some call of it may
    /// run, at once or with an approval. A tool whose arguments change its class
    /// is seen when one of the classes may be called.
    pub fn may_see(&self, roles: &BTreeSet<Role>, tool: &ToolSpec) -> bool {
        classes(tool).into_iter().any(|class| {
            let answer = self.answer(&Question::see(roles, tool, class));
            !matches!(answer, Decision::Deny { .. })
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
        self.visible.0.get_with(key, || {
            catalogue
                .tools
                .iter()
                .enumerate()
                .filter(|(_, tool)| self.may_see(roles, tool))
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
