//! What Terraform prints with `-json`.

use serde::Deserialize;
use serde_json::Value;

use super::AS_CONFIGURED;
use super::plan::Plan;
use crate::failure::Failure;

/// What a run of the tests told.
#[derive(Debug, Default)]
pub struct Told {
    pub findings: Vec<String>,
    /// What would be made with the settings as they are.
    pub plan: Option<Plan>,
}

#[derive(Debug, Deserialize)]
struct Validation {
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Deserialize)]
struct Diagnostic {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
    range: Option<Range>,
}

#[derive(Debug, Deserialize)]
struct Range {
    filename: String,
    start: Position,
}

#[derive(Debug, Deserialize)]
struct Position {
    line: u32,
}

/// One line of `terraform test -json`. The kinds that say nothing more are left out.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "@testrun")]
    run: Option<String>,
    diagnostic: Option<Diagnostic>,
    test_plan: Option<Value>,
    test_summary: Option<Summary>,
}

#[derive(Debug, Deserialize)]
struct Summary {
    passed: u32,
    failed: u32,
    errored: u32,
    skipped: u32,
}

/// Findings of `terraform validate -json`.
pub fn validated(output: &str) -> Result<Vec<String>, Failure> {
    let validation: Validation = serde_json::from_str(output).map_err(|e| unreadable(&e))?;
    Ok(validation
        .diagnostics
        .iter()
        .map(Diagnostic::told)
        .collect())
}

/// What `terraform test -json -verbose` found. Tests of which not one passed, or one
/// was left out, are a finding.
pub fn tested(output: &str) -> Result<Told, Failure> {
    let mut told = Told::default();
    let mut summary = None;
    for line in output.lines().filter(|line| !line.is_empty()) {
        let event: Event = serde_json::from_str(line).map_err(|e| unreadable(&e))?;
        if let Some(diagnostic) = &event.diagnostic {
            let run = event.run.as_deref().map(|run| format!(" (run {run})"));
            told.findings
                .push(diagnostic.told() + &run.unwrap_or_default());
        }
        if event.kind == "test_plan" && event.run.as_deref() == Some(AS_CONFIGURED) {
            told.plan = event.test_plan.map(Plan::read).transpose()?;
        }
        summary = event.test_summary.or(summary);
    }
    match summary {
        Some(summary) if summary.is_good() => {}
        Some(summary) => told.findings.push(summary.told()),
        None => told
            .findings
            .push("terraform test ended without a summary".to_owned()),
    }
    if told.plan.is_none() && told.findings.is_empty() {
        told.findings.push(format!(
            "no test has a run {AS_CONFIGURED:?} that makes a plan"
        ));
    }
    Ok(told)
}

impl Diagnostic {
    fn told(&self) -> String {
        let place = self
            .range
            .as_ref()
            .map(|range| format!("{}:{}: ", range.filename, range.start.line))
            .unwrap_or_default();
        let word = if self.severity == "error" {
            ""
        } else {
            "warning: "
        };
        let detail = self.detail.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{place}{word}{}: {detail}", self.summary)
    }
}

impl Summary {
    fn is_good(&self) -> bool {
        self.passed > 0 && self.failed + self.errored + self.skipped == 0
    }

    fn told(&self) -> String {
        let Self {
            passed,
            failed,
            errored,
            skipped,
        } = self;
        format!(
            "{passed} runs passed, {failed} failed, {errored} could not be made, {skipped} were skipped"
        )
    }
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::refused(
        format!("the output of terraform cannot be read: {error}"),
        "Its own words may be above. Is it a version whose output has changed?",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const SUMMARY: &str = r#"{"type":"test_summary","test_summary":{"status":"pass","passed":2,"failed":0,"errored":0,"skipped":0}}"#;

    #[test]
    fn a_diagnostic_is_told_with_its_place() {
        let output = r#"{"valid":false,"diagnostics":[{"severity":"error","summary":"Unsupported argument",
            "detail":"An argument named \"nam\" is not\nexpected here.","range":{"filename":"main.tf","start":{"line":3}}}]}"#;
        assert_eq!(
            validated(output).unwrap(),
            ["main.tf:3: Unsupported argument: An argument named \"nam\" is not expected here."]
        );
        assert!(validated("no JSON").is_err());
    }

    #[test]
    fn the_plan_of_the_named_run_is_kept() {
        let plan = |run: &str| {
            format!(
                r#"{{"type":"test_plan","@testrun":"{run}","test_plan":{{"resource_changes":[],"output_changes":{{}}}}}}"#
            )
        };
        let told = tested(&format!("{}\n{SUMMARY}\n", plan(AS_CONFIGURED))).unwrap();
        assert!(told.findings.is_empty() && told.plan.is_some());
        let told = tested(&format!("{}\n{SUMMARY}\n", plan("another"))).unwrap();
        assert_eq!(told.findings.len(), 1, "{told:?}");
    }

    #[test]
    fn tests_that_did_not_run_are_found() {
        assert_eq!(tested("").unwrap().findings.len(), 1);
        for (counted, instead) in [
            (r#""passed":2"#, r#""passed":0"#),
            (r#""skipped":0"#, r#""skipped":1"#),
            (r#""errored":0"#, r#""errored":1"#),
        ] {
            let told = tested(&SUMMARY.replace(counted, instead)).unwrap();
            assert_eq!(told.findings.len(), 1, "{instead}");
        }
    }
}
