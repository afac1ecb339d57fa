//! Actions in words.

use super::Action;
use crate::world::{API, APPROVER, CANCELLER, PERSON, World};

pub(super) fn describe(world: &World, action: Action) -> String {
    let process = |who: usize| {
        let process = world.processes[who];
        let name = match who {
            API => "api",
            APPROVER => "approver",
            CANCELLER => "canceller",
            PERSON => "person",
            _ => "executor",
        };
        format!("{name} {:?} at {:?}", process.held, process.at)
    };
    match action {
        Action::Go(who) => process(who),
        Action::Fails(who) => format!("FAILS: {}", process(who)),
        Action::LosesReply(who) => format!("DONE, REPLY LOST: {}", process(who)),
        Action::Stops(who) => format!("stop sign: {}", process(who)),
        Action::Says(who) => format!("text: {}", process(who)),
        Action::Beats(who) => format!("heartbeat: {}", process(who)),
        Action::Crash(who) => format!("CRASH of {}", process(who)),
        Action::Duplicate(who) => format!("DELIVERED TWICE: what is held by {}", process(who)),
        Action::LeaseEnds { of, is_alive: true } => {
            format!("LEASE of a living worker ends: {of:?}")
        }
        other => format!("{other:?}"),
    }
}
