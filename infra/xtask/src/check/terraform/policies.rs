//! Known mistakes, by checkov's rules. Those that do not count here are in
//! `check/checkov.yaml`, each with its reason.

use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::failure::Failure;
use crate::python;
use crate::repository::Repository;
use crate::session::Session;

const STAGE: &str = "terraform policies";
const PACKAGES: &str = "check/requirements-checkov.txt";
const SETTINGS: &str = "check/checkov.yaml";

#[derive(Debug, Deserialize)]
struct Report {
    results: Results,
}

#[derive(Debug, Deserialize)]
struct Results {
    passed_checks: Vec<Judged>,
    failed_checks: Vec<Judged>,
    #[serde(default)]
    parsing_errors: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Judged {
    check_id: String,
    check_name: String,
    file_path: String,
    /// First and last line.
    file_line_range: (u32, u32),
    resource: String,
}

pub async fn findings(
    session: &mut Session,
    repository: &Repository,
    folder: &Path,
) -> Result<Vec<String>, Failure> {
    let python = python::provide(session, repository, &folder.join(PACKAGES), None).await?;
    let mut command = Command::new(python);
    command
        .args([
            "-m",
            "checkov.main",
            "--config-file",
            SETTINGS,
            "--output",
            "json",
        ])
        .args(["--directory", "."])
        .current_dir(folder)
        .stdin(Stdio::null());
    let mut output = String::new();
    session
        .lines(STAGE, command, None, |line| output.push_str(line))
        .await?;
    judged(&output)
}

fn judged(output: &str) -> Result<Vec<String>, Failure> {
    let report: Report = serde_json::from_str(output).map_err(|error| {
        Failure::refused(
            format!("checkov's report cannot be read: {error}"),
            "Its own words may be above.",
        )
    })?;
    let results = report.results;
    let mut findings: Vec<String> = results.failed_checks.iter().map(Judged::told).collect();
    findings.extend(
        results
            .parsing_errors
            .iter()
            .map(|file| format!("{file}: checkov cannot read it")),
    );
    if results.passed_checks.is_empty() {
        findings.push("checkov found nothing to judge".to_owned());
    }
    Ok(findings)
}

impl Judged {
    fn told(&self) -> String {
        let file = self.file_path.trim_start_matches('/');
        let line = self.file_line_range.0;
        format!(
            "{file}:{line}: {}: {} ({})",
            self.resource, self.check_name, self.check_id
        )
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn report(passed: usize, failed: usize, unread: &[&str]) -> String {
        let check = json!({"check_id": "CKV_1", "check_name": "Is encrypted", "file_path": "/storage.tf",
            "file_line_range": [7, 9], "resource": "a.b"});
        json!({"results": {
            "passed_checks": vec![&check; passed], "failed_checks": vec![&check; failed], "parsing_errors": unread,
        }})
        .to_string()
    }

    #[test]
    fn a_failed_rule_is_told_with_its_place() {
        assert_eq!(
            judged(&report(1, 1, &[])).unwrap(),
            ["storage.tf:7: a.b: Is encrypted (CKV_1)"]
        );
    }

    #[test]
    fn nothing_judged_and_nothing_read_are_no_pass() {
        assert!(judged(&report(1, 0, &[])).unwrap().is_empty());
        assert_eq!(judged(&report(0, 0, &[])).unwrap().len(), 1);
        assert_eq!(judged(&report(1, 0, &["/x.tf"])).unwrap().len(), 1);
        assert!(judged("no JSON").is_err());
    }
}
