//! Rule 5, in the executor: policy has changed its mind, or the approval is not
//! for this call.

use super::{CallState, Draft, Effect, Refusal};
use crate::ids::CallId;
use crate::policy::DenyReason;

/// Refuses a queued call before it is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenyCall {
    /// The call.
    pub call: CallId,
    /// Why.
    pub reason: DenyReason,
}

impl DenyCall {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if !matches!(draft.call_mut(&self.call)?.state, CallState::Queued { .. }) {
            return Err(Refusal::WrongState);
        }
        draft.end_call(
            &self.call,
            CallState::Denied {
                reason: self.reason,
            },
            Some(self.reason.sentence().to_owned()),
        )?;
        draft.effect(Effect::RecordDenied(self.call));
        draft.advance_when_complete();
        Ok(())
    }
}
