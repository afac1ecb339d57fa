//! The audit has the records of these refusals.

use super::{Draft, Refusal};
use crate::ids::CallId;

/// Forgets refusals that are on record. The only command that an ended turn takes;
/// it changes nothing that anybody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenialsRecorded {
    /// The refused calls.
    pub calls: Vec<CallId>,
}

impl DenialsRecorded {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        let before = draft.turn.unrecorded.len();
        draft
            .turn
            .unrecorded
            .retain(|refusal| !self.calls.contains(&refusal.call));
        if draft.turn.unrecorded.len() == before {
            return Err(Refusal::WrongState);
        }
        Ok(())
    }
}
