//! `cargo xtask mutants`: one small change after the other to what decides who may do and
//! see what, and the tests that have to notice each of them.
//!
//! cargo-mutants makes the changes, in a copy of the repository; a change that breaks no
//! rule is named with its reason in `tests/mutants.toml` and is not made. What it cannot
//! do, to leave a check out, is done here (`ownership`).

mod ownership;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;
use serde::Deserialize;
use tokio::process::Command;

use crate::failure::Failure;
use crate::installed;
use crate::repository::{Metadata, Repository};
use crate::session::Session;
use crate::test::programs;

const STAGE: &str = "mutants";

/// Pinned; compiled below cargo's target folder on first use.
const CARGO_MUTANTS: (&str, &str) = ("cargo-mutants", "27.1.0");
/// What is not changed, with reasons.
const LEFT_OUT: &str = "tests/mutants.toml";
/// Below cargo's target folder.
const SCRATCH: &str = "mutants";

/// Told where a copy of the repository does not find the public suites by itself.
const CORPORA: &str = "AZIMUTH_CORPORA";

/// Of all changes that compile, percent.
const BAR: usize = 95;
/// What a change makes endless is ended after so many seconds, or five times as many as the
/// tests take unchanged.
const PATIENCE: &str = "20";

/// Which changes to make.
#[derive(Debug, Args)]
pub struct MutantsOptions {
    /// One part: domain, redaction, auth, policy, decisions or ownership; all without it
    pub part: Option<String>,
    /// Only every n-th change, beginning with the k-th: K/N, K from 0
    #[arg(long, value_name = "K/N")]
    pub shard: Option<String>,
}

/// What is changed, and who has to notice.
struct Part {
    name: &'static str,
    package: &'static str,
    files: &'static [&'static str],
    judge: Judge,
    /// Tests whose names have one of these; all where it is empty.
    tests: &'static [&'static str],
}

/// Whose tests have to notice.
#[derive(Clone, Copy)]
enum Judge {
    /// The unit tests of the package.
    Units,
    /// The outer API's, where no unit test has a whole engine.
    Suite,
}

impl Judge {
    /// For cargo-mutants.
    fn package(self) -> &'static [&'static str] {
        match self {
            Self::Units => &[],
            Self::Suite => &["--test-package", "azimuth-tests"],
        }
    }

    /// For every call of cargo: what is not asked is not compiled either.
    fn target(self) -> &'static str {
        match self {
            Self::Units => "--cargo-arg=--lib",
            Self::Suite => "--cargo-arg=--test=suite",
        }
    }
}

const PARTS: [Part; 5] = [
    Part {
        name: "domain",
        package: "azimuth-domain",
        files: &[
            "handlers/domain/src/{policy,principal,secret,session,canonical,quota,budget,kill_switch}.rs",
        ],
        judge: Judge::Units,
        tests: &[],
    },
    Part {
        name: "redaction",
        package: "azimuth-domain",
        files: &[
            "handlers/domain/src/redact/*.rs",
            "handlers/domain/src/audit.rs",
            "handlers/domain/src/audit/*.rs",
        ],
        judge: Judge::Units,
        tests: &[],
    },
    Part {
        name: "auth",
        package: "azimuth-app",
        files: &[
            "handlers/app/src/auth/**/*.rs",
            "handlers/app/src/http/{caller,edge}.rs",
        ],
        judge: Judge::Units,
        tests: &["auth::", "http::caller::", "http::edge::"],
    },
    Part {
        name: "policy",
        package: "azimuth-app",
        files: &["handlers/app/src/policy/**/*.rs"],
        judge: Judge::Units,
        tests: &["policy::", "tools::"],
    },
    Part {
        name: "decisions",
        package: "azimuth-app",
        files: &["handlers/app/src/tools/{decide,record,scope,standing_approvals}.rs"],
        judge: Judge::Suite,
        tests: &["turns::"],
    },
];

/// What came of one part.
struct Outcome {
    part: &'static str,
    tally: Tally,
}

/// Of cargo-mutants' `outcomes.json`.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct Tally {
    caught: usize,
    missed: usize,
    /// Endless because of the change, which is noticed too.
    timeout: usize,
    /// Did not compile.
    unviable: usize,
}

impl Tally {
    fn noticed(self) -> usize {
        self.caught + self.timeout
    }

    /// Of what compiled.
    fn made(self) -> usize {
        self.noticed() + self.missed
    }

    fn suffices(self) -> bool {
        self.made() > 0 && self.noticed() * 100 >= self.made() * BAR
    }
}

