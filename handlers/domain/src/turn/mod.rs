//! The turn state machine of `design/turn-protocol.md`.
//!
//! [`step`] is pure: a turn, a command and the time give the next turn, the
//! events to append with it and the effects to perform after the write. The
//! driver (`app/turn`) reads, calls it, replaces the document under its etag,
//! and on conflict reads and decides again. One command is one file.

mod allowance;
mod answer;
mod await_sign_in;
mod cancel;
mod claim_call;
mod claim_model;
mod create;
mod decide_approval;
mod denials_recorded;
mod deny_call;
pub mod digest;
mod due;
mod expire;
mod fail_model;
mod failure;
mod finish_call;
mod poison_call;
mod raise_watch;
mod read;
mod reclaim_call;
mod release_call;
mod renew_lease;
mod resume_sign_in;
mod settle;
mod state;
#[cfg(test)]
mod tests;

pub use allowance::Allowance;
pub use answer::{Answer, Proposal, ProposedCall};
pub use await_sign_in::AwaitSignIn;
pub use cancel::Cancel;
pub use claim_call::ClaimCall;
pub use claim_model::ClaimModel;
pub use create::NewTurn;
pub use decide_approval::DecideApproval;
pub use denials_recorded::DenialsRecorded;
pub use deny_call::DenyCall;
pub use due::Work;
pub use expire::Expire;
pub use fail_model::FailModel;
pub use failure::FailureCode;
pub use finish_call::FinishCall;
pub use poison_call::PoisonCall;
pub use raise_watch::RaiseWatch;
pub use read::RepeatPreview;
pub use reclaim_call::{ReclaimCall, Verdict};
pub use release_call::ReleaseCall;
pub use renew_lease::RenewLease;
pub use resume_sign_in::ResumeSignIn;
pub use state::*;

use crate::event::{EventBody, Outcome};
use crate::ids::CallId;
use crate::preview::Reading;
use crate::time::Timestamp;

/// Everything that can be done to a turn.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each command is documented at its type")]
pub enum Command {
    ClaimModel(ClaimModel),
    Answer(Box<Answer>),
    FailModel(FailModel),
    RenewLease(RenewLease),
    DecideApproval(DecideApproval),
    ClaimCall(ClaimCall),
    DenyCall(DenyCall),
    DenialsRecorded(DenialsRecorded),
    AwaitSignIn(AwaitSignIn),
    ResumeSignIn(ResumeSignIn),
    ReleaseCall(ReleaseCall),
    FinishCall(FinishCall),
    ReclaimCall(ReclaimCall),
    PoisonCall(PoisonCall),
    Cancel(Cancel),
    Expire(Expire),
    RaiseWatch(RaiseWatch),
    RepeatPreview(RepeatPreview),
}

/// What to do once the write has succeeded. Every effect may be lost: the
/// watchdog and the sweeper find the work again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the model for this step; the claim is the caller's.
    CallModel {
        /// The step.
        step: u32,
        /// The claim that the answer must carry.
        claim_no: u32,
    },
    /// Rule 4: one message for this call.
    Enqueue(CallId),
    /// A message that makes somebody drive the turn on.
    Advance,
    /// Record in the audit that this call was refused. The turn remembers it as
    /// [`Turn::unrecorded`] until somebody has.
    RecordDenied(CallId),
}

/// What a command makes of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The turn to write.
    pub turn: Turn,
    /// The events of the same batch, without sequence numbers.
    pub events: Vec<EventBody>,
    /// What to do after the write.
    pub effects: Vec<Effect>,
}

/// Why the present state does not take a command. Refusals are normal: somebody
/// else was faster, or it is too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The turn has ended or is ending.
    #[error("the turn has ended")]
    Ended,
    /// Rule 2 does not allow a claim now.
    #[error("the model cannot be claimed now")]
    NotDrivable,
    /// Another claim or another step is current (rule 3).
    #[error("this claim of the model is not the current one")]
    StaleClaim,
    /// The turn has no such call.
    #[error("the turn has no such call")]
    NoSuchCall,
    /// The call is not in the state that the command needs.
    #[error("the call is not in the state that this needs")]
    WrongState,
    /// Another attempt is current, or the call has ended.
    #[error("this attempt is not the current one")]
    StaleAttempt,
    /// Somebody who is alive has the call.
    #[error("an executor is at work on the call")]
    LeaseHeld,
    /// What is to be approved is not what was shown.
    #[error("the digest is not that of the call")]
    DigestMismatch,
    /// The yes can be given for this call only.
    #[error("this cannot be agreed to for the rest of the conversation")]
    NotToRemember,
    /// It is too late to decide.
    #[error("the approval has expired")]
    ApprovalExpired,
    /// No deadline has passed.
    #[error("nothing is due")]
    NothingDue,
    /// The preview has to be repeated before the call may start (rule 5).
    #[error("the preview has to be repeated first")]
    PreviewNeeded,
    /// Nobody waits for a sign-in.
    #[error("nothing waits for a sign-in")]
    NothingWaits,
    /// The number is below the turn's counter.
    #[error("the watchdog message is an old one")]
    OldWatch,
}

