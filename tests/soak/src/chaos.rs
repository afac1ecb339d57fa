//! One blow after the other, each measured: the next comes when what was in hand has
//! come to rest.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::blows::{Blow, Struck, strike};
use crate::book::{Call, Works, is_interrupted};
use crate::random::Chance;
use crate::world::World;

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What takes longer is counted as this.
const PATIENCE: Duration = Duration::from_mins(4);

/// One blow and what came of it.
#[derive(Debug)]
pub struct Round {
    pub blow: Blow,
    pub struck: Struck,
    /// Seconds from the blow until the last turn that it interrupted had ended or
    /// waited for people; until the next turn ended well where there was none.
    pub recovery_s: f64,
    pub interrupted: usize,
    /// Turns that were being worked on, by anybody, and until when.
    pub in_hand: usize,
    pub at_rest_s: f64,
}

/// Strikes until `until`.
pub async fn rage(world: &Rc<World>, mut chance: Chance, until: Instant, rounds: &mut Vec<Round>) {
    let began = Instant::now();
    let mut last = None;
    while Instant::now() < until {
        sleep(chance.millis(1000, 6000)).await;
        let mut blow = Blow::drawn(&mut chance);
        if last == Some(blow) && blow != Blow::KillHandler {
            blow = Blow::drawn(&mut chance);
        }
        last = Some(blow);
        let in_hand: Vec<(usize, Vec<Call>)> = {
            let book = world.book.borrow();
            let moving = book.in_hand().into_iter();
            moving
                .map(|number| (number, book.asked[number].calls.clone()))
                .collect()
        };
        let at = Instant::now();
        let struck = strike(world, blow, &mut chance).await;
        if struck.told.is_empty() {
            continue;
        }
        let works = struck.works;
        let came = recovered(world, works, &in_hand, at).await;
        let round = Round {
            blow,
            struck,
            recovery_s: came.recovery.as_secs_f64(),
            interrupted: came.interrupted,
            in_hand: in_hand.len(),
            at_rest_s: came.at_rest.as_secs_f64(),
        };
        eprintln!(
            "[{:6.1} s] {}: {}; {} of {} turns interrupted, recovered after {:.1} s, all at rest after {:.1} s",
            began.elapsed().as_secs_f64(),
            blow.name(),
            round.struck.told,
            round.interrupted,
            round.in_hand,
            round.recovery_s,
            round.at_rest_s
        );
        rounds.push(round);
        // Or the next blow would be charged with what this one still holds up.
        while !world.fleet.is_whole() && Instant::now() < until {
            sleep(LOOK_EVERY).await;
        }
    }
}

struct Came {
    recovery: Duration,
    interrupted: usize,
    at_rest: Duration,
}

/// Returns when all that was in hand has come to rest, and a turn has ended well.
async fn recovered(
    world: &World,
    works: Works,
    in_hand: &[(usize, Vec<Call>)],
    at: Instant,
) -> Came {
    // When each came to rest first, and whether it was interrupted: what people then
    // agree to moves again.
    let mut rests: Vec<Option<(Instant, bool)>> = vec![None; in_hand.len()];
    let mut next_done = None;
    loop {
        {
            let book = world.book.borrow();
            for (rest, (number, before)) in rests.iter_mut().zip(in_hand) {
                let turn = &book.asked[*number];
                let now = turn
                    .rest
                    .map(|rest| (rest, is_interrupted(works, before, &turn.calls)));
                *rest = rest.or(now);
            }
            next_done = next_done.or(book.last_done.filter(|done| *done > at));
        }
        let known: Vec<(Instant, bool)> = rests.iter().copied().flatten().collect();
        let is_late = at.elapsed() > PATIENCE;
        if is_late || (known.len() == rests.len() && next_done.is_some()) {
            let since = |rest: Instant| rest.saturating_duration_since(at);
            let hit = known.iter().filter(|(_, hit)| *hit);
            let last = hit.clone().map(|(rest, _)| since(*rest)).max();
            let all = known.iter().map(|(rest, _)| since(*rest)).max();
            let next = next_done.map_or(PATIENCE, since);
            return if is_late {
                Came {
                    recovery: PATIENCE,
                    interrupted: hit.count(),
                    at_rest: PATIENCE,
                }
            } else {
                Came {
                    recovery: last.unwrap_or(next),
                    interrupted: hit.count(),
                    at_rest: all.unwrap_or(next),
                }
            };
        }
        sleep(LOOK_EVERY).await;
    }
}
