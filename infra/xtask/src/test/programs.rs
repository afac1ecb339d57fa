//! The test programs, built by cargo and run by us: one build for all groups,
//! and nothing compiled again because a group is asked for alone.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::libtest;
use super::network;
use crate::emulator;
use crate::failure::Failure;
use crate::processes::sweep;
use crate::repository::{Metadata, Repository, not_started};
use crate::session::{Session, cargo};
use crate::tally::Tally;
use crate::united;

/// A test program that runs longer hangs, …
const PROGRAM_MAX: Duration = Duration::from_mins(20);
/// … unless it was told to play every crash point on Cosmos DB as well.
const EVERYTHING: &str = "AZIMUTH_CRASH_ALL";
const EVERYTHING_MAX: Duration = Duration::from_hours(2);

/// A tool server outlives a killed handler by at most 5 s.
const ORPHAN_GRACE: Duration = Duration::from_secs(8);

/// One test program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestProgram {
    pub package: String,
    /// Name of the library, binary or integration test.
    pub target: String,
    pub executable: PathBuf,
    /// Its working directory, as `cargo test` has it.
    pub folder: PathBuf,
}

/// How test programs are run.
#[derive(Debug, Default)]
pub struct Surroundings {
    pub variables: Vec<(&'static str, PathBuf)>,
    /// In a network namespace with nothing but loopback.
    pub is_alone: bool,
}

#[derive(Deserialize)]
struct Message {
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds the test programs of `packages`, of all when that is empty.
pub async fn build(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    packages: &[&str],
) -> Result<Vec<TestProgram>, Failure> {
    let mut command = cargo();
    command
        .args([
            "test",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(&repository.root);
    if packages.is_empty() {
        command.arg("--workspace");
    } else {
        command.args(["--package", united::PACKAGE]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    session.say("build", "test programs");
    let mut programs = built(session, metadata, command).await?;
    // Empty without its feature; see `build_emulator`.
    programs.retain(|program| program.package != emulator::PACKAGE);
    Ok(programs)
}

/// Builds the test programs of the Cosmos DB emulator, which the others must not share
/// features with.
pub async fn build_emulator(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
) -> Result<Vec<TestProgram>, Failure> {
    let mut command = cargo();
    command
        .args(["test", "--no-run", "--lib"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(&repository.root);
    emulator::select(&mut command);
    session.say("build", "test programs of the Cosmos DB emulator");
    let mut programs = built(session, metadata, command).await?;
    // What is selected beside it only lends its features.
    programs.retain(|program| program.package == emulator::PACKAGE);
    Ok(programs)
}

async fn built(
    session: &mut Session,
    metadata: &Metadata,
    command: Command,
) -> Result<Vec<TestProgram>, Failure> {
    let mut programs = Vec::new();
    let status = session
        .lines("build", command, None, |line| {
            programs.extend(program_of(line, metadata));
        })
        .await?;
    if !status.is_some_and(|status| status.success()) {
        return Err(Failure::Told("the test programs do not compile"));
    }
    programs.sort_by(|a, b| (&a.package, &a.target).cmp(&(&b.package, &b.target)));
    Ok(programs)
}

fn program_of(line: &str, metadata: &Metadata) -> Option<TestProgram> {
    let message: Message = serde_json::from_str(line).ok()?;
    let manifest = message.manifest_path?;
    let package = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == manifest)?;
    message.profile?.test.then_some(TestProgram {
        package: package.name.clone(),
        target: message.target?.name,
        executable: message.executable?,
        folder: manifest.parent()?.to_owned(),
    })
}

impl TestProgram {
    /// Names of its tests.
    pub async fn list(&self) -> Result<Vec<String>, Failure> {
        let output = Command::new(&self.executable)
            .args(["--list", "--format", "terse"])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .await
            .map_err(not_started(&self.target))?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(libtest::listed(&text)
            .into_iter()
            .map(ToOwned::to_owned)
            .collect())
    }

    /// Runs the named tests, or all. Its output goes through to ours.
    pub async fn run(
        &self,
        session: &mut Session,
        names: Option<&[String]>,
        surroundings: &Surroundings,
    ) -> Result<Tally, Failure> {
        println!("--- {} {}", self.package, self.target);
        let mut command = self.command(surroundings);
        if let Some(names) = names {
            command.arg("--exact").args(names);
        }
        let most = match std::env::var_os(EVERYTHING) {
            Some(_) => EVERYTHING_MAX,
            None => PROGRAM_MAX,
        };
        let mut closing = None;
        let status = session
            .lines(&self.target, command, Some(most), |line| {
                println!("{line}");
                closing = closing.or_else(|| libtest::closing_line(line));
            })
            .await?;
        let mut tally = closing.unwrap_or_default();
        match status {
            None => {
                println!("{} did not end within {most:?} and was killed", self.target);
                tally.failed += 1;
            }
            // Ended without a word, or after it: a crash.
            Some(status) if tally.failed == 0 && (closing.is_none() || !status.success()) => {
                println!("{} ended with {status}", self.target);
                tally.failed += 1;
            }
            Some(_) => {}
        }
        for left in sweep(ORPHAN_GRACE).await {
            println!(
                "{} left {} (pid {}) behind; it was killed",
                self.target, left.name, left.pid
            );
            tally.failed += 1;
        }
        Ok(tally)
    }

    fn command(&self, surroundings: &Surroundings) -> Command {
        let mut command = if surroundings.is_alone {
            network::alone(&self.executable)
        } else {
            Command::new(&self.executable)
        };
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env("CARGO_MANIFEST_DIR", &self.folder)
            // Without it the Azure SDK asks a metadata address off this machine.
            .env("COSMOS_DISABLE_IMDS", "1")
            .envs(
                surroundings
                    .variables
                    .iter()
                    .map(|(name, value)| (name, value)),
            );
        command
    }
}

/// Where cargo put the programs that tests start.
pub fn folder_of_programs(metadata: &Metadata) -> PathBuf {
    metadata.programs(false)
}

/// The corpora of public test data, when somebody keeps them beside the
/// repository.
pub fn corpora(root: &Path) -> Option<PathBuf> {
    if std::env::var_os("AZIMUTH_CORPORA").is_some() {
        // Given already, and inherited.
        return None;
    }
    let beside = root.parent()?.join("shared/corpora");
    beside.is_dir().then_some(beside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Package;

    #[test]
    fn only_test_programs_of_the_workspace_are_taken() {
        let metadata = Metadata {
            packages: vec![Package {
                name: "azimuth-app".into(),
                manifest_path: "/r/handlers/app/Cargo.toml".into(),
                dependencies: Vec::new(),
                targets: Vec::new(),
            }],
            target_directory: "/r/target".into(),
        };
        let line = |manifest: &str, is_test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","target":{{"name":"azimuth_app"}},
                "profile":{{"test":{is_test}}},"executable":"/r/target/debug/deps/a-1"}}"#
            )
        };
        let ours = "/r/handlers/app/Cargo.toml";
        let expected = TestProgram {
            package: "azimuth-app".into(),
            target: "azimuth_app".into(),
            executable: "/r/target/debug/deps/a-1".into(),
            folder: "/r/handlers/app".into(),
        };
        assert_eq!(program_of(&line(ours, true), &metadata), Some(expected));
        assert_eq!(program_of(&line(ours, false), &metadata), None);
        assert_eq!(
            program_of(&line("/other/Cargo.toml", true), &metadata),
            None
        );
        assert_eq!(
            program_of(r#"{"reason":"build-finished"}"#, &metadata),
            None
        );
    }
}
