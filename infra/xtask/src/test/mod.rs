//! `cargo xtask test`: everything that CI runs, group by group.

mod browser;
pub mod groups;
mod injections;
mod libtest;
mod network;
mod portal;
pub mod programs;
mod second_server;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use crate::app;
use crate::azure_mcp;
use crate::azurite;
use crate::check::{CheckOptions, check};
use crate::emulator;
use crate::failure::Failure;
use crate::processes::{adopt_orphans, sweep};
use crate::repository::{Metadata, Repository};
use crate::session::Session;
use crate::tally::Tally;
use groups::{
    CHECK, CONFORMANCE, END_TO_END_AZURE, Group, ISOLATION, PORTAL, SUITE, SUITE_PACKAGE,
};
use programs::{Surroundings, TestProgram};

/// It has a tool server that misbehaves on request.
const TOOL_SERVER_PACKAGE: &str = "azimuth-mcp";

/// From the end of the pictures to the end of what they started.
const ORPHAN_GRACE: Duration = Duration::from_secs(25);

/// Everything that CI runs, or one group of it.
#[derive(Debug, Args)]
pub struct TestOptions {
    /// Leave out what needs the real MCP server or a browser
    #[arg(long)]
    pub quick: bool,
    /// Fail unless the tests can run in a network namespace with nothing but loopback
    /// (without it they do so where it is possible)
    #[arg(long)]
    pub netns: bool,
    /// One group: check, domain, model, conformance, authz, api, turns, crash, azure, isolation, audit,
    /// wire, e2e, e2e-azure, portal
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
    let mut programs = if chosen.iter().any(|group| group.has_programs()) {
        programs::build(session, repository, &metadata, &packages).await?
    } else {
        Vec::new()
    };
    if chosen.iter().any(|group| group.name == CONFORMANCE) {
        programs.extend(programs::build_emulator(session, repository, &metadata).await?);
    }
    if chosen.iter().any(|group| group.needs_cosmos) {
        emulator::build(session, repository).await?;
    }
    let suite = programs
        .iter()
        .find(|program| program.package == SUITE_PACKAGE && program.target == SUITE);
    let suite_tests = match suite {
        Some(suite) => suite.list().await?,
        None => Vec::new(),
    };
    refuse_forgotten(&programs, &suite_tests)?;

    let is_alone = is_alone(session, options).await?;
    let corpora = programs::corpora(&repository.root).map(|folder| ("AZIMUTH_CORPORA", folder));
    let mut results = Vec::new();
    for group in chosen {
        let mut surroundings = Surroundings {
            variables: corpora.iter().cloned().collect(),
            is_alone,
        };
        let started = Instant::now();
        if group.needs_azurite {
            azurite::provide(session, repository).await?;
        }
        if group.needs_cosmos && !group.is_end_to_end() {
            let programs = programs::folder_of_programs(&metadata);
            surroundings
                .variables
                .push(("AZIMUTH_TEST_BIN_DIR", programs));
        }
        if group.name == ISOLATION {
            let folder = injections::provide(session, repository).await?;
            surroundings.variables.push((injections::VARIABLE, folder));
        }
        if group.name == END_TO_END_AZURE {
            let storage = ("AZIMUTH_TEST_STORAGE", PathBuf::from("azure"));
            surroundings.variables.push(storage);
        }
        if group.is_end_to_end() {
            prepare_stack(session, repository, &metadata, &mut surroundings).await?;
            let package = prepare_package(session, repository, &metadata).await?;
            surroundings
                .variables
                .push(("AZIMUTH_TEST_PACKAGE", package));
            let everything = second_server::provide(session, repository).await?;
            surroundings
                .variables
                .push(("AZIMUTH_EVERYTHING", everything));
        }
        let (mut tally, before) = match group.name {
            CHECK => (checked, check_took),
            _ => (Tally::default(), Duration::ZERO),
        };
        for program in programs.iter().filter(|program| belongs(program, group)) {
            tally += program.run(session, None, &surroundings).await?;
        }
        let names: Vec<String> = suite_tests
            .iter()
            .filter(|name| group.has_suite_test(name))
            .cloned()
            .collect();
        if let Some(suite) = suite
            && !names.is_empty()
        {
            tally += suite.run(session, Some(&names), &surroundings).await?;
        }
        if group.name == PORTAL {
            let units = portal::units(session, repository, &metadata).await?;
            tally += units.tally;
            if !options.quick && units.is_built {
                let folder =
                    prepare_browser(session, repository, &metadata, &mut surroundings).await?;
                tally += portal::in_browser(session, &folder, &surroundings).await?;
            }
        }
        let took = before + started.elapsed();
        tell(group, tally, took);
        results.push((group.name, tally, took));
    }
    let summary = summarize(&results);
    println!("the whole run took {:.1} s", session.seconds());
    summary
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

/// `npm run gallery` of the browser's tests, with everything that it needs.
pub async fn take_pictures(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    out: &Path,
) -> Result<(), Failure> {
    crate::portal::build(session, repository).await?;
    let mut surroundings = Surroundings::default();
    let folder = prepare_browser(session, repository, metadata, &mut surroundings).await?;
    surroundings
        .variables
        .push(("AZIMUTH_GALLERY_DIR", out.to_owned()));
    let command = portal::browser_command(&folder, "gallery", &surroundings);
    let status = session.run("gallery", command).await?;
    sweep(ORPHAN_GRACE).await;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Ended {
            command: "npm run gallery".into(),
            status,
        })
    }
}

