//! The driver of `handlers/app/src/turn`, action by action. An action is one
//! operation of store, queue, audit or tool; what a process computes between two of
//! them belongs to the first. Reading the turn and replacing it under its etag is
//! one action, because production reads again and decides again on a conflict;
//! where it does not (`apply_to`), the process remembers whether what it read is
//! still the newest.

mod advance;
mod attempt;
mod execute;
mod people;
mod reclaim;

use azimuth_domain::turn::Refusal;

use crate::bound::{Bound, Mutation};
use crate::turn::{CallState, Cmd, Kind, Model, Out, Status, Steps, Turn};
use crate::world::{
    At, Attempt, Claim, Close, Held, Next, Process, Property, Text, Watch, Works, World,
};

/// What becomes of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    /// It is done.
    Well,
    /// It is not done, and its process is told so.
    Fails,
    /// It is done, and its process is told that it is not.
    LosesReply,
    /// A stop sign is up: the tool is not asked.
    Stops,
}

/// One process about to act.
pub struct Turnstile<'a> {
    pub bound: &'a Bound,
    pub steps: &'a Steps,
    pub world: &'a mut World,
    pub who: usize,
}

impl Turnstile<'_> {
    /// Performs the next action of the process.
    pub fn act(&mut self, luck: Luck) {
        let process = self.world.processes[self.who];
        match process.at {
            At::Idle => {}
            At::Look => self.look(),
            At::AskGrant { call, fresh } => self.ask_grant(call, fresh),
            At::Claim {
                call,
                fresh,
                allowed,
                seen,
            } => self.claim(call, fresh, allowed, seen, luck),
            At::Deny { call, fresh } => self.deny(call, fresh, luck),
            At::Park { call, fresh } => self.park(call, fresh, luck),
            At::CheckSignIn => self.check_sign_in(),
            At::FindWaiting => self.find_waiting(),
            At::ResumeWatch => self.resume_watch(luck),
            At::Resume => self.resume(luck),
            At::Expire { look } => self.expire(look, luck),
            At::Open { attempt, allowed } => self.open(attempt, allowed, luck),
            At::Release(attempt) => self.release(attempt, luck),
            At::Effect { attempt, allowed } => self.effect(attempt, allowed, luck),
            At::OpenLate { attempt, ended } => self.open_late(attempt, ended),
            At::Close { attempt, ended } => self.close(attempt, ended, luck),
            At::Finish { attempt, says } => self.finish(attempt, says, luck),
            At::CloseLate { attempt, close } => self.close_late(attempt, close),
            At::Seal { attempt, poison } => self.seal(attempt, poison, luck),
            At::SealClose {
                attempt,
                poison,
                sealed,
            } => self.seal_close(attempt, poison, sealed, luck),
            At::Reclaim {
                attempt,
                poison,
                said,
                late_close,
            } => self.reclaim(attempt, poison, said, late_close, luck),
            At::PoisonCall(call) => self.poison_call(call, luck),
            At::Perform {
                enqueue,
                advance,
                next,
            } => self.perform(enqueue, advance, next, luck),
            At::Drive => self.drive(luck),
            At::Model { claim, text } => self.model(claim, text, luck),
            At::Raise => self.raise(luck),
            At::Renew { relative } => self.renew(relative, luck),
            At::Act => self.read_works(),
            At::Works => self.enqueue_next(luck),
            At::Acknowledge => self.rest(),
            At::RenewLate { relative } => {
                self.enqueue_watch(relative);
                self.rest();
            }
            At::RenewPoison { relative } => self.renew_poison(relative, luck),
            At::Decide {
                call,
                approve,
                shown,
            } => self.decide(call, approve, shown, luck),
            At::Cancel => self.cancel(luck),
            At::WakeLate { relative, enqueue } => {
                self.enqueue_watch(relative);
                self.perform_then(enqueue, false, Next::Leave);
            }
        }
    }

    fn is(&self, mutation: Mutation) -> bool {
        self.bound.mutation == Some(mutation)
    }

    fn me(&mut self) -> &mut Process {
        &mut self.world.processes[self.who]
    }

    fn goes_to(&mut self, at: At) {
        self.me().at = at;
    }

    fn kind(&self, call: u8) -> Kind {
        let asked = self.bound.calls.get(usize::from(call));
        asked.copied().unwrap_or(Kind::ReadOnly)
    }

    fn state(&self, call: u8) -> CallState {
        self.world.turn.calls[usize::from(call)].state
    }

    /// What the turn as it stands makes of a command.
    fn decide_on(&self, command: Cmd) -> Result<Out, Refusal> {
        let before = self.world.turn;
        let mut out = self.steps.step(before, command)?;
        if self.is(Mutation::CancelLeavesQueued)
            && matches!(out.turn.status, Status::Cancelling | Status::Cancelled)
        {
            let pairs = out.turn.calls.iter_mut().zip(before.calls);
            for (after, before) in pairs {
                let unstarted = matches!(
                    before.state,
                    CallState::Queued { .. }
                        | CallState::Previewing { .. }
                        | CallState::AwaitingApproval { .. }
                        | CallState::AwaitingSignIn { .. }
                );
                if unstarted && after.state == CallState::Cancelled {
                    *after = before;
                    out.turn.status = Status::Cancelling;
                }
            }
        }
        Ok(out)
    }

    /// Replaces the turn, and looks at what that does to its history.
    fn write(&mut self, out: &Out) {
        let before = self.world.turn;
        let after = out.turn;
        let history_changed = before.calls.iter().zip(&after.calls).any(|(was, is)| {
            was.state.is_terminal()
                && is.state != CallState::Dropped
                && (was.state, was.attempt) != (is.state, is.attempt)
        });
        let asked_too_early = after.step > before.step
            && after
                .calls
                .iter()
                .any(|c| c.state != CallState::Absent && !c.state.is_terminal());
        let ended_again = before.status.is_terminal() && after.status != before.status;
        if history_changed || asked_too_early || ended_again {
            self.world.broken.add(Property::I6);
        }
        if out.overflows {
            self.world.broken.add(Property::Range);
        }
        self.world.turn = after;
        self.outdate(out.has_events);
        if out.raised > 0 {
            self.shift(out.raised);
        }
    }

    /// What others have read is old now, and, when events were written, so is the
    /// number that a driver had for its text.
    fn outdate(&mut self, has_events: bool) {
        for (index, process) in self.world.processes.iter_mut().enumerate() {
            if index == self.who {
                continue;
            }
            match &mut process.at {
                At::AskGrant { fresh, .. }
                | At::Claim { fresh, .. }
                | At::Deny { fresh, .. }
                | At::Park { fresh, .. } => *fresh = false,
                At::Model {
                    text: Text::Next { free } | Text::Numbered { free },
                    ..
                } if has_events => *free = false,
                _ => {}
            }
        }
    }

    /// Numbers are kept relative to the counter.
    fn shift(&mut self, raised: i8) {
        let lower = |relative: &mut i8| *relative = (*relative - raised).max(-2);
        for watch in self.world.queue.watch.iter_mut().flatten() {
            lower(&mut watch.relative);
        }
        self.world.queue.watch.sort_unstable();
        if let Some(watch) = &mut self.world.queue.watch_poison {
            lower(&mut watch.relative);
        }
        for process in &mut self.world.processes {
            if let Held::Watch(watch) | Held::WatchPoison(watch) = &mut process.held {
                lower(&mut watch.relative);
            }
            if let At::Renew { relative }
            | At::RenewLate { relative }
            | At::RenewPoison { relative }
            | At::WakeLate { relative, .. } = &mut process.at
            {
                lower(relative);
            }
            process.works.late = process.works.late.map(|relative| {
                let mut relative = relative;
                lower(&mut relative);
                relative
            });
        }
    }

    fn enqueue_watch(&mut self, relative: i8) {
        if !self.world.queue.put_watch(relative.max(-2), false) {
            self.world.broken.add(Property::Range);
        }
    }

    /// A watchdog message of somebody who holds no process.
    pub fn put_watch(&mut self, relative: i8) {
        self.enqueue_watch(relative);
    }

    /// A write of somebody who stays where he is.
    pub fn put(&mut self, out: &Out) {
        self.write(out);
    }

    fn enqueue_tool(&mut self, call: u8) {
        let visible = &mut self.world.queue.tool[usize::from(call)];
        if *visible < self.bound.copies {
            *visible += 1;
        }
    }

    fn enqueue_advance(&mut self) {
        if self.world.queue.advance < self.bound.copies {
            self.world.queue.advance += 1;
        }
    }

    /// Puts what a transition asks for into the queues, one at a time.
    fn perform_then(&mut self, enqueue: u16, advance: bool, next: Next) {
        if enqueue == 0 && !advance {
            self.goes_on(next);
        } else {
            self.goes_to(At::Perform {
                enqueue,
                advance,
                next,
            });
        }
    }

    fn perform(&mut self, enqueue: u16, advance: bool, next: Next, luck: Luck) {
        let is_done = luck != Luck::Fails;
        if enqueue == 0 {
            if is_done {
                self.enqueue_advance();
            }
            return self.goes_on(next);
        }
        let call = enqueue.trailing_zeros();
        if is_done && let Ok(call) = u8::try_from(call) {
            self.enqueue_tool(call);
        }
        self.perform_then(enqueue & !(1 << call), advance, next);
    }

    fn goes_on(&mut self, next: Next) {
        match next {
            Next::Leave => self.leave(),
            Next::Look => self.goes_to(At::Look),
            Next::Works => self.next_work(),
            Next::Drive => self.goes_to(At::Drive),
            Next::Model(claim) => self.goes_to(At::Model {
                claim,
                text: Text::Next { free: true },
            }),
        }
    }

    /// Where a process goes on that was interrupted by something that a turn needed.
    fn after_errand(&self) -> Next {
        match self.world.processes[self.who].held {
            Held::Advance | Held::Watch(_) => Next::Works,
            Held::ToolPoison(_) => Next::Drive,
            Held::Tool(_) | Held::Nothing | Held::WatchPoison(_) => Next::Leave,
        }
    }

    /// The invocation ends well, unless something failed that nothing looks after.
    fn leave(&mut self) {
        let process = *self.me();
        if let Some(relative) = process.works.late {
            self.me().works.late = None;
            return self.goes_to(At::RenewLate { relative });
        }
        if process.works.failed && process.held == Held::Advance {
            return self.hand_back();
        }
        if process.held == Held::Nothing {
            return self.rest();
        }
        self.goes_to(At::Acknowledge);
    }

    fn rest(&mut self) {
        *self.me() = Process::default();
    }

    /// The message becomes visible again.
    fn hand_back(&mut self) {
        return_message(self.bound, self.world, self.who);
        self.rest();
    }

    /// Something did not answer: an executor's message comes back, and whoever looks
    /// after a turn goes on with the rest of it.
    fn fail_errand(&mut self) {
        match self.me().held {
            Held::Advance | Held::Watch(_) => {
                self.me().works.failed = true;
                self.next_work();
            }
            Held::Tool(_) | Held::ToolPoison(_) | Held::WatchPoison(_) => self.hand_back(),
            Held::Nothing => self.rest(),
        }
    }

    /// A call's executor needs the turn as it is now.
    fn look_again(&mut self) {
        self.goes_to(At::Look);
    }
}

