//! What every write makes true, whatever the command was: cancelling turns shed
//! what has not started (rule 11), console turns end with their call, waiting is
//! told, the running clock stops while only people are awaited, and a refusal is
//! remembered until the audit has it.

use super::{CallState, Draft, Effect, ModelState, Transition, TurnKind, TurnStatus, Unrecorded};
use crate::event::{EventBody, WaitingFor};
use crate::time::Timestamp;

impl Draft {
    pub(super) fn settle(mut self, waited_for: Option<(WaitingFor, Timestamp)>) -> Transition {
        if self.turn.status == TurnStatus::Cancelling {
            self.shed();
        }
        if self.turn.kind == TurnKind::Console
            && self.turn.status == TurnStatus::Running
            && self.turn.model == ModelState::Answered
            && self.turn.all_calls_terminal()
        {
            self.turn.status = TurnStatus::Done;
            self.event(EventBody::TurnCompleted {});
        }
        self.tell_waiting(waited_for);
        self.keep_running_time();
        self.remember_refusals();
        self.turn.updated_at = self.now;
        if self.turn.status.is_terminal() {
            self.effects
                .retain(|e| matches!(e, Effect::RecordDenied(_)));
        }
        Transition {
            turn: self.turn,
            events: self.events,
            effects: self.effects,
        }
    }

    fn shed(&mut self) {
        let mut anything_started = false;
        let mut unstarted = Vec::new();
        for call in self.turn.calls_and_previews() {
            match call.state {
                CallState::Started { .. } => anything_started = true,
                CallState::Previewing { .. }
                | CallState::AwaitingApproval { .. }
                | CallState::AwaitingSignIn { .. }
                | CallState::Queued { .. } => unstarted.push((
                    call.id.clone(),
                    matches!(call.state, CallState::AwaitingApproval { .. }),
                )),
                _ => {}
            }
        }
        for (id, approval_was_open) in unstarted {
            if approval_was_open {
                self.event(EventBody::ApprovalDecided {
                    approval_id: id.approval(),
                    call_id: id.clone(),
                    decision: "cancelled".to_owned(),
                    reason: None,
                });
            }
            // The call was just read from the turn, so it is there.
            let _ = self.end_call(&id, CallState::Cancelled, None);
        }
        if !anything_started {
            self.turn.status = TurnStatus::Cancelled;
            self.event(EventBody::TurnCancelled {});
        }
    }

    fn tell_waiting(&mut self, before: Option<(WaitingFor, Timestamp)>) {
        let now = self.turn.waiting_for();
        if self.turn.status.is_terminal() || now == before {
            return;
        }
        match now {
            Some((waiting_for, expires_at)) => self.event(EventBody::TurnWaiting {
                waiting_for,
                expires_at,
            }),
            None if self.turn.status == TurnStatus::Running => {
                self.event(EventBody::TurnResumed {});
            }
            None => {}
        }
    }

    fn remember_refusals(&mut self) {
        let at = self.now;
        let refused = self.effects.iter().filter_map(|effect| match effect {
            Effect::RecordDenied(call) => Some(Unrecorded {
                call: call.clone(),
                at,
            }),
            _ => None,
        });
        self.turn.unrecorded.extend(refused);
    }

    fn keep_running_time(&mut self) {
        let runs = !self.turn.status.is_terminal() && self.turn.waiting_for().is_none();
        match (runs, self.turn.running_since) {
            (true, None) => self.turn.running_since = Some(self.now),
            (false, Some(_)) => {
                self.turn.running_ms = self.turn.running_ms_at(self.now);
                self.turn.running_since = None;
            }
            _ => {}
        }
    }
}
