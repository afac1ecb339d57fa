//! The portal's tests: types, units and bundle budgets, then the real portal in
//! a real browser against the real stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::network;
use super::programs::Surroundings;
use crate::failure::Failure;
use crate::portal::{self, npm};
use crate::processes::sweep;
use crate::repository::{Metadata, Repository};
use crate::session::Session;
use crate::tally::Tally;

const STAGE: &str = "portal";

/// The browser's tests all together.
const BROWSER_MAX: Duration = Duration::from_mins(30);
const UNITS_MAX: Duration = Duration::from_mins(5);

/// The stack of a test that failed ends within 20 s.
const ORPHAN_GRACE: Duration = Duration::from_secs(25);

/// What vitest writes of a run.
#[derive(Debug, Deserialize)]
struct UnitReport {
    #[serde(rename = "numPassedTests")]
    passed: u32,
    #[serde(rename = "numFailedTests")]
    failed: u32,
    #[serde(rename = "numPendingTests")]
    pending: u32,
    #[serde(rename = "numTodoTests")]
    todo: u32,
    /// Files with a failed test, or that could not be read at all.
    #[serde(rename = "numFailedTestSuites")]
    failed_files: u32,
}

/// What needs no browser.
#[derive(Debug)]
pub struct Units {
    pub tally: Tally,
    /// Whether there is a portal to look at.
    pub is_built: bool,
}

/// Builds the portal within its budgets, checks its types, runs its unit tests.
pub async fn units(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
) -> Result<Units, Failure> {
    let folder = portal::folder(repository);
    let mut tally = Tally::default();
    let built = portal::build(session, repository).await;
    let is_built = told(&mut tally, "build and budgets", built)?;
    if is_built {
        let typed = npm::run(session, STAGE, &folder, "typecheck").await;
        told(&mut tally, "types", typed)?;
        tally += unit_tests(session, &folder, &metadata.target_directory).await?;
    }
    Ok(Units { tally, is_built })
}

/// Runs `npm test` of `tests/portal` and counts what it says at its end.
pub async fn in_browser(
    session: &mut Session,
    folder: &Path,
    surroundings: &Surroundings,
) -> Result<Tally, Failure> {
    println!("--- portal in a browser");
    let mut tally = Tally::default();
    let mut is_counted = false;
    let mut command = browser_command(folder, "test", surroundings);
    command.stdout(Stdio::piped());
    let status = session
        .lines(STAGE, command, Some(BROWSER_MAX), |line| {
            println!("{line}");
            is_counted |= count(&mut tally, line);
        })
        .await
        .map_err(|failure| npm::told(failure, "test", ""))?;
    judge(&mut tally, "the portal's browser tests", is_counted, status);
    for left in sweep(ORPHAN_GRACE).await {
        println!(
            "the portal's tests left {} (pid {}) behind; it was killed",
            left.name, left.pid
        );
        tally.failed += 1;
    }
    Ok(tally)
}

/// A script of `tests/portal`.
pub fn browser_command(folder: &Path, script: &str, surroundings: &Surroundings) -> Command {
    let mut command = if surroundings.is_alone {
        let mut alone = network::alone(Path::new("npm"));
        alone.args(["run", "--silent", script]).current_dir(folder);
        npm::plain(&mut alone);
        alone
    } else {
        npm::script_command(folder, script)
    };
    command
        .stdin(Stdio::null())
        .env("COSMOS_DISABLE_IMDS", "1")
        .envs(
            surroundings
                .variables
                .iter()
                .map(|(name, value)| (name, value)),
        );
    command
}

/// The folder of the browser's tests, with its packages.
pub async fn provide(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    let folder = repository.root.join("tests/portal");
    npm::install(session, STAGE, &folder).await?;
    npm::install(session, STAGE, &folder.join("lighthouse")).await?;
    Ok(folder)
}

