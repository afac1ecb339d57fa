//! Every bound that is small enough: complete, and nothing broken.

use std::io::Write;

use azimuth_sim::bounds::{quick, without_and_with_duplicates};
use azimuth_sim::model::Sim;
use azimuth_sim::order::Order;
use azimuth_sim::search::{Checked, Report, WHOLE, explore};

fn holds<M: Checked>(name: &str, model: &M) -> Report {
    let report = explore(model, WHOLE);
    // Past the capturing of the test runner: the figures belong into the output.
    let _told = writeln!(std::io::stdout(), "{name}: {report}");
    assert!(report.is_complete, "{name} is not complete");
    assert!(report.broken.is_empty(), "{name} is refuted: {report}");
    report
}

#[test]
fn every_rule_holds_in_its_quick_bound() {
    for bound in quick() {
        let name = format!("{} ({})", bound.name, bound.parameters());
        holds(&name, &Sim::new(bound));
    }
}

#[test]
fn rule_0_keeps_one_turn_at_a_time() {
    holds("0 one at a time", &Order::new(None));
}

#[test]
fn i7_duplicates_and_reordering_end_alike() {
    let [once, twice] = without_and_with_duplicates();
    let once = holds(once.name, &Sim::new(once));
    let twice = holds(twice.name, &Sim::new(twice));
    assert_eq!(once.ends, twice.ends);
    assert!(!once.ends.is_empty());
}