/// What a process holds becomes visible again.
pub fn return_message(bound: &Bound, world: &mut World, who: usize) {
    let put = |count: &mut u8| {
        if *count < bound.copies {
            *count += 1;
        }
    };
    match world.processes[who].held {
        Held::Nothing => {}
        Held::Tool(call) if bound.always_crashes => {
            put(&mut world.queue.crashed[usize::from(call)]);
        }
        Held::Tool(call) => put(&mut world.queue.tool[usize::from(call)]),
        Held::ToolPoison(call) => put(&mut world.queue.tool_poison[usize::from(call)]),
        Held::Advance => put(&mut world.queue.advance),
        Held::Watch(watch) => {
            if !world.queue.put_watch(watch.relative, true) {
                world.broken.add(Property::Range);
            }
        }
        Held::WatchPoison(watch) => world.queue.watch_poison = Some(watch),
    }
}

/// Whether the process holds the attempt that this is the lease of.
pub fn attempt_of(at: At) -> Option<Attempt> {
    match at {
        At::Open { attempt, .. }
        | At::Release(attempt)
        | At::Effect { attempt, .. }
        | At::OpenLate { attempt, .. }
        | At::Close { attempt, .. }
        | At::Finish { attempt, .. }
        | At::CloseLate { attempt, .. } => Some(attempt),
        _ => None,
    }
}

