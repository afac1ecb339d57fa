//! Rule 5: a person says yes or no to exactly one call.

use super::{ApprovalDecision, CallState, Draft, Effect, Refusal, TurnStatus};
use crate::event::EventBody;
use crate::ids::CallId;
use crate::policy::DenyReason;
use crate::principal::UserKey;

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
}

impl DecideApproval {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.status != TurnStatus::Running {
            return Err(Refusal::Ended);
        }
        let now = draft.now;
        let call = draft.call_mut(&self.call)?;
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
        approval.decided = Some(ApprovalDecision {
            approved: self.approve,
            by: self.by,
            by_name: self.by_name,
            reason: self.reason.clone(),
            at: now,
        });
        if self.approve {
            call.state = CallState::Queued {
                digest: Some(self.digest),
            };
        }
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
