//! What turns say of the audit: a call that ended has its close, a decision that
//! counted has its record. Both were written before the turn was.

use azimuth_domain::audit::{AuditRecord, close_id, conversation_chain, decision_id};
use azimuth_domain::event::Outcome;
use azimuth_domain::turn::{CallState, ToolCall, Turn};

/// A record that a turn knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// The turn.
    pub(super) turn: String,
    /// The chain that it lies in.
    pub(super) chain: String,
    /// Its id.
    pub(super) register: String,
    /// What it must say, when the turn copied that.
    outcome: Option<Outcome>,
}

impl Told {
    pub(super) fn is_borne_out_by(&self, record: &AuditRecord) -> bool {
        self.outcome.is_none() || self.outcome == record.entry.outcome
    }
}

pub(super) fn told_by(turn: &Turn) -> Vec<Told> {
    let chain = conversation_chain(&turn.id.conversation());
    let told = |(register, outcome)| Told {
        turn: turn.id.to_string(),
        chain: chain.clone(),
        register,
        outcome,
    };
    let steps = turn.steps.iter();
    let calls = steps.flat_map(|step| step.calls.iter().chain(&step.previews));
    calls.flat_map(registers).map(told).collect()
}

fn registers(call: &ToolCall) -> Vec<(String, Option<Outcome>)> {
    let close = |outcome| (close_id(&call.id, call.attempt), outcome);
    let ended = match &call.state {
        CallState::Finished { ok: true } => Some(close(Some(Outcome::Ok))),
        CallState::Finished { ok: false } => Some(close(Some(Outcome::Error))),
        CallState::Unknown => Some(close(None)),
        CallState::Previewing { .. }
        | CallState::AwaitingApproval { .. }
        | CallState::AwaitingSignIn { .. }
        | CallState::Queued { .. }
        | CallState::Started { .. }
        | CallState::Denied { .. }
        | CallState::Cancelled
        | CallState::NotRun { .. } => None,
    };
    let decided = call.approval.as_ref().and_then(|a| a.decided.as_ref());
    let decision = decided.map(|decision| {
        let round = call.approval.as_ref().map_or(0, |asked| asked.drifts);
        let register = decision_id(&call.id, round, &decision.by, decision.approved);
        (register, None)
    });
    ended.into_iter().chain(decision).collect()
}
