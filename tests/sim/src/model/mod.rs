//! The model: its actions, and what each of them makes of a world.

mod happens;
mod possible;
mod told;

use crate::bound::{Bound, Mutation, SignIn};
use crate::properties;
use crate::search::Checked;
use crate::turn::{CALLS, Shown, Steps};
use crate::world::{API, At, Attempt, Broken, Claim, Held, Process, Property, Queue, Text, World};

/// One bound of the model.
pub struct Sim {
    /// What it explores.
    pub bound: Bound,
    /// Production.
    pub steps: Steps,
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Receive(Held),
    Go(usize),
    Fails(usize),
    LosesReply(usize),
    Stops(usize),
    Says(usize),
    Beats(usize),
    Crash(usize),
    CrashInstance,
    Duplicate(usize),
    Poison(Held),
    TooOften(u8),
    LeaseEnds {
        of: Lease,
        is_alive: bool,
    },
    DeadlinePasses(usize),
    Sweep,
    SweepAudit(Attempt),
    Decide {
        call: u8,
        approve: bool,
        shown: Shown,
    },
    Drift,
    Cancel,
    AskAgain,
    SignIn,
    LoseGrant,
    Revoke,
}

/// Whose lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    Model,
    Call(u8),
}

impl Sim {
    /// The model of a bound.
    pub fn new(bound: Bound) -> Self {
        let approves = bound.mutation != Some(Mutation::NoApprovalCheck);
        let steps = Steps::new(bound.calls, approves, bound.previews);
        Self { bound, steps }
    }

    fn start(&self) -> World {
        let waits = self.bound.sign_in == SignIn::Turn;
        let mut world = World {
            turn: self.steps.created(waits),
            audit: Default::default(),
            queue: Queue::default(),
            processes: [Process::default(); 6],
            grant: !waits,
            grant_in_time: false,
            revoked: false,
            version: 0,
            left: self.bound.budget,
            effects: [0; CALLS],
            answered: 0,
            broken: Broken::default(),
        };
        if !waits {
            let claim = Claim { step: 0, no: 1 };
            let text = Text::Next { free: true };
            world.processes[API].at = At::Model { claim, text };
        }
        if self.bound.watchdog && !world.queue.put_watch(0, false) {
            world.broken.add(Property::Range);
        }
        world
    }
}

impl stateright::Model for Sim {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.start()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if Self::idle_executor(world).is_some() {
            Self::visible(world, |held| actions.push(Action::Receive(held)));
        }
        self.process_actions(world, actions);
        Self::clock_actions(world, actions);
        self.sweep_actions(world, actions);
        self.people_actions(world, actions);
        if world.left.poison > 0 {
            Self::visible(world, |held| {
                let can_be = matches!(held, Held::Tool(_) | Held::Advance)
                    || (matches!(held, Held::Watch(w) if w.again)
                        && world.queue.watch_poison.is_none());
                if can_be {
                    actions.push(Action::Poison(held));
                }
            });
        }
        for (call, number) in world.queue.crashed.iter().zip(0u8..) {
            if *call > 0 {
                actions.push(Action::TooOften(number));
            }
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        self.apply(&mut next, action);
        Some(next)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        vec![stateright::Property::always(
            "kept in every state",
            |_, world: &World| properties::in_every_state(world).is_empty(),
        )]
    }
}

impl Checked for Sim {
    fn is_fair(&self, action: &Action) -> bool {
        matches!(
            action,
            Action::Receive(_)
                | Action::Go(_)
                | Action::TooOften(_)
                | Action::LeaseEnds {
                    is_alive: false,
                    ..
                }
                | Action::DeadlinePasses(_)
                | Action::Sweep
                | Action::SweepAudit(_)
        )
    }

    fn broken(&self, world: &World) -> Broken {
        properties::in_every_state(world)
    }

    fn broken_at_rest(&self, world: &World) -> Broken {
        properties::at_rest(world)
    }

    fn has_ended(&self, world: &World) -> bool {
        world.turn.status.is_terminal()
    }

    fn end(&self, world: &World) -> String {
        let calls = world.turn.calls[..self.bound.calls.len()].iter();
        let calls: Vec<String> = calls.map(|c| format!("{:?}", c.state)).collect();
        format!("{:?} [{}]", world.turn.status, calls.join(", "))
    }

    fn describe(&self, world: &World, action: &Action) -> String {
        told::describe(world, *action)
    }
}
