//! Calls that run by what a person agreed to before: which yes may be remembered, and which
//! that was stands for a call now.

use azimuth_domain::approval_grant::{ApprovalScope, StandingApproval, Wanted as WantedCall};
use azimuth_domain::policy::{ApprovalBy, Decision};
use azimuth_domain::tool::{Availability, EffectClass, ToolSpec};
use azimuth_domain::turn::{Proposal, ProposedCall, ToolCall, Turn, TurnKind};
use azimuth_ports::store::StoreError;
use serde_json::Value;

use super::decide::{Standing, Wanted};
use crate::policy::approval_scope;
use crate::turn::Engine;

impl Engine {
    /// Whether the asker's yes to the call may be given for the conversation. Whatever
    /// policies say, never where something is destroyed or a secret is shown or taken.
    fn may_remember(
        &self,
        standing: &Standing,
        wanted: Wanted<'_>,
        spec: &ToolSpec,
        arguments: &Value,
    ) -> bool {
        let class = spec.classify(arguments);
        class.effect == EffectClass::Mutating
            && !class.secret
            && spec.availability == Availability::Enabled
            && standing
                .policies
                .may_remember(&self.policy_input(standing, wanted, spec, arguments))
    }

    /// What a yes to the call covers when it is given for the conversation, if it can be.
    pub(crate) fn to_remember(
        &self,
        standing: &Standing,
        wanted: Wanted<'_>,
        spec: &ToolSpec,
        arguments: &Value,
        decision: &Decision,
    ) -> Option<ApprovalScope> {
        let asks = Decision::RequireApproval {
            by: ApprovalBy::Asker,
        };
        (*decision == asks && self.may_remember(standing, wanted, spec, arguments))
            .then(|| approval_scope(spec, arguments, wanted.tainted))
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
        let Some(StandingApproval::Grant { id, .. }) = &call.standing else {
            return Ok(false);
        };
        let wanted = Wanted::in_turn(turn, call.tainted);
        if turn.kind == TurnKind::Console
            || !self.may_remember(standing, wanted, spec, &call.arguments)
        {
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
