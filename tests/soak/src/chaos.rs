//! One blow after the other, each measured: the next comes when what was in hand has
//! come to rest.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::blows::{Blow, Struck, strike};
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
    /// Seconds from the blow until the last turn in hand had ended or waited for
    /// people; until the next turn ended where none was.
    pub recovery_s: f64,
    pub in_hand: usize,
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
        let in_hand = world.book.borrow().in_hand();
        let at = Instant::now();
        let struck = strike(world, blow, &mut chance).await;
        if struck.told.is_empty() {
            continue;
        }
        let recovery = recovered(world, &in_hand, at).await;
        eprintln!(
            "[{:6.1} s] {}: {}; {} turns in hand, recovered after {:.1} s",
            began.elapsed().as_secs_f64(),
            blow.name(),
            struck.told,
            in_hand.len(),
            recovery.as_secs_f64()
        );
        rounds.push(Round {
            blow,
            struck,
            recovery_s: recovery.as_secs_f64(),
            in_hand: in_hand.len(),
        });
    }
}

async fn recovered(world: &World, in_hand: &[usize], at: Instant) -> Duration {
    // When each came to rest first: what people then agree to moves again.
    let mut rests: Vec<Option<Instant>> = vec![None; in_hand.len()];
    loop {
        let rest = {
            let book = world.book.borrow();
            for (rest, number) in rests.iter_mut().zip(in_hand) {
                *rest = rest.or(book.asked[*number].rest);
            }
            if in_hand.is_empty() {
                book.last_done.filter(|done| *done > at)
            } else if rests.iter().all(Option::is_some) {
                rests.iter().copied().max().flatten()
            } else {
                None
            }
        };
        if let Some(rest) = rest {
            return rest.saturating_duration_since(at);
        }
        if at.elapsed() > PATIENCE {
            return PATIENCE;
        }
        sleep(LOOK_EVERY).await;
    }
}
