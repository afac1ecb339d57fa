//! Explores the bounds and prints what `tests/README.md` shows.

use std::process::ExitCode;

use azimuth_sim::bound::Bound;
use azimuth_sim::bounds::{coverage, further, quick};
use azimuth_sim::model::Sim;
use azimuth_sim::mutations::{found, rows};
use azimuth_sim::order::{Order, Wrong};
use azimuth_sim::search::{Report, WHOLE, explore};

const USAGE: &str = "azimuth-sim [--all | --quick | --mutations | NAME]

--all        every bound, then the mutations (many minutes, 2 GB)
--quick      the bounds and mutations that the tests run
--mutations  the mutations
NAME         the bounds whose name contains it, with their counterexamples";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let holds = match arguments.as_slice() {
        [flag] if flag == "--all" => {
            let all = coverage().into_iter().chain(further()).collect();
            let bounds = explored(all, false);
            mutations() && bounds
        }
        [flag] if flag == "--quick" => {
            let bounds = explored(quick(), false);
            mutations() && bounds
        }
        [flag] if flag == "--mutations" => mutations(),
        [name] if !name.starts_with("--") => {
            let all = coverage().into_iter().chain(further());
            let named = all.filter(|bound| bound.name.contains(name.as_str()));
            explored(named.collect(), true)
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn explored(bounds: Vec<Bound>, tells_traces: bool) -> bool {
    println!("| bound | parameters | states | depth | seconds | result |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut holds = true;
    for bound in bounds {
        let report = explore(&Sim::new(bound), WHOLE);
        holds &= told(bound.name, &bound.parameters(), &report);
        if tells_traces && !report.broken.is_empty() {
            eprintln!("{report}");
        }
    }
    let report = explore(&Order::new(None), WHOLE);
    let parameters = "two requests, crash 2, expiry 1, sent again 2, delete 1";
    told("0 one at a time", parameters, &report) && holds
}

fn told(name: &str, parameters: &str, report: &Report) -> bool {
    println!(
        "| {name} | {parameters} | {} | {} | {:.1} | {} |",
        report.states,
        report.depth,
        report.took.as_secs_f64(),
        report.result()
    );
    report.is_complete && report.broken.is_empty()
}

fn mutations() -> bool {
    println!("\n| mutation | breaks, and in how many actions | states | seconds |");
    println!("| --- | --- | --- | --- |");
    let mut all_are_caught = true;
    for row in rows().into_iter().chain(found()) {
        let caught = row.run();
        let unnoticed = caught.unnoticed(&row);
        let broken: Vec<String> = caught
            .broken
            .iter()
            .map(|(property, found)| format!("{property:?} @{}", found.depth))
            .collect();
        let missing = if unnoticed.is_empty() {
            String::new()
        } else {
            all_are_caught = false;
            format!("; NOT NOTICED {unnoticed:?}")
        };
        println!(
            "| {} | {}{missing} | {} | {:.1} |",
            row.name,
            broken.join(", "),
            caught.states,
            caught.seconds
        );
    }
    for (name, wrong) in Wrong::ALL {
        let report = explore(&Order::new(Some(wrong)), WHOLE);
        all_are_caught &= !report.broken.is_empty();
        println!(
            "| {name} | {} | {} | {:.1} |",
            report.result(),
            report.states,
            report.took.as_secs_f64()
        );
    }
    all_are_caught
}
