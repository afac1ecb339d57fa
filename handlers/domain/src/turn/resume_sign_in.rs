//! Rules 1a and 6a: the grant is there again.

use super::{CallState, Draft, Effect, Refusal, TurnStatus};
use crate::limits::PREVIEW_DEADLINE_MS;

/// Everything that waited for a sign-in goes on. The caller has seen the grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeSignIn;

impl ResumeSignIn {
    pub(super) fn apply(draft: &mut Draft) -> Result<(), Refusal> {
        match draft.turn.status {
            TurnStatus::WaitingSignIn { .. } => {
                draft.turn.status = TurnStatus::Running;
                if draft.is_console() {
                    enqueue_queued(draft);
                } else {
                    draft.effect(Effect::Advance);
                }
                Ok(())
            }
            TurnStatus::Running => resume_calls(draft),
            _ => Err(Refusal::Ended),
        }
    }
}

fn resume_calls(draft: &mut Draft) -> Result<(), Refusal> {
    let mut resumed = Vec::new();
    for call in &mut draft.current_step().calls {
        if let CallState::AwaitingSignIn { digest, .. } = &call.state {
            call.state = CallState::Queued {
                digest: digest.clone(),
            };
            resumed.push(call.id.clone());
        }
    }
    if resumed.is_empty() {
        return Err(Refusal::NothingWaits);
    }
    draft
        .effects
        .extend(resumed.into_iter().map(Effect::Enqueue));
    Ok(())
}

/// Who waits for a preview begins to wait now.
fn enqueue_queued(draft: &mut Draft) {
    let until = draft.now.plus_ms(PREVIEW_DEADLINE_MS);
    for call in &mut draft.current_step().calls {
        if let CallState::Previewing { deadline, .. } = &mut call.state {
            *deadline = until;
        }
    }
    let queued: Vec<_> = draft
        .turn
        .calls_and_previews()
        .filter(|c| matches!(c.state, CallState::Queued { .. }))
        .map(|c| Effect::Enqueue(c.id.clone()))
        .collect();
    draft.effects.extend(queued);
}
