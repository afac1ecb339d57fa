//! I1 to I8. What happens on the way is noted in `World::broken` where it happens;
//! here is what a single state says.

use crate::turn::{Call, CallState};
use crate::world::{Broken, Close, Open, Property, Registers, World};

/// In every state.
pub fn in_every_state(world: &World) -> Broken {
    let mut broken = world.broken;
    for (call, effects) in world.turn.calls.iter().zip(world.effects) {
        // I8. A read that was superseded may have happened all the same, and harms
        // nobody; it needs no approval, which tells it.
        let is_destructive = call.approval != crate::turn::Approval::NotNeeded;
        let hides_it = matches!(
            call.state,
            CallState::Denied | CallState::Cancelled | CallState::NotRun { .. }
        );
        if is_destructive && hides_it && effects > 0 {
            broken.add(Property::I8);
        }
    }
    broken
}

/// Where nothing more comes by itself: every open has its close, and the turn says
/// what the audit says.
pub fn at_rest(world: &World) -> Broken {
    let mut broken = Broken::default();
    for (call, registers) in world.turn.calls.iter().zip(&world.audit) {
        let opens_unclosed = registers
            .iter()
            .any(|r| r.open != Open::Nobody && r.close.is_none());
        if opens_unclosed || !agrees(*call, registers) {
            broken.add(Property::I4);
        }
    }
    broken
}

fn agrees(call: Call, attempts: &[Registers]) -> bool {
    let last = usize::from(call.attempt).checked_sub(1);
    let last = last.map(|index| attempts[index].close);
    match call.state {
        CallState::Finished { ok: true } => last == Some(Some(Close::Ok)),
        CallState::Finished { ok: false } => last == Some(Some(Close::Error)),
        CallState::Unknown => last == Some(Some(Close::Unknown)),
        // Whatever was opened before did nothing, or nobody knows.
        CallState::Denied | CallState::Cancelled | CallState::NotRun { .. } => {
            !attempts.iter().any(|r| r.close == Some(Close::Ok))
        }
        _ => true,
    }
}
