//! Rules 1a, 5, 6a and 12: deadlines.

use super::{CallState, Draft, FailureCode, NotRunReason, Refusal, TurnStatus};
use crate::event::EventBody;
use crate::ids::CallId;
use crate::policy::DenyReason;

/// Applies every deadline that has passed. A sign-in's deadline counts only when
/// the caller has looked at the grant and found none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expire {
    /// The asker's grant was looked at and is gone.
    pub grant_is_gone: bool,
}

impl Expire {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let now = draft.now;
        if let TurnStatus::WaitingSignIn { deadline } = draft.turn.status {
            if !self.grant_is_gone || deadline > now {
                return Err(Refusal::NothingDue);
            }
            // A tool call without a model has its call already.
            let open: Vec<_> = draft
                .turn
                .calls()
                .iter()
                .filter(|c| !c.state.is_terminal())
                .map(|c| c.id.clone())
                .collect();
            for id in open {
                give_up_sign_in(draft, &id)?;
            }
            draft.fail(FailureCode::SignIn);
            return Ok(());
        }
        let mut due = Vec::new();
        for call in draft.turn.calls() {
            match call.state {
                CallState::AwaitingApproval { deadline } if deadline <= now => {
                    due.push((call.id.clone(), Due::Approval));
                }
                CallState::Previewing { deadline, .. } if deadline <= now => {
                    due.push((call.id.clone(), Due::Preview));
                }
                CallState::AwaitingSignIn { deadline, .. }
                    if deadline <= now && self.grant_is_gone =>
                {
                    due.push((call.id.clone(), Due::SignIn));
                }
                _ => {}
            }
        }
        if due.is_empty() {
            return Err(Refusal::NothingDue);
        }
        for (id, what) in due {
            match what {
                Due::Approval => {
                    draft.event(EventBody::ApprovalDecided {
                        approval_id: id.approval(),
                        call_id: id.clone(),
                        decision: "expired".to_owned(),
                        reason: None,
                    });
                    let reason = DenyReason::ApprovalExpired;
                    draft.end_call(
                        &id,
                        CallState::Denied { reason },
                        Some(reason.sentence().to_owned()),
                    )?;
                    draft.effect(super::Effect::RecordDenied(id));
                }
                Due::Preview => {
                    let deadline = now.plus_ms(crate::limits::APPROVAL_DEADLINE_MS);
                    draft.call_mut(&id)?.state = CallState::AwaitingApproval { deadline };
                }
                Due::SignIn => give_up_sign_in(draft, &id)?,
            }
        }
        draft.advance_when_complete();
        Ok(())
    }
}

fn give_up_sign_in(draft: &mut Draft, id: &CallId) -> Result<(), Refusal> {
    draft.end_call(
        id,
        CallState::NotRun {
            reason: NotRunReason::SignIn,
        },
        Some("Nobody signed in to Azure in time.".to_owned()),
    )
}

enum Due {
    Approval,
    Preview,
    SignIn,
}
