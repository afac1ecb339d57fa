//! What an action makes of a world.

use super::possible::orphan;
use super::{Action, Lease, Sim};
use crate::bound::Mutation;
use crate::driver::{Luck, Turnstile, begins, received_watch, return_message};
use crate::turn::{CALLS, CallState, Model as ModelState, Status};
use crate::world::{
    API, APPROVER, At, Attempt, CANCELLER, EXECUTORS, Held, PERSON, Process, Property, World,
};

impl Sim {
    pub(super) fn apply(&self, world: &mut World, action: Action) {
        match action {
            Action::Receive(held) => self.receive(world, held),
            Action::Go(who) => {
                let held = world.processes[who].held;
                if self.bound.always_crashes && matches!(held, Held::Tool(_)) {
                    return_message(&self.bound, world, who);
                    world.processes[who] = Process::default();
                } else {
                    self.turnstile(world, who).act(Luck::Well);
                }
            }
            Action::Fails(who) => {
                world.left.fail -= 1;
                self.turnstile(world, who).act(Luck::Fails);
            }
            Action::LosesReply(who) => {
                world.left.fail -= 1;
                self.turnstile(world, who).act(Luck::LosesReply);
            }
            Action::Stops(who) => self.turnstile(world, who).act(Luck::Stops),
            Action::Says(who) => self.turnstile(world, who).says(),
            Action::Beats(who) => self.write_beat(world, who),
            Action::Crash(who) => {
                world.left.crash -= 1;
                return_message(&self.bound, world, who);
                world.processes[who] = Process::default();
            }
            Action::CrashInstance => {
                world.left.crash -= 1;
                for who in 0..world.processes.len() {
                    return_message(&self.bound, world, who);
                    world.processes[who] = Process::default();
                }
            }
            Action::Duplicate(who) => duplicate(world, who),
            Action::Poison(held) => self.poison(world, held),
            Action::TooOften(call) => {
                world.queue.crashed[usize::from(call)] -= 1;
                if self.bound.mutation != Some(Mutation::NoPoisonRule) {
                    world.queue.tool_poison[usize::from(call)] += 1;
                }
            }
            Action::LeaseEnds { of, is_alive } => {
                world.left.expiry -= u8::from(is_alive);
                match of {
                    Lease::Model => {
                        if let ModelState::Claimed { live, .. } = &mut world.turn.model {
                            *live = false;
                        }
                    }
                    Lease::Call(call) => {
                        world.turn.calls[usize::from(call)].state =
                            CallState::Started { live: false };
                    }
                }
            }
            Action::DeadlinePasses(which) => pass_deadline(world, which),
            Action::Sweep => world.queue.advance += 1,
            Action::SweepAudit(attempt) => {
                let close = orphan(world, attempt);
                world.registers(attempt).close = close;
            }
            Action::Decide {
                call,
                approve,
                shown,
            } => {
                self.wake(world);
                let at = At::Decide {
                    call,
                    approve,
                    shown,
                };
                world.processes[APPROVER] = begins(Held::Nothing, at);
            }
            Action::Drift => {
                world.left.drift -= 1;
                world.version += 1;
            }
            Action::Cancel => {
                world.left.cancel -= 1;
                self.wake(world);
                world.processes[CANCELLER] = begins(Held::Nothing, At::Cancel);
            }
            Action::AskAgain => {
                world.left.retry -= 1;
                self.turnstile(world, API).put_watch(0);
            }
            Action::SignIn => {
                world.grant = true;
                world.processes[PERSON] = begins(Held::Nothing, At::FindWaiting);
            }
            Action::LoseGrant => {
                world.left.grant_loss -= 1;
                world.grant = false;
            }
            Action::Revoke => {
                world.left.revoke -= 1;
                world.revoked = true;
            }
        }
        world.processes[..EXECUTORS.len()].sort_unstable();
    }

    /// The wake-up message goes before the write that ends a wait.
    fn wake(&self, world: &mut World) {
        if self.bound.watchdog && self.bound.mutation != Some(Mutation::WakeAfterWrite) {
            self.turnstile(world, API).put_watch(1);
        }
    }

