//! Rule 6: only Queued → Started.

use super::{CallState, Draft, NotRunReason, Refusal, TurnStatus};
use crate::event::EventBody;
use crate::ids::CallId;
use crate::limits::MAX_ATTEMPTS;

/// Begins an attempt. Policy, approval and token were checked before, on the
/// document whose etag guards this write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimCall {
    /// The call.
    pub call: CallId,
    /// How long the claim is respected.
    pub lease_ms: i64,
}

impl ClaimCall {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.status != TurnStatus::Running {
            return Err(Refusal::Ended);
        }
        let now = draft.now;
        let call = draft.call_mut(&self.call)?;
        match &call.state {
            CallState::Queued { .. } => {}
            CallState::Started { lease_until, .. } if *lease_until > now => {
                return Err(Refusal::LeaseHeld);
            }
            _ => return Err(Refusal::WrongState),
        }
        if call.attempt >= MAX_ATTEMPTS {
            draft.end_call(
                &self.call,
                CallState::NotRun {
                    reason: NotRunReason::Attempts,
                },
                Some("Every attempt was lost before the call began.".to_owned()),
            )?;
            draft.advance_when_complete();
            return Ok(());
        }
        call.attempt += 1;
        let attempt = call.attempt;
        call.state = CallState::Started {
            lease_until: now.plus_ms(self.lease_ms),
            since: now,
        };
        draft.event(EventBody::ToolCallStarted {
            call_id: self.call,
            attempt,
        });
        Ok(())
    }
}
