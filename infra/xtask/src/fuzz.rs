//! `cargo xtask fuzz`: every target of `tests/fuzz` under libFuzzer, one after the other,
//! each for so many minutes.
//!
//! cargo-fuzz instruments whatever is compiled. Its sanitizers need a nightly toolchain;
//! without one coverage does not, so the pinned toolchain serves (`-s none` and
//! `RUSTC_BOOTSTRAP`). There is no unsafe code of ours that a sanitizer would see.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Args;
use tokio::process::Command;

use crate::failure::Failure;
use crate::installed;
use crate::repository::{Metadata, Repository};
use crate::session::Session;

const STAGE: &str = "fuzz";

/// Pinned; installed below cargo's target folder on first use.
const CARGO_FUZZ: (&str, &str) = ("cargo-fuzz", "0.13.2");
/// A workspace of its own.
const PACKAGE: &str = "tests/fuzz/libfuzzer";
const PROGRAM: &str = "fed";
const SEEDS: &str = "tests/fuzz/seeds";
/// Tells the program which target it feeds.
const TARGET: &str = "AZIMUTH_FUZZ_TARGET";

/// An input that takes longer, seconds, or more memory, MiB, is a finding too.
const SLOW: u32 = 10;
const MEMORY: u32 = 2048;
/// Longest input, bytes: above the limits of what is fed, as far as those are small.
const LONGEST: u32 = 32 * 1024;

/// What to feed, and for how long.
#[derive(Debug, Args)]
pub struct FuzzOptions {
    /// One target, a folder of tests/fuzz/seeds; all without it
    pub target: Option<String>,
    /// For how long each target is fed
    #[arg(long, default_value_t = 10.0, value_name = "N")]
    pub minutes: f64,
    /// Feed what was built last
    #[arg(long)]
    pub no_build: bool,
}

/// What came of one target.
struct Fed {
    target: String,
    executions: u64,
    found: bool,
}

/// Feeds them, prints one table, and fails when one has a finding.
pub async fn fuzz(
    session: &mut Session,
    repository: &Repository,
    options: &FuzzOptions,
) -> Result<(), Failure> {
    let targets = chosen(&repository.root, options.target.as_deref())?;
    let metadata = repository.metadata()?;
    let place = metadata.target_directory.join("fuzz");
    let program = program(&place);
    if !options.no_build {
        build(session, repository, &metadata, &place).await?;
    }
    let mut all = Vec::new();
    for target in targets {
        session.say(STAGE, format_args!("{target}, {} minutes", options.minutes));
        all.push(
            feed(
                session,
                repository,
                &program,
                &place,
                target,
                options.minutes,
            )
            .await?,
        );
    }
    println!("\n| target | executions | minutes | findings |\n| --- | --- | --- | --- |");
    for fed in &all {
        let findings = u8::from(fed.found);
        println!(
            "| {} | {} | {} | {findings} |",
            fed.target, fed.executions, options.minutes
        );
    }
    if all.iter().any(|fed| fed.found) {
        return Err(Failure::refused(
            "a target has a finding; the input is named above",
            "Mend what it shows, and keep the input in tests/fuzz/seeds.",
        ));
    }
    Ok(())
}

/// The targets that a command line asks for, by the folders of their seeds.
fn chosen(root: &Path, name: Option<&str>) -> Result<Vec<String>, Failure> {
    let folder = root.join(SEEDS);
    let entries = std::fs::read_dir(&folder).map_err(Failure::file("read", &folder))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    match name {
        None => Ok(names),
        Some(name) if names.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(Failure::refused(
            format!("there is no fuzz target {name:?}"),
            format!("Targets: {}", names.join(", ")),
        )),
    }
}

/// Where cargo-fuzz puts what it builds for this machine.
fn program(place: &Path) -> PathBuf {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    place.join(triple).join("release").join(PROGRAM)
}

async fn build(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    place: &Path,
) -> Result<(), Failure> {
    let cargo_fuzz = installed::provide(session, metadata, CARGO_FUZZ).await?;
    session.say(
        STAGE,
        "builds the targets with libFuzzer; the first time takes long",
    );
    let mut command = Command::new(cargo_fuzz);
    command
        .args(["build", "--sanitizer", "none", "--fuzz-dir", PACKAGE])
        .arg("--target-dir")
        .arg(place)
        .arg(PROGRAM)
        .current_dir(&repository.root)
        .env("RUSTC_BOOTSTRAP", "1")
        .stdin(Stdio::null());
    session.succeed(STAGE, command).await
}

async fn feed(
    session: &mut Session,
    repository: &Repository,
    program: &Path,
    place: &Path,
    target: String,
    minutes: f64,
) -> Result<Fed, Failure> {
    let corpus = place.join("corpus").join(&target);
    std::fs::create_dir_all(&corpus).map_err(Failure::file("create", &corpus))?;
    // libFuzzer tells everything on standard error.
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$0\" \"$@\" 2>&1"])
        .arg(program)
        .arg(format!("-max_total_time={}", (minutes * 60.0).ceil()))
        .arg(format!("-timeout={SLOW}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg("-print_final_stats=1")
        .arg(format!(
            "-artifact_prefix={}/found-{target}-",
            place.display()
        ))
        .arg(corpus)
        .arg(repository.root.join(SEEDS).join(&target))
        .env(TARGET, &target)
        .stdin(Stdio::null());
    let mut executions = 0;
    let status = session
        .lines(STAGE, command, None, |line| {
            executions = executed(line).unwrap_or(executions);
            if is_worth_telling(line) {
                println!("{target}: {line}");
            }
        })
        .await?;
    Ok(Fed {
        found: !status.is_some_and(|status| status.success()),
        target,
        executions,
    })
}

/// `stat::number_of_executed_units: N`.
fn executed(line: &str) -> Option<u64> {
    let told = line.strip_prefix("stat::number_of_executed_units:")?;
    told.trim().parse().ok()
}

/// All but what libFuzzer says of each step and each new input.
fn is_worth_telling(line: &str) -> bool {
    let is_step = line.starts_with('#') && !line.contains("pulse");
    !is_step && !line.starts_with("INFO:") && !line.trim().is_empty()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn targets_are_the_folders_of_seeds() {
        let root = tempfile::tempdir().unwrap();
        for name in ["token", "egress"] {
            std::fs::create_dir_all(root.path().join(SEEDS).join(name)).unwrap();
        }
        assert_eq!(chosen(root.path(), None).unwrap(), ["egress", "token"]);
        assert_eq!(chosen(root.path(), Some("token")).unwrap(), ["token"]);
        let told = chosen(root.path(), Some("tokens")).unwrap_err().to_string();
        assert!(told.contains("egress, token"), "{told}");
    }

    #[test]
    fn the_figures_of_libfuzzer_are_read() {
        assert_eq!(
            executed("stat::number_of_executed_units: 12345"),
            Some(12345)
        );
        assert_eq!(executed("stat::peak_rss_mb: 99"), None);
        assert!(is_worth_telling("==1== ERROR: libFuzzer: deadly signal"));
        assert!(is_worth_telling("#1048576\tpulse  cov: 5 ft: 6 corp: 1/1b"));
        for line in ["#2\tINITED cov: 5", "INFO: Seed: 1", ""] {
            assert!(!is_worth_telling(line), "{line}");
        }
    }
}