/// Whether the process holds a claim of the model.
pub fn claim_of(at: At) -> Option<Claim> {
    match at {
        At::Model { claim, .. }
        | At::Perform {
            next: Next::Model(claim),
            ..
        } => Some(claim),
        _ => None,
    }
}

/// Whether the turn's claim is this one.
pub fn holds_claim(turn: &Turn, claim: Claim) -> bool {
    turn.status == Status::Running
        && turn.step == claim.step
        && matches!(turn.model, Model::Claimed { no, .. } if no == claim.no)
}

pub(super) fn as_claim(claim: Option<(u8, u8)>) -> Option<Claim> {
    claim.map(|(step, no)| Claim { step, no })
}

pub(super) fn as_close(ended: crate::turn::Ended) -> Close {
    match ended {
        crate::turn::Ended::Ok => Close::Ok,
        crate::turn::Ended::Error => Close::Error,
        crate::turn::Ended::Unknown => Close::Unknown,
    }
}

/// A fresh errand of a process.
pub fn begins(held: Held, at: At) -> Process {
    Process {
        held,
        at,
        works: Works::default(),
        seen: None,
    }
}

/// A watchdog message as delivered: what its number asks for.
pub fn received_watch(watch: Watch, mutation: Option<Mutation>) -> At {
    let renews_again = watch.again && mutation != Some(Mutation::SuccessorOnlyOnce);
    if watch.relative >= 0 {
        At::Raise
    } else if watch.relative == -1 && renews_again {
        At::Renew { relative: 0 }
    } else {
        At::Act
    }
}
