//! Rule 9: the turn copies what the audit close says.

use super::{CallState, Draft, Refusal, TurnKind, claim_model};
use crate::event::{Outcome, ResultRef};
use crate::ids::CallId;
use crate::preview::Reading;

/// Ends the attempt that the executor holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishCall {
    /// The call.
    pub call: CallId,
    /// The attempt.
    pub attempt: u32,
    /// What the close says: `Ok`, `Error` or `Unknown`.
    pub outcome: Outcome,
    /// The stored result.
    pub result: Option<ResultRef>,
    /// Its beginning.
    pub preview: Option<String>,
    /// One sentence, when there is something to say.
    pub note: Option<String>,
    /// Of a read of ours: what its own executor made of the answer. `None` says
    /// nothing about what was read.
    pub reading: Option<Reading>,
    /// How long the attempt took.
    pub duration_ms: Option<i64>,
    /// Set by a writer that drives the next step itself: when this ends the
    /// step's last call, the write carries the claim, with this lease.
    pub claim_lease_ms: Option<i64>,
}

impl FinishCall {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let state = match self.outcome {
            Outcome::Ok => CallState::Finished { ok: true },
            Outcome::Error => CallState::Finished { ok: false },
            Outcome::Unknown => CallState::Unknown,
            Outcome::Denied | Outcome::Cancelled | Outcome::NotRun => {
                return Err(Refusal::WrongState);
            }
        };
        let call = draft.call_mut(&self.call)?;
        if !matches!(call.state, CallState::Started { .. }) || call.attempt != self.attempt {
            return Err(Refusal::StaleAttempt);
        }
        call.result = self.result;
        call.preview = self.preview;
        call.duration_ms = self.duration_ms;
        draft.end_with(&self.call, state, self.note, self.reading)?;
        match self.claim_lease_ms {
            Some(lease_ms)
                if draft.turn.kind == TurnKind::Chat && draft.turn.can_drive(draft.now) =>
            {
                claim_model::claim(draft, lease_ms);
            }
            _ => draft.advance_when_complete(),
        }
        Ok(())
    }
}