    fn turnstile<'a>(&'a self, world: &'a mut World, who: usize) -> Turnstile<'a> {
        Turnstile {
            bound: &self.bound,
            steps: &self.steps,
            world,
            who,
        }
    }

    /// The message is taken, and the turn read.
    fn receive(&self, world: &mut World, held: Held) {
        let Some(who) = Self::idle_executor(world) else {
            return;
        };
        let ended = world.turn.status.is_terminal();
        let at = match held {
            Held::Nothing => return,
            Held::Tool(call) => {
                world.queue.tool[usize::from(call)] -= 1;
                At::Look
            }
            Held::ToolPoison(call) => {
                world.queue.tool_poison[usize::from(call)] -= 1;
                let stored = world.turn.calls[usize::from(call)];
                match stored.state {
                    CallState::Queued { .. } => At::PoisonCall(call),
                    CallState::Started { live: false } => At::Seal {
                        attempt: Attempt {
                            call,
                            no: stored.attempt,
                        },
                        poison: true,
                    },
                    _ => At::Drive,
                }
            }
            Held::Advance => {
                world.queue.advance -= 1;
                At::Act
            }
            Held::Watch(watch) => {
                let place = world.queue.watch.iter().position(|w| *w == Some(watch));
                if let Some(place) = place {
                    world.queue.watch[place] = None;
                    world.queue.watch.sort_unstable();
                }
                received_watch(watch, self.bound.mutation)
            }
            Held::WatchPoison(watch) => {
                world.queue.watch_poison = None;
                At::RenewPoison {
                    relative: watch.relative.max(0),
                }
            }
        };
        let turns_queue = matches!(held, Held::Advance | Held::Watch(_) | Held::WatchPoison(_));
        if turns_queue && ended {
            return;
        }
        world.processes[who] = begins(held, at);
        let reads_on = matches!(at, At::Look | At::Act);
        if reads_on && !(self.bound.always_crashes && at == At::Look) {
            self.turnstile(world, who).act(Luck::Well);
        }
    }

    fn write_beat(&self, world: &mut World, who: usize) {
        let beat = Self::beat(world, world.processes[who].at);
        if let Some(out) = beat.and_then(|command| self.steps.step(world.turn, command).ok()) {
            self.turnstile(world, who).put(&out);
        }
    }

    fn poison(&self, world: &mut World, held: Held) {
        world.left.poison -= 1;
        match held {
            Held::Tool(call) => {
                world.queue.tool[usize::from(call)] -= 1;
                if self.bound.mutation != Some(Mutation::NoPoisonRule) {
                    world.queue.tool_poison[usize::from(call)] += 1;
                }
            }
            Held::Advance => world.queue.advance -= 1,
            Held::Watch(watch) => {
                if let Some(place) = world.queue.watch.iter().position(|w| *w == Some(watch)) {
                    world.queue.watch[place] = None;
                    world.queue.watch.sort_unstable();
                }
                world.queue.watch_poison = Some(watch);
            }
            Held::Nothing | Held::ToolPoison(_) | Held::WatchPoison(_) => {}
        }
    }
}

fn duplicate(world: &mut World, who: usize) {
    world.left.dup -= 1;
    match world.processes[who].held {
        Held::Tool(call) => world.queue.tool[usize::from(call)] += 1,
        Held::Advance => world.queue.advance += 1,
        Held::Watch(watch) => {
            if !world.queue.put_watch(watch.relative, true) {
                world.broken.add(Property::Range);
            }
        }
        Held::Nothing | Held::ToolPoison(_) | Held::WatchPoison(_) => {}
    }
}

fn pass_deadline(world: &mut World, which: usize) {
    if which == CALLS {
        world.turn.status = Status::WaitingSignIn { passed: true };
        world.grant_in_time = world.grant;
        return;
    }
    match &mut world.turn.calls[which].state {
        CallState::Previewing { passed, .. } => {
            world.left.late -= 1;
            *passed = true;
        }
        CallState::AwaitingApproval { passed } => *passed = true,
        CallState::AwaitingSignIn { passed, .. } => {
            *passed = true;
            world.grant_in_time = world.grant;
        }
        _ => {}
    }
}
