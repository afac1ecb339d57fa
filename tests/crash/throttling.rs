//! Storage that throttles, and an audit that cannot record.

use std::time::Duration;

use tokio::time::Instant;

use super::line::{Call, Kind, Plan, Port, Verdict};
use super::random::Chance;
use super::runs::play;
use super::shapes::SHAPES;

/// For how long storage throttles.
const FIVE_MINUTES: Duration = Duration::from_mins(5);

/// From the first answered question on, storage refuses so many of ten thousand
/// calls for five minutes.
fn throttles(times: u64, seed: u64) -> Plan {
    let mut chance = Chance::of(seed);
    let mut since = None;
    let mut accepted = false;
    Box::new(move |_, call: Call| {
        // The turn is made by the first batch.
        if accepted && since.is_none() {
            since = Some(Instant::now());
        }
        accepted |= call.port == Port::Store && call.name == "commit";
        let refuses = call.port.is_storage()
            && since.is_some_and(|since: Instant| since.elapsed() < FIVE_MINUTES)
            && chance.in_ten_thousand(times);
        Verdict {
            kind: refuses.then_some(Kind::Before),
            ..Verdict::default()
        }
    })
}

fn fails_no_turn(times: u64, seeds: u64) {
    let mut failed = Vec::new();
    for shape in SHAPES {
        for seed in 0..seeds {
            let played = play(shape, throttles(times, seed), None);
            assert_eq!(played.findings, [] as [&str; 0], "{}", shape.name);
            if played.ended.starts_with("failed") && !shape.ends.starts_with("failed") {
                failed.push(format!("{} with seed {seed}", shape.name));
            }
        }
    }
    assert_eq!(failed, [] as [&str; 0], "at {times} of 10,000");
}

#[test]
fn storage_that_is_away_for_five_minutes_fails_no_accepted_turn() {
    fails_no_turn(10_000, 1);
}

#[test]
fn storage_that_refuses_every_tenth_call_fails_no_accepted_turn() {
    fails_no_turn(1_000, 5);
}

#[test]
fn storage_that_refuses_half_of_all_calls_fails_no_accepted_turn() {
    fails_no_turn(5_000, 5);
}

#[test]
fn an_audit_that_cannot_record_stops_every_tool() {
    for shape in SHAPES {
        let plan: Plan = Box::new(|_, call: Call| Verdict {
            kind: (call.port == Port::Audit).then_some(Kind::Before),
            ..Verdict::default()
        });
        let played = play(shape, plan, None);
        assert_eq!(played.findings, [] as [&str; 0], "{}", shape.name);
        assert_eq!(played.effects, 0, "{}", shape.name);
    }
}
