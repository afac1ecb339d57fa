//! Rule 10(c): what becomes of a started call whose executor is gone.

use super::{CallState, Draft, Effect, NotRunReason, Refusal, TurnStatus};
use crate::event::ResultRef;
use crate::ids::CallId;
use crate::limits::MAX_ATTEMPTS;
use crate::tool::EffectClass;

/// What the audit says about the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was closed as ok.
    Ok,
    /// It was closed as error.
    Error,
    /// A sealer took the open: it never ran and never can.
    NeverRan,
    /// A worker took the open and nobody knows what came of it.
    MayHaveRun,
}

/// Writes the audit's verdict into the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReclaimCall {
    /// The call.
    pub call: CallId,
    /// The attempt that is over.
    pub attempt: u32,
    /// What the audit says.
    pub verdict: Verdict,
    /// No further attempt: its message cannot be processed.
    pub poison: bool,
    /// The result that was stored before the executor was lost.
    pub result: Option<ResultRef>,
}

impl ReclaimCall {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let running = draft.turn.status == TurnStatus::Running;
        let awaited = draft.is_awaited(&self.call);
        let call = draft.call_mut(&self.call)?;
        if !matches!(call.state, CallState::Started { .. }) || call.attempt != self.attempt {
            return Err(Refusal::StaleAttempt);
        }
        let again = running && awaited && !self.poison && call.attempt < MAX_ATTEMPTS;
        let read_only = call.effect == EffectClass::ReadOnly;
        let state = match self.verdict {
            Verdict::Ok => CallState::Finished { ok: true },
            Verdict::Error => CallState::Finished { ok: false },
            Verdict::NeverRan if again => return requeue(draft, self.call),
            Verdict::MayHaveRun if again && read_only => return requeue(draft, self.call),
            Verdict::NeverRan if !running => CallState::Cancelled,
            Verdict::NeverRan => CallState::NotRun {
                reason: if self.poison {
                    NotRunReason::Poison
                } else {
                    NotRunReason::Attempts
                },
            },
            Verdict::MayHaveRun => CallState::Unknown,
        };
        if self.result.is_some() {
            call.result = self.result;
        }
        let note = match state {
            CallState::Unknown => Some(
                "The executor was lost while the call ran. It may have happened, and it may still happen."
                    .to_owned(),
            ),
            CallState::NotRun { .. } => {
                Some("Every attempt was lost before the call began.".to_owned())
            }
            _ => None,
        };
        draft.end_call(&self.call, state, note)?;
        draft.advance_when_complete();
        Ok(())
    }
}

/// The next attempt goes through policy, token and claim again.
fn requeue(draft: &mut Draft, id: CallId) -> Result<(), Refusal> {
    let call = draft.call_mut(&id)?;
    call.state = CallState::Queued {
        digest: call.approved_digest().map(ToOwned::to_owned),
    };
    draft.effect(Effect::Enqueue(id));
    Ok(())
}
