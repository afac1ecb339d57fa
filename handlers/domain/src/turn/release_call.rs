//! Rule 7: the audit could not be opened, so nothing ran.

use super::{CallState, Draft, NotRunReason, Refusal};
use crate::ids::CallId;

/// Gives a started call back. The attempt stays spent: its open may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseCall {
    /// The call.
    pub call: CallId,
    /// The attempt that is given back.
    pub attempt: u32,
}

impl ReleaseCall {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let awaited = draft.is_awaited(&self.call);
        let call = draft.call_mut(&self.call)?;
        if !matches!(call.state, CallState::Started { .. }) || call.attempt != self.attempt {
            return Err(Refusal::StaleAttempt);
        }
        if !awaited {
            return draft.end_call(
                &self.call,
                CallState::NotRun {
                    reason: NotRunReason::Attempts,
                },
                None,
            );
        }
        call.state = CallState::Queued {
            digest: call.approved_digest().map(ToOwned::to_owned),
        };
        Ok(())
    }
}
