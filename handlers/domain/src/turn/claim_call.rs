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
        if call.must_repeat_preview() {
            return Err(Refusal::PreviewNeeded);
        }
        begin_attempt(draft, &self.call, self.lease_ms)
    }
}

/// The claim itself, or the end of a call whose attempts are spent. The caller has
/// checked that it may start.
pub(super) fn begin_attempt(draft: &mut Draft, id: &CallId, lease_ms: i64) -> Result<(), Refusal> {
    let now = draft.now;
    let call = draft.call_mut(id)?;
    if call.attempt >= MAX_ATTEMPTS {
        draft.end_call(
            id,
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
        lease_until: now.plus_ms(lease_ms),
        since: now,
    };
    if call.purpose.is_none() {
        draft.event(EventBody::ToolCallStarted {
            call_id: id.clone(),
            attempt,
        });
    }
    Ok(())
}