/// Applies one command. `now` is the caller's clock; safety never depends on it.
pub fn step(turn: &Turn, command: Command, now: Timestamp) -> Result<Transition, Refusal> {
    let mut draft = Draft {
        turn: turn.clone(),
        now,
        events: Vec::new(),
        effects: Vec::new(),
    };
    match command {
        Command::ClaimModel(c) => c.apply(&mut draft)?,
        Command::Answer(c) => c.apply(&mut draft)?,
        Command::FailModel(c) => c.apply(&mut draft)?,
        Command::RenewLease(c) => c.apply(&mut draft)?,
        Command::DecideApproval(c) => c.apply(&mut draft)?,
        Command::ClaimCall(c) => c.apply(&mut draft)?,
        Command::DenyCall(c) => c.apply(&mut draft)?,
        Command::DenialsRecorded(c) => c.apply(&mut draft)?,
        Command::AwaitSignIn(c) => c.apply(&mut draft)?,
        Command::ResumeSignIn(ResumeSignIn) => ResumeSignIn::apply(&mut draft)?,
        Command::ReleaseCall(c) => c.apply(&mut draft)?,
        Command::FinishCall(c) => c.apply(&mut draft)?,
        Command::ReclaimCall(c) => c.apply(&mut draft)?,
        Command::PoisonCall(c) => c.apply(&mut draft)?,
        Command::Cancel(Cancel) => Cancel::apply(&mut draft)?,
        Command::Expire(c) => c.apply(&mut draft)?,
        Command::RaiseWatch(c) => c.apply(&mut draft)?,
        Command::RepeatPreview(c) => c.apply(&mut draft)?,
    }
    let mut transition = draft.settle(turn.waiting_for());
    if turn.status.is_terminal() {
        // When it ended, for its readers.
        transition.turn.updated_at = turn.updated_at;
    }
    Ok(transition)
}

/// A transition in the making.
struct Draft {
    turn: Turn,
    now: Timestamp,
    events: Vec<EventBody>,
    effects: Vec<Effect>,
}

impl Draft {
    fn event(&mut self, event: EventBody) {
        self.events.push(event);
    }

    fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn call_mut(&mut self, id: &CallId) -> Result<&mut ToolCall, Refusal> {
        self.turn.call_mut(id).ok_or(Refusal::NoSuchCall)
    }

    /// Ends a call and says so; what nobody knows the end of is looked at.
    fn end_call(
        &mut self,
        id: &CallId,
        state: CallState,
        note: Option<String>,
    ) -> Result<(), Refusal> {
        self.end_with(id, state, note, None)
    }

    /// The same; `reading` is what the executor of a read of ours has seen.
    fn end_with(
        &mut self,
        id: &CallId,
        state: CallState,
        note: Option<String>,
        reading: Option<Reading>,
    ) -> Result<(), Refusal> {
        let call = self.call_mut(id)?;
        let Some(outcome) = state.outcome() else {
            return Err(Refusal::WrongState);
        };
        call.state = state;
        if note.is_some() {
            call.note = note;
        }
        if let Some(purpose) = call.purpose.clone() {
            return self.read_ended(&purpose, id, reading);
        }
        let event = EventBody::ToolCallFinished {
            call_id: id.clone(),
            outcome,
            duration_ms: call.duration_ms,
            result_ref: call.result.clone(),
            preview: call.preview.clone(),
            note: call.note.clone(),
        };
        self.event(event);
        if outcome == Outcome::Unknown {
            self.check_outcome(id)?;
        }
        Ok(())
    }

    /// Asks that somebody drives the turn on once the step's calls have ended.
    fn advance_when_complete(&mut self) {
        if self.turn.kind == TurnKind::Chat && self.turn.can_drive(self.now) {
            self.effect(Effect::Advance);
        }
    }

    /// Ends the turn without an answer. Never while a call is open.
    fn fail(&mut self, code: FailureCode) {
        let message = code.message(&self.turn.language).to_owned();
        self.fail_with(code.as_str(), message);
    }

    fn fail_with(&mut self, code: &str, message: String) {
        self.turn.status = TurnStatus::Failed {
            code: code.to_owned(),
            message: message.clone(),
        };
        self.event(EventBody::TurnFailed {
            code: code.to_owned(),
            message,
        });
    }
}
