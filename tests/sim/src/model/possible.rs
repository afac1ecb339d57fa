//! What can happen in a world.

use super::{Action, Lease, Sim};
use crate::bound::Sweeper;
use crate::driver::{attempt_of, claim_of, holds_claim};
use crate::turn::{CALLS, CallState, Cmd, Model as ModelState, Status};
use crate::world::{
    APPROVER, ATTEMPTS, At, Attempt, CANCELLER, Claim, Close, EXECUTORS, Held, Open, PERSON, Text,
    World,
};

impl Sim {
    pub(super) fn idle_executor(world: &World) -> Option<usize> {
        EXECUTORS
            .into_iter()
            .find(|who| world.processes[*who].at == At::Idle)
    }

    pub(super) fn visible(world: &World, mut found: impl FnMut(Held)) {
        let queue = &world.queue;
        for (index, call) in (0..CALLS).zip(0u8..) {
            if queue.tool[index] > 0 {
                found(Held::Tool(call));
            }
            if queue.tool_poison[index] > 0 {
                found(Held::ToolPoison(call));
            }
        }
        if queue.advance > 0 {
            found(Held::Advance);
        }
        let mut last = None;
        for watch in queue.watch.iter().flatten() {
            if last != Some(*watch) {
                found(Held::Watch(*watch));
            }
            last = Some(*watch);
        }
        if let Some(watch) = queue.watch_poison {
            found(Held::WatchPoison(watch));
        }
    }

    pub(super) fn process_actions(&self, world: &World, actions: &mut Vec<Action>) {
        let left = &world.left;
        for (who, process) in world.processes.iter().enumerate() {
            if process.at == At::Idle {
                continue;
            }
            let dies = self.bound.always_crashes && matches!(process.held, Held::Tool(_));
            if dies {
                actions.push(Action::Go(who));
                continue;
            }
            actions.push(Action::Go(who));
            if left.fail > 0 {
                let (fails, loses_reply) = self.may_fail(process.at);
                if fails {
                    actions.push(Action::Fails(who));
                }
                if loses_reply {
                    actions.push(Action::LosesReply(who));
                }
            }
            match process.at {
                At::Effect { attempt, .. } => {
                    let is_held = matches!(
                        world.turn.calls[usize::from(attempt.call)],
                        crate::turn::Call { attempt: no, state: CallState::Started { .. }, .. }
                            if no == attempt.no
                    );
                    if !is_held || world.turn.status != Status::Running {
                        actions.push(Action::Stops(who));
                    }
                }
                At::Model {
                    text: Text::Next { .. },
                    ..
                } if left.text > 0 => actions.push(Action::Says(who)),
                _ => {}
            }
            if self.bound.heartbeat && Self::beat(world, process.at).is_some() {
                actions.push(Action::Beats(who));
            }
            if left.crash > 0 && !self.bound.host {
                actions.push(Action::Crash(who));
            }
            let can_double = matches!(process.held, Held::Tool(_) | Held::Advance | Held::Watch(_));
            if left.dup > 0 && can_double {
                actions.push(Action::Duplicate(who));
            }
        }
        let anybody = world.processes.iter().any(|p| p.at != At::Idle);
        if left.crash > 0 && self.bound.host && anybody {
            actions.push(Action::CrashInstance);
        }
    }

    /// Whether an action can fail, and whether it can be done without a reply.
    fn may_fail(&self, at: At) -> (bool, bool) {
        match at {
            At::Open { .. } | At::Close { .. } | At::Seal { .. } | At::SealClose { .. } => {
                (true, true)
            }
            At::Effect { .. } => (false, true),
            At::Claim { .. }
            | At::Deny { .. }
            | At::Park { .. }
            | At::Resume
            | At::Expire { .. }
            | At::Release(_)
            | At::Finish { .. }
            | At::Reclaim { .. }
            | At::PoisonCall(_)
            | At::Drive
            | At::Model {
                text: Text::Next { .. },
                ..
            }
            | At::Raise
            | At::Renew { .. }
            | At::RenewPoison { .. }
            | At::ResumeWatch
            | At::Decide { .. }
            | At::Cancel => (self.bound.store_fails, self.bound.store_fails),
            At::Perform { .. } | At::Works => (self.bound.store_fails, false),
            _ => (false, false),
        }
    }

    /// The heartbeat that makes an ended lease live again.
    pub(super) fn beat(world: &World, at: At) -> Option<Cmd> {
        let turn = &world.turn;
        if let Some(claim) = claim_of(at)
            && holds_claim(turn, claim)
            && matches!(turn.model, ModelState::Claimed { live: false, .. })
        {
            return Some(Cmd::RenewModel {
                step: claim.step,
                no: claim.no,
            });
        }
        let attempt = attempt_of(at)?;
        let call = turn.calls[usize::from(attempt.call)];
        let is_mine =
            call.attempt == attempt.no && call.state == CallState::Started { live: false };
        is_mine.then_some(Cmd::RenewCall {
            call: attempt.call,
            attempt: attempt.no,
        })
    }

