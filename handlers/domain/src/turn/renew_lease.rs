//! Heartbeats: who is at work says so.

use super::{CallState, Draft, ModelState, Refusal};
use crate::ids::CallId;

/// Prolongs a lease that is still one's own. Carries no event: it ends no claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenewLease {
    /// The model claim.
    Model {
        /// The step that was claimed.
        step: u32,
        /// The claim.
        claim_no: u32,
        /// From now.
        lease_ms: i64,
    },
    /// A started call.
    Call {
        /// The call.
        call: CallId,
        /// The attempt.
        attempt: u32,
        /// From now.
        lease_ms: i64,
    },
}

impl RenewLease {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let now = draft.now;
        match self {
            Self::Model {
                step,
                claim_no: mine,
                lease_ms,
            } => {
                if draft.turn.status.is_terminal() {
                    return Err(Refusal::Ended);
                }
                let current = draft.turn.step_no();
                match &mut draft.turn.model {
                    ModelState::Claimed {
                        claim_no,
                        lease_until,
                    } if *claim_no == mine && current == step => {
                        *lease_until = now.plus_ms(lease_ms);
                        Ok(())
                    }
                    _ => Err(Refusal::StaleClaim),
                }
            }
            Self::Call {
                call,
                attempt,
                lease_ms,
            } => {
                let call = draft.call_mut(&call)?;
                match &mut call.state {
                    CallState::Started { lease_until, .. } if call.attempt == attempt => {
                        *lease_until = now.plus_ms(lease_ms);
                        Ok(())
                    }
                    _ => Err(Refusal::StaleAttempt),
                }
            }
        }
    }
}
