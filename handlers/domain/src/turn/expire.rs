//! Rules 1a, 5, 6a and 12: deadlines.

use super::{CallState, Draft, FailureCode, NotRunReason, Refusal, TurnStatus};
use crate::event::EventBody;
use crate::ids::CallId;
use crate::policy::{ApprovalBy, DenyReason};
use crate::preview::PreviewState;
use crate::time::Timestamp;

/// Applies every deadline that has passed. A sign-in's deadline counts only when
/// the caller has looked at the grant after it and found none: the person may have
/// signed in between an earlier look and the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expire {
    /// When the asker's grant was looked at and was gone; `None` without a look.
    pub grant_gone_at: Option<Timestamp>,
}

impl Expire {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let now = draft.now;
        let nobody_signed_in = |deadline| self.grant_gone_at.is_some_and(|at| deadline <= at);
        if let TurnStatus::WaitingSignIn { deadline } = draft.turn.status {
            if !nobody_signed_in(deadline) {
                return Err(Refusal::NothingDue);
            }
            // A tool call without a model has its call already.
            let open: Vec<_> = draft
                .turn
                .calls_and_previews()
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
                CallState::Previewing {
                    deadline,
                    by,
                    ref preview_call,
                } if deadline <= now => {
                    due.push((call.id.clone(), Due::Preview(by, preview_call.clone())));
                }
                CallState::AwaitingSignIn { deadline, .. } if nobody_signed_in(deadline) => {
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
                Due::Preview(by, read) => {
                    draft.drop_queued_preview(&read)?;
                    draft.ask_showing(&id, by, PreviewState::Late)?;
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
    Preview(ApprovalBy, CallId),
    SignIn,
}