    pub(super) fn clock_actions(world: &World, actions: &mut Vec<Action>) {
        let turn = &world.turn;
        let mut ends = |of: Lease, is_alive: bool| {
            if !is_alive || world.left.expiry > 0 {
                actions.push(Action::LeaseEnds { of, is_alive });
            }
        };
        if let ModelState::Claimed { no, live: true } = turn.model {
            let claim = Claim {
                step: turn.step,
                no,
            };
            let is_alive = world
                .processes
                .iter()
                .any(|p| claim_of(p.at) == Some(claim));
            ends(Lease::Model, is_alive);
        }
        for (call, number) in turn.calls.iter().zip(0u8..) {
            if call.state == (CallState::Started { live: true }) {
                let attempt = Attempt {
                    call: number,
                    no: call.attempt,
                };
                let is_alive = world
                    .processes
                    .iter()
                    .any(|p| attempt_of(p.at) == Some(attempt));
                ends(Lease::Call(number), is_alive);
            }
        }
        if !turn.status.is_terminal() {
            let passes = |which: &usize| {
                let previews = turn
                    .calls
                    .get(*which)
                    .is_some_and(|c| matches!(c.state, CallState::Previewing { .. }));
                !previews || world.left.late > 0
            };
            let open = turn.open_deadlines().filter(passes);
            actions.extend(open.map(Action::DeadlinePasses));
        }
    }

    pub(super) fn sweep_actions(&self, world: &World, actions: &mut Vec<Action>) {
        let looks = self.steps.looks(world.turn);
        let finds = looks.has_work && !looks.living_lease && world.queue.advance == 0;
        let sweeps = match self.bound.sweeper {
            Sweeper::Off => false,
            Sweeper::Racing => finds,
            Sweeper::Lazy => {
                finds
                    && world.queue.is_empty()
                    && world
                        .processes
                        .iter()
                        .all(|p| p.at == At::Idle || Self::is_zombie(world, p.at))
            }
        };
        if sweeps {
            actions.push(Action::Sweep);
        }
        if self.bound.audit_sweep {
            for (call, number) in world.audit.iter().zip(0u8..) {
                for (registers, no) in call.iter().zip(1u8..) {
                    let attempt = Attempt { call: number, no };
                    if registers.close.is_none() && orphan(world, attempt).is_some() {
                        actions.push(Action::SweepAudit(attempt));
                    }
                }
            }
        }
    }

    /// At work on what the turn has given to somebody else, or is about to.
    fn is_zombie(world: &World, at: At) -> bool {
        if let Some(claim) = claim_of(at) {
            return !holds_claim(&world.turn, claim)
                || !matches!(world.turn.model, ModelState::Claimed { live: true, .. });
        }
        attempt_of(at).is_some_and(|attempt| {
            let call = world.turn.calls[usize::from(attempt.call)];
            call.attempt != attempt.no || call.state != CallState::Started { live: true }
        })
    }

    pub(super) fn people_actions(&self, world: &World, actions: &mut Vec<Action>) {
        let turn = &world.turn;
        if turn.status == Status::Running && world.processes[APPROVER].at == At::Idle {
            for (call, number) in turn.calls.iter().zip(0u8..) {
                if call.state == (CallState::AwaitingApproval { passed: false }) {
                    for approve in [true, false] {
                        actions.push(Action::Decide {
                            call: number,
                            approve,
                            shown: call.shown,
                        });
                    }
                }
            }
        }
        let runs = !turn.status.is_terminal();
        if runs && world.left.cancel > 0 && world.processes[CANCELLER].at == At::Idle {
            actions.push(Action::Cancel);
        }
        if runs && world.left.retry > 0 && self.bound.watchdog {
            actions.push(Action::AskAgain);
        }
        if runs && !world.grant && world.processes[PERSON].at == At::Idle {
            actions.push(Action::SignIn);
        }
        if runs && world.grant && world.left.grant_loss > 0 {
            actions.push(Action::LoseGrant);
        }
        if runs && world.left.drift > 0 {
            actions.push(Action::Drift);
        }
        if runs && !world.revoked && world.left.revoke > 0 {
            actions.push(Action::Revoke);
        }
    }
}

/// `orphan_outcome` of `turn/sweep.rs`, for an open without a close.
pub(super) fn orphan(world: &World, attempt: Attempt) -> Option<Close> {
    let index = usize::from(attempt.no.saturating_sub(1)).min(ATTEMPTS - 1);
    let open = world.audit[usize::from(attempt.call)][index].open;
    let call = world.turn.calls[usize::from(attempt.call)];
    let past = call.attempt > attempt.no || call.state == CallState::Dropped;
    let ended = match call.state {
        CallState::Finished { ok: true } => Some(Close::Ok),
        CallState::Finished { ok: false } => Some(Close::Error),
        CallState::Unknown => Some(Close::Unknown),
        CallState::Denied => Some(Close::Denied),
        CallState::Cancelled => Some(Close::Cancelled),
        CallState::NotRun { .. } => Some(Close::NotRun),
        _ => None,
    };
    match open {
        Open::Nobody => None,
        Open::Sealer if past || ended.is_some() => Some(Close::NotRun),
        Open::Worker if past => Some(Close::Unknown),
        Open::Worker | Open::Sealer => ended,
    }
}
