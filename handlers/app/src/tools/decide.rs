//! Who may call what, now.

use std::collections::BTreeSet;
use std::sync::Arc;

use azimuth_domain::approval_grant::AlwaysAllowed;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::kill_switch::KillSwitch;
use azimuth_domain::policy::{Decision, DenyReason, Mode};
use azimuth_domain::principal::Role;
use azimuth_domain::redact::redact;
use azimuth_domain::tool::{Availability, EffectClass, ToolSpec};
use azimuth_domain::turn::{Asker, Proposal, ProposedCall, Turn};
use azimuth_ports::model::{ChatMessage, OfferedTool};
use azimuth_ports::store::StoreError;
use azimuth_ports::tools::Catalogue;
use azimuth_ports::users::Credentials;
use serde_json::Value;

use crate::policy::{KnownTags, PolicyInput, PolicySet, TaggedPlaces};
use crate::turn::{ApplyError, Engine, wire_name};

/// How well a tool fits that was called before and is not asked for now.
const CALLED_BEFORE: f32 = 0.1;

/// What counts when somebody's call is decided about: it is looked up once for a
/// decision and what hangs on it.
pub(crate) struct Standing {
    /// The roles that count now.
    pub roles: BTreeSet<Role>,
    /// The policies that hold in their tenant now.
    pub policies: Arc<PolicySet>,
    /// What is stopped there now.
    pub kill_switch: KillSwitch,
    /// The tools that are there now.
    pub catalogue: Arc<Catalogue>,
    /// Tools whose changes the person always allows.
    pub always_allowed: Vec<AlwaysAllowed>,
    /// What the person was told of the tags there, see [`Engine::read_tags`].
    pub tags: TaggedPlaces,
}

/// On whose behalf a call is wanted, and how.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Who asked.
    pub asker: &'a Asker,
    /// How much the turn may do without a person.
    pub mode: Mode,
    /// Whether a model wants it that had read what a tool returned.
    pub tainted: bool,
}

impl<'a> Wanted<'a> {
    /// By the model of this turn.
    pub fn in_turn(turn: &'a Turn, tainted: bool) -> Self {
        Self {
            asker: &turn.asker,
            mode: turn.mode,
            tainted,
        }
    }
}

impl Engine {
    /// What counts now for whoever asked.
    pub(crate) async fn standing(&self, asker: &Asker) -> Result<Standing, ApplyError> {
        let policies = self.policies().of(&asker.user.tid).await;
        let kill_switch = self.quotas().kill_switch(&asker.user.tid).await;
        let catalogue = self.catalogues().of(&asker.user.tid).await;
        let (roles, always_allowed) = self.person(asker).await?;
        Ok(Standing {
            policies: policies.map_err(|e| ApplyError::Unavailable(e.to_string()))?,
            kill_switch: kill_switch.map_err(|e| ApplyError::Unavailable(e.to_string()))?,
            catalogue: catalogue.map_err(|e| ApplyError::Unavailable(e.to_string()))?,
            roles,
            always_allowed,
            tags: TaggedPlaces::new(),
        })
    }

    /// The roles that count now: those of the turn's token, cut down to what the
    /// user record allows. Whoever is not let in, or was signed out everywhere since that
    /// token was issued, has none.
    pub(crate) async fn effective_roles(
        &self,
        asker: &Asker,
    ) -> Result<BTreeSet<Role>, ApplyError> {
        self.person(asker).await.map(|(roles, _)| roles)
    }

    /// The same, and the tools whose changes the person always allows.
    async fn person(
        &self,
        asker: &Asker,
    ) -> Result<(BTreeSet<Role>, Vec<AlwaysAllowed>), ApplyError> {
        let Some(found) = self.users().user(&asker.user).await? else {
            return Ok((asker.roles.clone(), Vec::new()));
        };
        // A turn knows no session.
        let with = Credentials {
            roles: &asker.roles,
            issued_at: asker.token_issued_at,
            session: None,
        };
        let roles = found.item.standing(with).roles();
        Ok((roles, found.item.settings.always_allowed_tools))
    }

