//! The model does not answer, or refuses: the turn ends and says so.

use super::{Draft, FailureCode, ModelState, Refusal, TurnStatus};

/// Ends the turn under the current claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailModel {
    /// The step that was claimed.
    pub step: u32,
    /// The claim.
    pub claim_no: u32,
    /// Why.
    pub code: FailureCode,
}

impl FailModel {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        match draft.turn.model {
            ModelState::Claimed { claim_no, .. }
                if draft.turn.status == TurnStatus::Running
                    && claim_no == self.claim_no
                    && draft.turn.step_no() == self.step =>
            {
                draft.fail(self.code);
                Ok(())
            }
            _ => Err(Refusal::StaleClaim),
        }
    }
}
