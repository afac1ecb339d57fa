//! Rule 5: a person says yes or no to exactly one call.

use super::{ApprovalDecision, CallState, Draft, Effect, Refusal, ToolCall, TurnStatus};
use crate::event::EventBody;
use crate::ids::CallId;
use crate::policy::{ApprovalBy, DenyReason};
use crate::principal::UserKey;
use crate::tool::EffectClass;

/// Records a decision. Who may decide is checked before, by policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideApproval {
    /// The call.
    pub call: CallId,
    /// What was shown.
    pub digest: String,
    /// Yes or no.
    pub approve: bool,
    /// Who decides.
    pub by: UserKey,
    /// Their name.
    pub by_name: Option<String>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Whether the yes is for the rest of the conversation, whose header is written with it.
    pub remember: bool,
}

impl DecideApproval {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.status != TurnStatus::Running {
            return Err(Refusal::Ended);
        }
        let now = draft.now;
        let call = draft.call_mut(&self.call)?;
        let may_be_remembered = call.may_be_remembered();
        let CallState::AwaitingApproval { deadline } = call.state else {
            return Err(Refusal::WrongState);
        };
        if deadline <= now {
            return Err(Refusal::ApprovalExpired);
        }
        let Some(approval) = call.approval.as_mut() else {
            return Err(Refusal::WrongState);
        };
        if approval.digest != self.digest {
            return Err(Refusal::DigestMismatch);
        }
        if self.remember && !(self.approve && may_be_remembered) {
            return Err(Refusal::NotToRemember);
        }
        approval.decided = Some(ApprovalDecision {
            approved: self.approve,
            by: self.by,
            by_name: self.by_name,
            reason: self.reason.clone(),
            at: now,
            remembered: self.remember,
        });
        if self.approve {
            call.state = CallState::Queued {
                digest: Some(self.digest),
            };
        }
        draft.turn.has_grants |= self.remember;
        draft.event(EventBody::ApprovalDecided {
            approval_id: self.call.approval(),
            call_id: self.call.clone(),
            decision: if self.approve { "approved" } else { "denied" }.to_owned(),
            reason: self.reason,
        });
        if self.approve {
            draft.effect(Effect::Enqueue(self.call));
        } else {
            let reason = DenyReason::ByApprover;
            draft.end_call(
                &self.call,
                CallState::Denied { reason },
                Some(reason.sentence().to_owned()),
            )?;
            draft.effect(Effect::RecordDenied(self.call));
            draft.advance_when_complete();
        }
        Ok(())
    }
}

impl ToolCall {
    /// Whether a yes to it can be given for the conversation, whatever policies say:
    /// never where something is destroyed, a secret is shown or taken, or another person
    /// must agree.
    pub fn may_be_remembered(&self) -> bool {
        self.remember.is_some()
            && self.effect == EffectClass::Mutating
            && !self.secret
            && self
                .approval
                .as_ref()
                .is_some_and(|asked| asked.by == ApprovalBy::Asker)
    }
}
