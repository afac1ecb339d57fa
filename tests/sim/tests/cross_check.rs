//! Our search against Stateright's own, on the same models.

use azimuth_sim::bound::{Bound, Mutation, NONE};
use azimuth_sim::bounds::{DESTRUCTIVE, READ_ONLY};
use azimuth_sim::model::Sim;
use azimuth_sim::order::Order;
use azimuth_sim::search::{Checked, WHOLE, explore};
use azimuth_sim::world::Budget;
use stateright::{Checker, Model};

/// Unique states of both, and whether Stateright found a property broken.
fn counts<M>(make: impl Fn() -> M) -> (usize, usize, bool)
where
    M: Checked + Model + Send + Sync + 'static,
    M::State: PartialEq + std::fmt::Debug + Send + Sync,
    M::Action: PartialEq + std::fmt::Debug + Send + Sync,
{
    let ours = explore(&make(), WHOLE);
    let theirs = make().checker().spawn_bfs().join();
    let is_broken = !theirs.discoveries().is_empty();
    (ours.states, theirs.unique_state_count(), is_broken)
}

#[test]
fn both_searches_find_the_same_states() {
    let bounds = [
        Bound::new("crash and expiry", DESTRUCTIVE).with(Budget {
            crash: 1,
            expiry: 1,
            ..NONE
        }),
        Bound::new("watchdog", READ_ONLY)
            .with(Budget { crash: 1, ..NONE })
            .watched(),
    ];
    for bound in bounds {
        let (ours, theirs, is_broken) = counts(|| Sim::new(bound));
        println!("{}: {ours} and {theirs} states", bound.name);
        assert_eq!(ours, theirs, "{}", bound.name);
        assert!(!is_broken, "{}", bound.name);
    }
    let (ours, theirs, is_broken) = counts(|| Order::new(None));
    println!("rule 0: {ours} and {theirs} states");
    assert_eq!(ours, theirs, "rule 0");
    assert!(!is_broken, "rule 0");
}

#[test]
fn stateright_sees_a_mutation_too() {
    let bound = Bound::new("retries", DESTRUCTIVE)
        .with(Budget { fail: 1, ..NONE })
        .mutated(Mutation::RetryAfterTimeout);
    let found = Sim::new(bound).checker().spawn_bfs().join();
    assert!(!found.discoveries().is_empty());
}
