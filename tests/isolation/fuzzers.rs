//! Every fuzz target for a few seconds, without instrumentation. `cargo xtask fuzz` feeds
//! the same functions for as long as one likes.

use std::io::Write;

use azimuth_fuzz::{TARGETS, Target, smoke};

fn feed(name: &str) {
    let target = Target::named(name).unwrap();
    let tried = smoke::feed(target);
    // Past the capture of the test harness: how much was tried is to be seen.
    let mut told = std::io::stderr();
    writeln!(
        told,
        "{:>9} executions of {name} ({} taken), from {} seeds",
        tried.executions, tried.taken, tried.seeds
    )
    .unwrap();
    // What refuses everything is not looked into.
    assert!(tried.taken > 0, "{tried:?}");
}

#[test]
fn every_target_is_fed() {
    let names = TARGETS.map(|target| target.name);
    assert_eq!(
        names,
        [
            "token",
            "envelope",
            "work_item",
            "tool_answer",
            "tool_arguments",
            "egress",
            "redactor",
            "audit_export",
        ]
    );
}

#[test]
fn a_token_makes_nobody_that_it_does_not_name() {
    feed("token");
}

#[test]
fn an_envelope_holds_a_message_or_none() {
    feed("envelope");
}

#[test]
fn a_work_item_agrees_with_itself_or_is_given_up() {
    feed("work_item");
}

#[test]
fn whatever_a_tool_server_writes_is_an_answer_or_none() {
    feed("tool_answer");
}

#[test]
fn arguments_have_one_spelling_and_one_place() {
    feed("tool_arguments");
}

#[test]
fn nobody_is_let_out_past_the_list() {
    feed("egress");
}

#[test]
fn no_known_secret_gets_past_the_redactor() {
    feed("redactor");
}

#[test]
fn an_export_that_holds_says_what_was_written() {
    feed("audit_export");
}
