//! Rule 1: a watchdog message of this number was received.

use super::{Draft, Refusal};

/// Raises the counter to `number + 1`, so that a message of `number` renews once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaiseWatch {
    /// The message's number.
    pub number: u64,
}

impl RaiseWatch {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.status.is_terminal() {
            return Err(Refusal::Ended);
        }
        if self.number < draft.turn.watch {
            return Err(Refusal::OldWatch);
        }
        draft.turn.watch = self.number.saturating_add(1);
        Ok(())
    }
}
