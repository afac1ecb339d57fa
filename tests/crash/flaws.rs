//! The checks can fail: each flaw is found by the sweep, and named.

use super::flaw::Flaw;
use super::line::{Fate, Kind};
use super::runs::{in_own_time, play};
use super::shapes::SHAPES;

/// What the sweep finds first of a flaw: without a fault, else at some point.
fn first_finding(flaw: Flaw) -> Option<String> {
    let calm = |shape| play(shape, Fate::calm(), Some(flaw));
    for shape in SHAPES {
        if let Some(found) = calm(shape).findings.into_iter().next() {
            return Some(found);
        }
    }
    let kinds = [Kind::StallBefore, Kind::StallAfter, Kind::CrashAfter];
    for shape in SHAPES {
        for (number, call) in (1..).zip(calm(shape).calls) {
            for kind in kinds.into_iter().filter(|kind| call.can_meet(*kind)) {
                let played = play(shape, Fate::at(number, kind), Some(flaw));
                if let Some(found) = played.findings.into_iter().next() {
                    return Some(found);
                }
            }
        }
    }
    None
}

fn is_found(flaw: Flaw, expected: &str) {
    let found = first_finding(flaw).unwrap_or_else(|| panic!("nobody finds {flaw:?}"));
    assert!(found.contains(expected), "{flaw:?} is found as: {found}");
}

#[test]
fn an_audit_that_drops_opens_is_found() {
    is_found(Flaw::AuditDropsOpens, "an effect without an open");
}

#[test]
fn an_audit_that_drops_closes_is_found() {
    is_found(Flaw::AuditDropsCloses, "never closed");
}

#[test]
fn an_audit_that_lets_two_write_one_open_is_found() {
    is_found(Flaw::AuditTakesEverything, "an effect under the open of");
}

#[test]
fn a_tool_that_runs_twice_is_found() {
    is_found(Flaw::ToolsRunTwice, "it happened in the attempts");
}

#[test]
fn a_tool_that_denies_what_it_did_is_found() {
    is_found(
        Flaw::ToolsDenyWhatTheyDid,
        "it happened and is told as Some(Error)",
    );
}

#[test]
fn a_store_that_turns_no_into_yes_is_found() {
    is_found(
        Flaw::StoreTurnsNoIntoYes,
        "an approval that is not on record",
    );
}

#[test]
fn a_store_that_loses_an_accepted_turn_is_found() {
    is_found(Flaw::StoreLosesTurns, "was accepted and is not stored");
}

#[test]
fn a_store_that_loses_text_is_found() {
    is_found(Flaw::StoreLosesText, "and was told as");
}

#[test]
fn a_store_that_ignores_versions_is_found() {
    is_found(Flaw::StoreIgnoresVersions, "");
}

#[test]
fn a_store_that_forgets_who_runs_is_found_by_the_schedules() {
    let found = (1..200).find_map(|seed| {
        let findings = super::seeds::findings(seed, Some(Flaw::StoreForgetsWhoRuns));
        findings
            .into_iter()
            .find(|found| found.contains("began while"))
    });
    assert!(found.is_some());
}

#[test]
fn work_that_nobody_looks_for_again_is_found() {
    is_found(Flaw::NobodyLooksAgain, "does not end");
}

#[test]
fn time_passes_only_when_everybody_sleeps() {
    let began = std::time::Instant::now();
    in_own_time(async { tokio::time::sleep(std::time::Duration::from_hours(1000)).await });
    assert!(began.elapsed() < std::time::Duration::from_hours(1));
}
