//! Rule 6a: the asker's grant for Azure is gone.

use super::{CallState, Draft, NotRunReason, Refusal, TurnStatus};
use crate::ids::CallId;

/// Parks a queued call until its asker signs in to Azure. Costs no attempt. A read
/// of ours does not wait: it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitSignIn {
    /// The call.
    pub call: CallId,
    /// From now.
    pub deadline_ms: i64,
}

impl AwaitSignIn {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.status != TurnStatus::Running {
            return Err(Refusal::Ended);
        }
        let now = draft.now;
        let call = draft.call_mut(&self.call)?;
        let CallState::Queued { digest } = &call.state else {
            return Err(Refusal::WrongState);
        };
        if call.purpose.is_some() {
            draft.end_call(
                &self.call,
                CallState::NotRun {
                    reason: NotRunReason::SignIn,
                },
                None,
            )?;
            draft.advance_when_complete();
            return Ok(());
        }
        call.state = CallState::AwaitingSignIn {
            digest: digest.clone(),
            deadline: now.plus_ms(self.deadline_ms),
        };
        Ok(())
    }
}