    /// What policies are asked about a call.
    pub(super) fn policy_input<'a>(
        &self,
        standing: &'a Standing,
        wanted: Wanted<'a>,
        spec: &'a ToolSpec,
        arguments: &'a Value,
    ) -> PolicyInput<'a> {
        PolicyInput {
            user: &wanted.asker.user,
            roles: &standing.roles,
            tool: spec,
            arguments,
            mode: wanted.mode,
            tainted: wanted.tainted,
            tags: KnownTags::Of(&standing.tags),
            at: self.now(),
        }
    }

    /// The one decision function, with the arguments of a call.
    pub(crate) fn decide_call(
        &self,
        standing: &Standing,
        wanted: Wanted<'_>,
        spec: &ToolSpec,
        arguments: &Value,
    ) -> Decision {
        let decision = standing
            .policies
            .decide(&self.policy_input(standing, wanted, spec, arguments));
        let is_nobody_there = || {
            self.acting_identity(&spec.tool.server) == ActingIdentity::User
                && !self.has_azure(&wanted.asker.user)
        };
        let is_stopped = || standing.kill_switch.stops(spec.classify(arguments).effect);
        match decision {
            Decision::Allow | Decision::RequireApproval { .. } if is_stopped() => Decision::Deny {
                reason: DenyReason::KillSwitch,
            },
            Decision::Allow | Decision::RequireApproval { .. } if is_nobody_there() => {
                Decision::Deny {
                    reason: DenyReason::NoAzureIdentity,
                }
            }
            Decision::Deny {
                reason: DenyReason::ToolDisabled,
            } if spec.availability == Availability::SwitchedOff => Decision::Deny {
                reason: DenyReason::ToolSwitchedOff,
            },
            decision => decision,
        }
    }

    /// Denies those of the calls of one step that would destroy more than may be
    /// destroyed in this hour, before people are asked about them. Nothing is taken out
    /// of the budget: the executor does that.
    pub(crate) async fn hold_to_budget(
        &self,
        asker: &Asker,
        standing: &Standing,
        calls: &mut [ProposedCall],
    ) -> Result<(), StoreError> {
        if !calls.iter().any(may_destroy) {
            return Ok(());
        }
        let left = self.quotas().left_in_budget(&asker.user, &standing.roles);
        let left = usize::try_from(left.await?).unwrap_or(usize::MAX);
        let destructive = calls.iter_mut().filter(|call| may_destroy(call));
        for call in destructive.skip(left) {
            call.proposal = Proposal::Decided(Decision::Deny {
                reason: DenyReason::BudgetUsedUp,
            });
        }
        Ok(())
    }

    pub(crate) fn acting_identity(&self, server: &str) -> ActingIdentity {
        self.tool_servers().acting_identity(server)
    }

    /// The handful of tools that fit what is being talked about: what the search
    /// finds, then what the conversation has called before. Tools that these
    /// roles may not see are left out.
    pub(crate) fn offer(
        &self,
        messages: &[ChatMessage],
        standing: &Standing,
        limit: usize,
    ) -> Vec<OfferedTool> {
        let catalogue = &standing.catalogue;
        let index = self.tool_index(catalogue);
        let texts: Vec<&str> = messages
            .iter()
            .filter_map(|m| match m {
                ChatMessage::User(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let found = index
            .offer(&texts, limit)
            .into_iter()
            .map(|hit| (hit.index, hit.score));
        let called = messages.iter().rev().filter_map(|m| match m {
            ChatMessage::ToolResult { tool, .. } => {
                let position = catalogue.tools.iter().position(|t| t.tool == *tool)?;
                Some((position, CALLED_BEFORE))
            }
            _ => None,
        });
        let mut offered: Vec<OfferedTool> = Vec::new();
        for (position, score) in found.chain(called) {
            let Some(spec) = catalogue.tools.get(position) else {
                continue;
            };
            let name = wire_name(&spec.tool);
            if offered.len() < limit
                && standing.policies.may_see(&standing.roles, spec)
                && offered.iter().all(|o| o.name != name)
            {
                offered.push(OfferedTool {
                    name,
                    spec: ToolSpec {
                        description: redact(&spec.description).into_owned(),
                        ..spec.clone()
                    },
                    score,
                });
            }
        }
        offered
    }
}

fn may_destroy(call: &ProposedCall) -> bool {
    let is_denied = matches!(
        call.proposal,
        Proposal::Invalid(_) | Proposal::Decided(Decision::Deny { .. })
    );
    call.class.effect == EffectClass::Destructive && !is_denied
}
