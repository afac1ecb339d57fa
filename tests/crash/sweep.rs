//! Every call of every shape, failing in every way that it can.

use std::time::Instant;

use super::line::Plan;
use super::points::{self, Player};
use super::runs::{Played, play};
use super::shapes::{SHAPES, Shape};

/// On adapters in memory.
struct InMemory;

impl Player for InMemory {
    fn play(&self, shape: &Shape, plan: Plan) -> Played {
        play(shape, plan, None)
    }
}

#[test]
fn every_crash_point_of_every_shape_keeps_the_promises() {
    let began = Instant::now();
    let all = points::all(|| InMemory);
    let played = points::play(&all, || InMemory);
    let judgement = points::judge(&all, &played);
    judgement.tell(&format!(
        "crash points: {} shapes, {} points covered, {} violations, {:.1} s",
        SHAPES.len(),
        all.len(),
        judgement.broken.len(),
        began.elapsed().as_secs_f64()
    ));
}
