//! Rule 11: the asker stops the turn.

use super::{Draft, Refusal, TurnStatus};

/// Stops a turn. What has not started never will; what has is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel;

impl Cancel {
    pub(super) fn apply(draft: &mut Draft) -> Result<(), Refusal> {
        match draft.turn.status {
            TurnStatus::Running | TurnStatus::WaitingSignIn { .. } => {
                draft.turn.status = TurnStatus::Cancelling;
                Ok(())
            }
            _ => Err(Refusal::Ended),
        }
    }
}