/// Builds and fetches the stack that tests start, and tells them where it is.
async fn prepare_stack(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    surroundings: &mut Surroundings,
) -> Result<(), Failure> {
    let packages = [&app::PROGRAM_PACKAGES[..], &[TOOL_SERVER_PACKAGE]].concat();
    app::build(session, repository, &packages, false).await?;
    let programs = programs::folder_of_programs(metadata);
    let assembled = app::assemble(session, repository, &programs.join("handler"), None)?;
    let azure_mcp = azure_mcp::provide(session, repository).await?;
    surroundings.variables.extend([
        ("AZIMUTH_TEST_BIN_DIR", programs),
        ("AZIMUTH_TEST_APP", assembled),
        (azure_mcp::OVERRIDE, azure_mcp),
    ]);
    Ok(())
}

/// The package as it lies on Azure, of the programs that were built for the stack.
async fn prepare_package(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
) -> Result<PathBuf, Failure> {
    let server = azure_mcp::pinned(session, repository).await?;
    let handler = programs::folder_of_programs(metadata).join("handler");
    let folder = metadata.target_directory.join("package");
    app::deployed(session, repository, &handler, &server, &folder)?;
    Ok(folder)
}

/// The stack, the browser and the folder of its tests, which is returned.
async fn prepare_browser(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    surroundings: &mut Surroundings,
) -> Result<PathBuf, Failure> {
    prepare_stack(session, repository, metadata, surroundings).await?;
    let chromium = browser::provide(session).await?;
    let own = std::env::current_exe().map_err(Failure::file("find", Path::new("xtask")))?;
    surroundings
        .variables
        .extend([(browser::OVERRIDE, chromium), ("AZIMUTH_XTASK", own)]);
    portal::provide(session, repository).await
}

/// Whether the tests run in a network namespace; says so.
async fn is_alone(session: &Session, options: &TestOptions) -> Result<bool, Failure> {
    let is_possible = network::is_possible().await;
    if is_possible {
        session.say(
            "test",
            "the tests run in a network namespace that has only loopback",
        );
    } else if options.netns {
        return Err(Failure::refused(
            "--netns: this machine does not let us make a network namespace",
            "It takes root or unprivileged user namespaces, util-linux, and iproute2 or python3.",
        ));
    } else {
        session.say(
            "test",
            "the tests run in this machine's network: a network namespace cannot be made here",
        );
    }
    Ok(is_possible)
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

fn summarize(results: &[(&'static str, Tally, Duration)]) -> Result<(), Failure> {
    let bad: Vec<&str> = results
        .iter()
        .filter(|(_, tally, _)| !tally.is_good())
        .map(|(name, ..)| *name)
        .collect();
    if results.len() > 1 {
        println!();
        for (name, tally, took) in results {
            let word = if tally.is_good() { "ok    " } else { "FAILED" };
            println!("{word} {name}: {tally} in {:.1} s", took.as_secs_f64());
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
        let took = Duration::from_secs(1);
        assert!(summarize(&[("a", tally(1, 0), took)]).is_ok());
        for bad in [tally(0, 0), tally(1, 1), tally(0, 1)] {
            assert!(
                summarize(&[("a", tally(1, 0), took), ("b", bad, took)]).is_err(),
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
