//! Rule 2: claim the model step.

use super::{CallState, Draft, Effect, FailureCode, ModelState, Refusal, Step, TurnKind};
use crate::event::EventBody;
use crate::limits::{MAX_CLAIMS, MAX_RUNNING_MS, MAX_STEPS, MAX_TURN_TOKENS};

/// Claims the model for the current step, or for the next one when every call of
/// the current one has ended. A limit that is reached ends the turn instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimModel {
    /// How long the claim is respected.
    pub lease_ms: i64,
}

impl ClaimModel {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.kind == TurnKind::Console || !draft.turn.can_drive(draft.now) {
            return Err(Refusal::NotDrivable);
        }
        claim(draft, self.lease_ms);
        Ok(())
    }
}

/// The claim itself; the caller has checked that the turn can be driven.
pub(super) fn claim(draft: &mut Draft, lease_ms: i64) {
    if draft.turn.running_ms_at(draft.now) > MAX_RUNNING_MS {
        return draft.fail(FailureCode::TimeLimit);
    }
    if draft.turn.usage.total() > MAX_TURN_TOKENS {
        return draft.fail(FailureCode::TokenLimit);
    }
    let claim_no = match draft.turn.model {
        ModelState::Idle => 1,
        ModelState::Claimed { claim_no, .. } => claim_no + 1,
        ModelState::Answered => {
            if draft.turn.step_no() + 1 >= MAX_STEPS {
                return draft.fail(FailureCode::StepLimit);
            }
            open_next_step(draft);
            1
        }
    };
    if claim_no > MAX_CLAIMS {
        return draft.fail(FailureCode::ModelLost);
    }
    let step = draft.turn.step_no();
    draft.turn.model = ModelState::Claimed {
        claim_no,
        lease_until: draft.now.plus_ms(lease_ms),
    };
    if claim_no > 1 {
        draft.event(EventBody::ModelRestarted { step, claim_no });
    }
    let model = draft.turn.model_name.clone();
    draft.event(EventBody::ModelStarted { model, step });
    draft.effect(Effect::CallModel { step, claim_no });
}

/// Earlier steps keep id, hash and outcome; the result items have the rest.
fn open_next_step(draft: &mut Draft) {
    if let Some(done) = draft.turn.steps.last_mut() {
        for call in &mut done.calls {
            debug_assert!(call.state.is_terminal());
            if matches!(call.state, CallState::Finished { .. }) {
                call.preview = None;
            }
        }
    }
    draft.turn.steps.push(Step::default());
}
