//! `cargo xtask test`: everything that CI runs, group by group.

mod groups;
mod libtest;
mod network;
mod programs;
mod second_server;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;

use crate::app;
use crate::azure_mcp;
use crate::check::{CheckOptions, check};
use crate::failure::Failure;
use crate::processes::adopt_orphans;
use crate::repository::{Metadata, Repository};
use crate::session::Session;
use crate::tally::Tally;
use groups::{CHECK, END_TO_END, Group, SUITE, SUITE_PACKAGE};
use programs::{Surroundings, TestProgram};

/// Everything that CI runs, or one group of it.
#[derive(Debug, Args)]
pub struct TestOptions {
    /// Leave out what needs the real MCP server
    #[arg(long)]
    pub quick: bool,
    /// Fail unless the end-to-end tests can run in a network namespace with
    /// nothing but loopback (a full run does so where it is possible)
    #[arg(long)]
    pub netns: bool,
    /// One group: check, domain, conformance, authz, api, turns, isolation, audit, wire, e2e
    #[arg(value_name = "GROUP")]
    pub group: Option<String>,
}

pub async fn test(
    session: &mut Session,
    repository: &Repository,
    options: &TestOptions,
) -> Result<(), Failure> {
    let chosen = groups::chosen(options.group.as_deref(), options.quick)?;
    adopt_orphans().map_err(Failure::file(
        "watch the children of",
        Path::new("the tests"),
    ))?;
    let metadata = repository.metadata()?;

    let started = Instant::now();
    let is_checked = chosen.iter().any(|group| group.name == CHECK);
    // Before anything that takes longer.
    let checked = if is_checked {
        check(session, repository, CheckOptions::default()).await?
    } else {
        Tally::default()
    };
    let check_took = started.elapsed();
    let packages: Vec<&str> = match chosen.as_slice() {
        [one] => one.built_packages(),
        // All at once, so that a part they share is compiled once.
        _ => Vec::new(),
    };
    let programs = programs::build(session, repository, &metadata, &packages).await?;
    let suite = programs
        .iter()
        .find(|program| program.package == SUITE_PACKAGE && program.target == SUITE);
    let suite_tests = match suite {
        Some(suite) => suite.list().await?,
        None => Vec::new(),
    };
    refuse_forgotten(&programs, &suite_tests)?;

    let corpora = programs::corpora(&repository.root).map(|folder| ("AZIMUTH_CORPORA", folder));
    let mut results = Vec::new();
    for group in chosen {
        let mut surroundings = Surroundings {
            variables: corpora.iter().cloned().collect(),
            is_alone: false,
        };
        if group.name == END_TO_END {
            prepare_end_to_end(session, repository, &metadata, options, &mut surroundings).await?;
        }
        let started = Instant::now();
        let (mut tally, before) = match group.name {
            CHECK => (checked, check_took),
            _ => (Tally::default(), Duration::ZERO),
        };
        for program in programs.iter().filter(|program| belongs(program, group)) {
            tally += program.run(session, None, &surroundings).await?;
        }
        let prefix = format!("{}::", group.name);
        let names: Vec<String> = suite_tests
            .iter()
            .filter(|name| group.is_in_suite && name.starts_with(&prefix))
            .cloned()
            .collect();
        if let Some(suite) = suite
            && !names.is_empty()
        {
            tally += suite.run(session, Some(&names), &surroundings).await?;
        }
        tell(group, tally, before + started.elapsed());
        results.push((group.name, tally));
    }
    summarize(&results)
}

/// All test programs of its packages but the suite, which is divided by name.
fn belongs(program: &TestProgram, group: &Group) -> bool {
    let is_suite = program.package == SUITE_PACKAGE && program.target == SUITE;
    !is_suite && group.packages.contains(&program.package.as_str())
}

fn refuse_forgotten(programs: &[TestProgram], suite_tests: &[String]) -> Result<(), Failure> {
    let targets: Vec<(&str, &str)> = programs
        .iter()
        .map(|program| (program.package.as_str(), program.target.as_str()))
        .collect();
    let tests: Vec<&str> = suite_tests.iter().map(String::as_str).collect();
    let forgotten = groups::forgotten(&targets, &tests);
    if forgotten.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(
        forgotten.join("\n"),
        "Give them a group in infra/xtask/src/test/groups.rs.",
    ))
}

/// Builds and fetches what these tests start, and tells them where it is.
async fn prepare_end_to_end(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    options: &TestOptions,
    surroundings: &mut Surroundings,
) -> Result<(), Failure> {
    app::build(session, repository, &app::PROGRAM_PACKAGES, false).await?;
    let programs = programs::folder_of_programs(metadata);
    let assembled = app::assemble(session, repository, &programs.join("handler"))?;
    let azure_mcp = azure_mcp::provide(session, repository).await?;
    let everything = second_server::provide(session, repository).await?;
    surroundings.variables.extend([
        ("AZIMUTH_TEST_BIN_DIR", programs),
        ("AZIMUTH_TEST_APP", assembled),
        (azure_mcp::OVERRIDE, azure_mcp),
        ("AZIMUTH_EVERYTHING", everything),
    ]);
    surroundings.is_alone = network::is_possible().await;
    if surroundings.is_alone {
        session.say(
            END_TO_END,
            "runs in a network namespace that has only loopback",
        );
    } else if options.netns {
        return Err(Failure::refused(
            "--netns: this machine does not let us make a network namespace",
            "It takes root or unprivileged user namespaces, util-linux, and iproute2 or python3.",
        ));
    } else {
        session.say(
            END_TO_END,
            "runs in this machine's network: a network namespace cannot be made here",
        );
    }
    Ok(())
}

/// The line that scripts read stands alone.
fn tell(group: &Group, tally: Tally, took: Duration) {
    let name = group.name;
    println!("group {name} took {:.1} s", took.as_secs_f64());
    if tally == Tally::default() {
        println!("group {name} has no test: that proves nothing and counts as failed");
    }
    println!("{name}: {tally}");
}

fn summarize(results: &[(&'static str, Tally)]) -> Result<(), Failure> {
    let bad: Vec<&str> = results
        .iter()
        .filter(|(_, tally)| !tally.is_good())
        .map(|(name, _)| *name)
        .collect();
    if results.len() > 1 {
        println!();
        for (name, tally) in results {
            let word = if tally.is_good() { "ok    " } else { "FAILED" };
            println!("{word} {name}: {tally}");
        }
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Failure::refused(
            format!("failed: {}", bad.join(", ")),
            format!("One alone: cargo xtask test {}", bad[0]),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_fails_when_nothing_ran_or_something_failed() {
        let tally = |passed, failed| Tally {
            passed,
            failed,
            skipped: 0,
        };
        assert!(summarize(&[("a", tally(1, 0))]).is_ok());
        for bad in [tally(0, 0), tally(1, 1), tally(0, 1)] {
            assert!(
                summarize(&[("a", tally(1, 0)), ("b", bad)]).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_line_that_scripts_read() {
        let tally = Tally {
            passed: 3,
            failed: 1,
            skipped: 2,
        };
        assert_eq!(tally.to_string(), "3 passed, 1 failed, 2 skipped");
    }
}