/// Makes them, prints one table, and fails where too many went unnoticed.
pub async fn mutants(
    session: &mut Session,
    repository: &Repository,
    options: &MutantsOptions,
) -> Result<(), Failure> {
    let wanted = |name: &str| options.part.as_deref().is_none_or(|part| part == name);
    let names: Vec<&str> = PARTS
        .iter()
        .map(|part| part.name)
        .chain([ownership::NAME])
        .collect();
    if !names.iter().any(|name| wanted(name)) {
        return Err(Failure::refused(
            format!(
                "there is no part {:?}",
                options.part.as_deref().unwrap_or_default()
            ),
            format!("Parts: {}", names.join(", ")),
        ));
    }
    let metadata = repository.metadata()?;
    let mut outcomes = Vec::new();
    for part in PARTS.iter().filter(|part| wanted(part.name)) {
        let tally = drawn(session, repository, &metadata, part, options).await?;
        outcomes.push(Outcome {
            part: part.name,
            tally,
        });
    }
    if wanted(ownership::NAME) {
        let tally = ownership::left_out(session, repository, &metadata).await?;
        outcomes.push(Outcome {
            part: ownership::NAME,
            tally,
        });
    }
    print(&outcomes);
    if outcomes.iter().all(|outcome| outcome.tally.suffices()) {
        return Ok(());
    }
    Err(Failure::refused(
        format!("fewer than {BAR} of 100 changes were noticed"),
        format!(
            "They are named above. Write the test that notices, or say in {LEFT_OUT} why nothing is broken."
        ),
    ))
}

fn print(outcomes: &[Outcome]) {
    println!(
        "\n| part | changes | noticed | of them endless | unnoticed | did not compile | share |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for Outcome { part, tally } in outcomes {
        let (made, noticed) = (tally.made(), tally.noticed());
        // Tenths of a percent, cut off.
        let share = (noticed * 1000).checked_div(made).unwrap_or_default();
        println!(
            "| {part} | {made} | {noticed} | {} | {} | {} | {}.{} % |",
            tally.timeout,
            tally.missed,
            tally.unviable,
            share / 10,
            share % 10
        );
    }
}

/// What cargo-mutants makes of a part.
async fn drawn(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    part: &Part,
    options: &MutantsOptions,
) -> Result<Tally, Failure> {
    let program = installed::provide(session, metadata, CARGO_MUTANTS).await?;
    let scratch = scratch(metadata, part.name)?;
    session.say(
        STAGE,
        format_args!("{}; missed ones are named as they are found", part.name),
    );
    let mut command = Command::new(program);
    command
        .args(["mutants", "--package", part.package])
        .args(part.files.iter().flat_map(|files| ["--file", files]))
        .args(["--config", LEFT_OUT, "--no-shuffle", "--colors", "never"])
        .args(["--minimum-test-timeout", PATIENCE])
        .arg("--output")
        .arg(&scratch)
        .args(options.shard.iter().flat_map(|shard| ["--shard", shard]))
        .args(part.judge.package())
        .arg(part.judge.target())
        .args(["--", "--"])
        .args(part.tests)
        .current_dir(&repository.root)
        // The copies lie elsewhere, and who reads a trace of a test that failed as it should?
        .envs(programs::corpora(&repository.root).map(|folder| (CORPORA, folder)))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        // What others made is compiled once for all parts; of ours what a change asks for.
        .env(
            "CARGO_TARGET_DIR",
            metadata.target_directory.join(SCRATCH).join("target"),
        )
        .env("CARGO_INCREMENTAL", "1")
        .env("TMPDIR", &scratch)
        .stdin(Stdio::null());
    // Its exit code says again what the file tells.
    let _status = session.run(STAGE, command).await?;
    let told = scratch.join("mutants.out/outcomes.json");
    let text = fs::read_to_string(&told).map_err(Failure::file("read", &told))?;
    serde_json::from_str(&text).map_err(|_| Failure::Told("cargo-mutants told something else"))
}

/// An empty folder for one part.
fn scratch(metadata: &Metadata, part: &str) -> Result<PathBuf, Failure> {
    let folder = metadata.target_directory.join(SCRATCH).join(part);
    let _gone = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(caught: usize, timeout: usize, missed: usize) -> Tally {
        Tally {
            caught,
            missed,
            timeout,
            unviable: 7,
        }
    }

    #[test]
    fn ninety_five_of_a_hundred_suffice() {
        assert!(!tally(94, 0, 6).suffices());
        assert!(tally(95, 0, 5).suffices());
        assert!(tally(90, 6, 4).suffices());
        assert!(!tally(18, 0, 1).suffices());
        assert!(tally(19, 0, 1).suffices());
        assert!(!tally(0, 0, 0).suffices());
    }

    #[test]
    fn every_file_that_is_named_exists() {
        let repository = Repository::find();
        for files in PARTS.iter().flat_map(|part| part.files) {
            let folder = files.split(['*', '{']).next().unwrap_or_default();
            let path = repository.root.join(folder);
            assert!(path.exists(), "{files}");
        }
    }
}
