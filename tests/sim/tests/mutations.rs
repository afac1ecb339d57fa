//! Every row of the table in `turn-protocol.md` breaks what it must. A row that
//! nothing notices fails.

use std::io::Write;

use azimuth_sim::mutations::{Row, found, not_load_bearing, rows};
use azimuth_sim::order::{Order, Wrong};
use azimuth_sim::search::{WHOLE, explore};
use azimuth_sim::world::Property;

fn is_caught(row: &Row) {
    let caught = row.run();
    let broken: Vec<String> = caught
        .broken
        .iter()
        .map(|(property, found)| format!("{property:?} @{}", found.depth))
        .collect();
    // Past the capturing of the test runner: the figures belong into the output.
    let _told = writeln!(
        std::io::stdout(),
        "{}: {} in {} states",
        row.name,
        broken.join(", "),
        caught.states
    );
    let unnoticed = caught.unnoticed(row);
    assert!(
        unnoticed.is_empty(),
        "{}: nothing broke {unnoticed:?}",
        row.name
    );
    for (property, example) in &caught.broken {
        let is_told = example.trace.len() == example.depth;
        assert!(is_told, "{}: {property:?} has no trace", row.name);
    }
}

macro_rules! mutations {
    ($($test:ident: $name:literal;)*) => {
        const TESTED: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                let row = rows().into_iter().chain(found()).find(|row| row.name == $name);
                match row {
                    Some(row) => is_caught(&row),
                    None => panic!("there is no mutation {}", $name),
                }
            }
        )*
    };
}

mutations! {
    no_sweeper_and_no_watchdog: "no sweeper and no watchdog";
    model_claim_never_taken_over: "model claim never taken over";
    approval_never_expires: "approval never expires";
    cancel_leaves_queued_calls: "cancel leaves queued calls";
    always_crashing_message_without_poison_rule: "always-crashing message without poison rule";
    claim_without_etag: "claim without etag";
    answer_without_step_and_claim_number: "answer without step and claim number";
    open_after_the_effect: "open after the effect";
    run_although_open_failed: "run although open failed";
    rerun_of_a_destructive_attempt: "re-run of a destructive attempt";
    retry_after_a_time_out: "retry of a mutating request after a time-out";
    release_without_attempt: "release without attempt";
    random_audit_ids: "random audit ids";
    no_audit_sweep: "no audit sweep";
    turn_written_before_the_close: "turn written before the close";
    late_upgrade_of_unknown: "late upgrade of Unknown";
    executor_ignores_a_sealed_open: "executor ignores a sealed open";
    text_without_a_claim_check: "text written without a claim check";
    no_approval_check: "no approval check";
    next_step_before_all_calls_are_terminal: "next step before all calls are terminal";
    reclaimed_call_starts_unchecked:
        "reclaimed call starts without policy, token and preview check";
    reclaimed_call_starts_without_its_preview: "reclaimed call starts without its preview";
    claim_without_a_repeated_preview: "claim without a repeated preview";
    next_step_while_a_preview_is_open: "next step while a preview is open";
    deadline_before_the_grant: "deadline applied before the grant is looked at";
    successor_only_at_dequeue_count_1: "watchdog successor only at dequeue count 1";
    wake_up_message_after_the_write: "wake-up message after the write";
    counter_raised_blindly: "counter raised blindly";
    raise_tried_again: "raising the counter is tried again after a lost reply";
    deadline_after_the_look: "a sign-in's deadline passes after the look at the grant";
}

#[test]
fn no_row_is_without_a_test() {
    for row in rows().iter().chain(&found()) {
        assert!(TESTED.contains(&row.name), "{} has no test", row.name);
    }
}

#[test]
fn rule_0_done_wrong_is_noticed() {
    for (name, wrong) in Wrong::ALL {
        let report = explore(&Order::new(Some(wrong)), WHOLE);
        let _told = writeln!(
            std::io::stdout(),
            "{name}: {} in {} states",
            report.result(),
            report.states
        );
        let wanted = match wrong {
            Wrong::NoWatchdog => Property::I3,
            _ => Property::Order,
        };
        assert!(report.properties().has(wanted), "{name}: {report}");
    }
}

/// Findings about the table itself; whoever changes the protocol so that one of
/// these breaks I3 again sees it here.
#[test]
fn what_the_table_names_and_nothing_breaks() {
    for row in not_load_bearing() {
        let caught = row.run();
        let unnoticed = caught.unnoticed(&row);
        assert!(caught.is_complete, "{}", row.name);
        let _told = writeln!(
            std::io::stdout(),
            "{}: I3 holds in {} states",
            row.name,
            caught.states
        );
        assert_eq!(unnoticed, [Property::I3], "{}", row.name);
    }
}
