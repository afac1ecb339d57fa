//! The same crash points with everything stored on Cosmos DB, as the emulator knows it.
//!
//! A point takes a hundred times as long there, so a run takes a day's share ([`days`]),
//! and at least one of each kind of each shape.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::Account;
use super::days;
use crate::crash::line::{Fate, Kind, Plan};
use crate::crash::points::{self, Player, Point};
use crate::crash::runs::{Played, play, play_on};
use crate::crash::shapes::{SHAPES, Shape};

/// On an account of its own, which is emptied before each run.
struct OnCosmos(Arc<Account>);

impl OnCosmos {
    fn start() -> Self {
        Self(Account::start())
    }
}

impl Player for OnCosmos {
    fn play(&self, shape: &Shape, plan: Plan) -> Played {
        play_on(&self.0, shape, plan)
    }
}

/// Of each kind of each shape every `stride`-th point, from the `offset`-th on, and at
/// least one.
fn sample(all: &[Point], stride: usize, offset: usize) -> Vec<Point> {
    let mut alike: BTreeMap<(&str, Kind), Vec<&Point>> = BTreeMap::new();
    for point in all {
        let same = alike.entry((point.shape.name, point.kind)).or_default();
        same.push(point);
    }
    let mut chosen = Vec::new();
    for same in alike.into_values() {
        let stride = stride.min(same.len());
        let its = same.into_iter().skip(offset % stride).step_by(stride);
        chosen.extend(its.cloned());
    }
    chosen
}

#[test]
fn crash_points_of_every_shape_and_kind_keep_the_promises_on_cosmos_db() {
    let began = Instant::now();
    let all = points::all(OnCosmos::start);
    let (chosen, which) = if days::are_all_asked_for() {
        (all.clone(), String::new())
    } else {
        let offset = days::offset();
        let which = format!(", AZIMUTH_CRASH_OFFSET={offset}");
        (sample(&all, days::STRIDE, offset), which)
    };
    let played = points::play(&chosen, OnCosmos::start);
    let judgement = points::judge(&chosen, &played);
    judgement.tell(&format!(
        "crash points on Cosmos DB: {} points covered, of {} of {} shapes, {} violations, {:.1} s{which}",
        chosen.len(),
        all.len(),
        SHAPES.len(),
        judgement.broken.len(),
        began.elapsed().as_secs_f64()
    ));
}

#[test]
fn a_run_makes_the_same_calls_and_takes_the_same_time_as_in_memory() {
    let account = Account::start();
    for shape in SHAPES {
        let told = [
            play(shape, Fate::calm(), None),
            play_on(&account, shape, Fate::calm()),
        ]
        .map(|played| {
            let calls = played.calls.into_iter().map(|call| (call.port, call.name));
            let calls: Vec<_> = calls.collect();
            (calls, played.took, played.ended, played.effects)
        });
        assert_eq!(told[0], told[1], "{}", shape.name);
    }
}
