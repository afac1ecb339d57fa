//! Rule 13: a message that could not be processed ends its call.

use super::{CallState, Draft, NotRunReason, Refusal};
use crate::ids::CallId;

/// Ends a queued call. A started one is left to its lease and rule 10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoisonCall {
    /// The call.
    pub call: CallId,
}

impl PoisonCall {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        match draft.call_mut(&self.call)?.state {
            CallState::Queued { .. } => {}
            CallState::Started { .. } => return Err(Refusal::LeaseHeld),
            _ => return Err(Refusal::WrongState),
        }
        draft.end_call(
            &self.call,
            CallState::NotRun {
                reason: NotRunReason::Poison,
            },
            Some("The call could not be processed, five times in a row.".to_owned()),
        )?;
        draft.advance_when_complete();
        Ok(())
    }
}
