//! What a turn has to do, and when somebody must look at it next.

use super::state::{CallState, ModelState, Turn, TurnStatus};
use crate::ids::CallId;
use crate::time::Timestamp;

/// Something that can be done for a turn now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Rule 2: the model can be claimed.
    Drive,
    /// Rule 4: the call can be run; its message may have been lost.
    Enqueue(CallId),
    /// Rule 10: the executor of the call is gone.
    Reclaim(CallId),
    /// Rules 1a and 6a: look at the grant, then at the deadline.
    CheckSignIn,
    /// A deadline has passed.
    Expire,
}

impl Turn {
    /// What can be done for this turn at `now`.
    pub fn work(&self, now: Timestamp) -> Vec<Work> {
        let mut work = Vec::new();
        match &self.status {
            TurnStatus::Done | TurnStatus::Failed { .. } | TurnStatus::Cancelled => return work,
            TurnStatus::WaitingSignIn { .. } => return vec![Work::CheckSignIn],
            TurnStatus::Running => {
                if self.can_drive(now) {
                    work.push(Work::Drive);
                }
            }
            TurnStatus::Cancelling => {}
        }
        let mut expire = false;
        let mut sign_in = false;
        for call in self.calls_and_previews() {
            match &call.state {
                CallState::Queued { .. } => work.push(Work::Enqueue(call.id.clone())),
                CallState::Started { lease_until, .. } if *lease_until <= now => {
                    work.push(Work::Reclaim(call.id.clone()));
                }
                CallState::AwaitingSignIn { .. } => sign_in = true,
                CallState::AwaitingApproval { deadline }
                | CallState::Previewing { deadline, .. } => expire |= *deadline <= now,
                _ => {}
            }
        }
        if sign_in {
            work.push(Work::CheckSignIn);
        }
        if expire {
            work.push(Work::Expire);
        }
        work
    }

    /// Rule 2's condition.
    pub fn can_drive(&self, now: Timestamp) -> bool {
        self.status == TurnStatus::Running
            && match &self.model {
                ModelState::Idle => true,
                ModelState::Claimed { lease_until, .. } => *lease_until <= now,
                ModelState::Answered => self.all_calls_terminal(),
            }
    }

    /// The earliest moment at which this turn has something to do unless its
    /// present workers do it first: a lease's end, a deadline, or its last write
    /// when work is open already. `None` once it is terminal and every refusal is on
    /// record. The sweeper looks for turns by this.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let first = self.due_moments().into_iter().min();
        first.or_else(|| (!self.status.is_terminal()).then_some(self.updated_at))
    }

    /// The first of these moments that is still ahead. A watchdog looks again then.
    pub fn next_due_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.due_moments().into_iter().filter(|at| *at > now).min()
    }

    fn due_moments(&self) -> Vec<Timestamp> {
        let mut due: Vec<Timestamp> = self.unrecorded.iter().map(|r| r.at).collect();
        if self.status.is_terminal() {
            return due;
        }
        if let TurnStatus::WaitingSignIn { deadline } = self.status {
            return vec![deadline];
        }
        if self.status == TurnStatus::Running {
            match &self.model {
                ModelState::Idle => due.push(self.updated_at),
                ModelState::Claimed { lease_until, .. } => due.push(*lease_until),
                ModelState::Answered if self.all_calls_terminal() => due.push(self.updated_at),
                ModelState::Answered => {}
            }
        }
        for call in self.calls_and_previews() {
            match &call.state {
                CallState::Queued { .. } => due.push(self.updated_at),
                CallState::Started { lease_until, .. } => due.push(*lease_until),
                CallState::AwaitingApproval { deadline }
                | CallState::AwaitingSignIn { deadline, .. }
                | CallState::Previewing { deadline, .. } => due.push(*deadline),
                _ => {}
            }
        }
        due
    }

    /// Whether somebody who is alive holds the turn or one of its calls.
    pub fn has_living_lease(&self, now: Timestamp) -> bool {
        matches!(&self.model, ModelState::Claimed { lease_until, .. } if *lease_until > now)
            || self.calls_and_previews().any(
                |c| matches!(&c.state, CallState::Started { lease_until, .. } if *lease_until > now),
            )
    }

    /// Whether a call awaits a person's decision.
    pub fn awaits_approval(&self) -> bool {
        !self.status.is_terminal()
            && self
                .calls()
                .iter()
                .any(|c| matches!(c.state, CallState::AwaitingApproval { .. }))
    }

    /// Whether the asker is to sign in to Azure.
    pub fn awaits_sign_in(&self) -> bool {
        matches!(self.status, TurnStatus::WaitingSignIn { .. })
            || (!self.status.is_terminal()
                && self
                    .calls()
                    .iter()
                    .any(|c| matches!(c.state, CallState::AwaitingSignIn { .. })))
    }

    /// Whether any call ever asked for an approval.
    pub fn asked_for_approval(&self) -> bool {
        self.steps
            .iter()
            .flat_map(|s| &s.calls)
            .any(|c| c.approval.is_some())
    }
}
