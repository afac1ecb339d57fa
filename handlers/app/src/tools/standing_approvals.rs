//! Calls that run by what a person agreed to before: which yes may be remembered, and which
//! that was stands for a call now.

use azimuth_domain::approval_grant::{
    AlwaysAllowed, ApprovalScope, StandingApproval, Wanted as WantedCall,
};
use azimuth_domain::policy::{ApprovalBy, Decision};
use azimuth_domain::tool::{Availability, Classification, EffectClass, ToolSpec};
use azimuth_domain::turn::{Proposal, ProposedCall, ToolCall, Turn, TurnKind};
use azimuth_ports::store::StoreError;
use serde_json::Value;

use super::decide::{Standing, Wanted};
use crate::policy::{PolicyInput, PolicySet, Remembered, approval_scope};
use crate::turn::Engine;

/// What a call needs that its asker alone must agree to.
const ASKS: Decision = Decision::RequireApproval {
    by: ApprovalBy::Asker,
};

/// What is decided about a call that somebody wants, before anybody is asked.
pub(crate) struct Settled {
    /// Whether it runs, needs a person or is denied.
    pub decision: Decision,
    /// What a yes covers when it is given for the conversation, if it can be.
    pub remember: Option<ApprovalScope>,
    /// What stands for the yes that it needs.
    pub standing: Option<StandingApproval>,
}

/// Whether it changes something, destroys nothing and has no secret.
pub(crate) fn is_plain_change(class: Classification) -> bool {
    class.effect == EffectClass::Mutating && !class.secret
}

/// For what the asker's yes to the call may be given at the most. Whatever policies say, for
/// nothing but the call where something is destroyed or a secret is shown or taken.
fn may_remember(policies: &PolicySet, input: &PolicyInput<'_>) -> Option<Remembered> {
    let PolicyInput {
        tool, arguments, ..
    } = input;
    let is_change = is_plain_change(tool.classify(arguments));
    if !is_change || tool.availability != Availability::Enabled {
        return None;
    }
    policies.may_remember(input)
}

/// Whether the tools that the asker always allows stand for the yes that the call, so
/// decided, needs of them. Never where the model had read what a tool returned: what it
/// wants then may be somebody else's idea.
pub(crate) fn is_always_allowed(
    policies: &PolicySet,
    always_allowed: &[AlwaysAllowed],
    input: &PolicyInput<'_>,
    decision: &Decision,
) -> bool {
    let PolicyInput { tool, tainted, .. } = input;
    *decision == ASKS
        && !tainted
        && always_allowed
            .iter()
            .any(|one| one.is_of(&tool.tool, &tool.hash))
        && may_remember(policies, input) == Some(Remembered::User)
}

impl Engine {
    /// Decides about a call, and looks whether the asker's settings say yes to it.
    pub(crate) fn settle(
        &self,
        standing: &Standing,
        wanted: Wanted<'_>,
        spec: &ToolSpec,
        arguments: &Value,
    ) -> Settled {
        let decision = self.decide_call(standing, wanted, spec, arguments);
        let input = self.policy_input(standing, wanted, spec, arguments);
        let Standing {
            policies,
            always_allowed,
            ..
        } = standing;
        if is_always_allowed(policies, always_allowed, &input, &decision) {
            return Settled {
                decision: Decision::Allow,
                remember: None,
                standing: Some(StandingApproval::Setting {
                    by: wanted.asker.user.clone(),
                }),
            };
        }
        // What a yes to the call covers when it is given for the conversation, if it can be.
        let may = decision == ASKS && may_remember(policies, &input).is_some();
        Settled {
            remember: may.then(|| approval_scope(spec, arguments, wanted.tainted)),
            decision,
            standing: None,
        }
    }

    /// Lets those of the calls of one step run for which a yes of the conversation
    /// stands. The conversation is looked at only where there may be one.
    pub(crate) async fn stand_in(
        &self,
        turn: &Turn,
        calls: &mut [ProposedCall],
    ) -> Result<(), StoreError> {
        if !turn.has_grants || calls.iter().all(|call| call.remember.is_none()) {
            return Ok(());
        }
        let Some(found) = self.store().conversation(&turn.key()).await? else {
            return Ok(());
        };
        let now = self.now();
        for call in calls {
            let Some(scope) = &call.remember else {
                continue;
            };
            let wanted = WantedCall {
                asker: &turn.asker.user,
                tool: &call.tool,
                tool_hash: &call.tool_hash,
                arguments: &call.arguments,
                target: call.target.as_deref(),
                scope,
            };
            let grant = found
                .item
                .grants
                .iter()
                .find(|one| one.covers(&wanted, now));
            if let Some(grant) = grant {
                call.standing = Some(StandingApproval::Grant {
                    id: grant.id.clone(),
                    by: grant.by.clone(),
                });
                call.remember = None;
                call.proposal = Proposal::Decided(Decision::Allow);
            }
        }
        Ok(())
    }

    /// Whether what stood for the asker's yes when the call was asked for still does: by
    /// the policies, the tool and the conversation of now.
    pub(crate) async fn still_stands(
        &self,
        turn: &Turn,
        call: &ToolCall,
        standing: &Standing,
        spec: &ToolSpec,
    ) -> Result<bool, StoreError> {
        let wanted = Wanted::in_turn(turn, call.tainted);
        let input = self.policy_input(standing, wanted, spec, &call.arguments);
        let Standing {
            policies,
            always_allowed,
            ..
        } = standing;
        let id = match &call.standing {
            None => return Ok(false),
            Some(StandingApproval::Setting { .. }) => {
                return Ok(is_always_allowed(policies, always_allowed, &input, &ASKS));
            }
            Some(StandingApproval::Grant { id, .. }) => id,
        };
        if turn.kind == TurnKind::Console || may_remember(policies, &input).is_none() {
            return Ok(false);
        }
        let Some(found) = self.store().conversation(&turn.key()).await? else {
            return Ok(false);
        };
        let scope = approval_scope(spec, &call.arguments, call.tainted);
        let wanted = WantedCall::of(&turn.asker.user, call, &scope);
        let now = self.now();
        let mut grants = found.item.grants.iter();
        Ok(found.item.deleted_at.is_none()
            && grants.any(|one| one.id == *id && one.covers(&wanted, now)))
    }
}