async fn unit_tests(session: &mut Session, folder: &Path, target: &Path) -> Result<Tally, Failure> {
    println!("--- portal units");
    let report = target.join("portal-units.json");
    // The report of a former run must not be taken for this one's.
    let _gone = fs::remove_file(&report);
    let mut command = npm::script_command(folder, "test");
    command
        .args(["--", "--reporter=default", "--reporter=json"])
        .arg(format!("--outputFile.json={}", report.display()))
        .stdout(Stdio::piped());
    let status = session
        .lines(STAGE, command, Some(UNITS_MAX), |line| println!("{line}"))
        .await
        .map_err(|failure| npm::told(failure, "test", ""))?;
    let read: Option<UnitReport> = fs::read(&report)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    let mut tally = read.as_ref().map(UnitReport::tally).unwrap_or_default();
    judge(
        &mut tally,
        "the portal's unit tests",
        read.is_some(),
        status,
    );
    Ok(tally)
}

impl UnitReport {
    fn tally(&self) -> Tally {
        let has_unread_file = self.failed == 0 && self.failed_files > 0;
        Tally {
            passed: self.passed,
            failed: self.failed + u32::from(has_unread_file),
            skipped: self.pending + self.todo,
        }
    }
}

/// One step that succeeds or fails as a whole.
fn told(tally: &mut Tally, name: &str, result: Result<(), Failure>) -> Result<bool, Failure> {
    match result {
        Ok(()) => {
            println!("portal {name} ... ok");
            tally.passed += 1;
            Ok(true)
        }
        Err(Failure::Interrupted) => Err(Failure::Interrupted),
        Err(failure) => {
            println!("portal {name} ... FAILED\n    {failure}");
            tally.failed += 1;
            Ok(false)
        }
    }
}

/// Of the closing lines of node:test, in either of its forms (`ℹ pass 3`,
/// `# pass 3`). Whether the line is one of them.
fn count(tally: &mut Tally, line: &str) -> bool {
    let line = line.strip_prefix("ℹ ").or(line.strip_prefix("# "));
    let Some((what, number)) = line.and_then(|line| line.split_once(' ')) else {
        return false;
    };
    let Ok(number) = number.parse::<u32>() else {
        return false;
    };
    match what {
        "pass" => tally.passed += number,
        "fail" | "cancelled" => tally.failed += number,
        "skipped" | "todo" => tally.skipped += number,
        _ => return false,
    }
    true
}

/// A runner that ended badly without a word of it has crashed.
fn judge(tally: &mut Tally, what: &str, is_counted: bool, status: Option<ExitStatus>) {
    match status {
        None => {
            println!("{what} did not end in time and were killed");
            tally.failed += 1;
        }
        Some(status) if tally.failed == 0 && (!is_counted || !status.success()) => {
            println!("{what} ended with {status}");
            tally.failed += 1;
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn the_runner_s_closing_lines_are_counted_and_no_others() {
        let mut tally = Tally::default();
        for line in [
            "✔ pass 7 (3 ms)",
            "ℹ a diagnostic of 5",
            "ℹ tests 12",
            "ℹ suites 0",
            "ℹ pass 8",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "# skipped 2",
            "# todo 0",
            "# duration_ms 1234.5",
        ] {
            count(&mut tally, line);
        }
        let expected = Tally {
            passed: 8,
            failed: 2,
            skipped: 2,
        };
        assert_eq!(tally, expected);
    }

    #[test]
    fn the_report_of_the_unit_tests_is_read() {
        let report = |suites: u32| -> Tally {
            let text = format!(
                r#"{{"numTotalTests":6,"numPassedTests":4,"numFailedTests":0,"numPendingTests":1,
                "numTodoTests":1,"numFailedTestSuites":{suites},"success":true}}"#
            );
            serde_json::from_str::<UnitReport>(&text).unwrap().tally()
        };
        assert_eq!(
            (report(0).passed, report(0).failed, report(0).skipped),
            (4, 0, 2)
        );
        assert_eq!(report(1).failed, 1);
    }

    #[test]
    fn a_run_that_ends_without_a_count_has_failed() {
        let failed = |is_counted, status: Option<i32>| {
            let mut tally = Tally::default();
            judge(
                &mut tally,
                "they",
                is_counted,
                status.map(ExitStatus::from_raw),
            );
            tally.failed
        };
        assert_eq!(failed(true, Some(0)), 0);
        assert_eq!(failed(false, Some(0)), 1);
        assert_eq!(failed(true, Some(256)), 1);
        assert_eq!(failed(true, None), 1);
    }
}
