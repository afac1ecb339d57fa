//! That nobody runs a tool but `app/tools`: what tries to is compiled, and must fail for
//! this reason and no other.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde::Deserialize;

use super::{LINTED, STAGE};
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::{Session, cargo};

/// Turns `tests/support/past_the_seal.rs` on.
const FEATURE: &str = "azimuth-tests/past-the-seal";
const FILE: &str = "past_the_seal.rs";
/// A private method, a private field.
const ERRORS: [&str; 2] = ["E0616", "E0624"];

#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    #[serde(rename = "message")]
    text: String,
    code: Option<Code>,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
}

/// Compiles it as the lints were, so that nothing else is compiled for it.
pub async fn findings(
    session: &mut Session,
    repository: &Repository,
) -> Result<Vec<String>, Failure> {
    let mut command = cargo();
    command
        .args(LINTED)
        .args(["--features", FEATURE, "--message-format", "json", "--quiet"])
        .current_dir(&repository.root)
        // What is wrong is in the messages.
        .stderr(Stdio::null());
    let mut errors = Vec::new();
    let status = session
        .lines(STAGE, command, None, |line| errors.extend(error(line)))
        .await?;
    if status.is_some_and(|status| status.success()) {
        return Ok(vec![format!(
            "tests/support/{FILE} compiles: a tool can be run past the audit"
        )]);
    }
    Ok(judge(&errors))
}

/// An error of the compiler: its code, its file, its words.
type Told = (String, String, String);

fn error(line: &str) -> Option<Told> {
    let message = serde_json::from_str::<Line>(line).ok()?.message?;
    let file = message.spans.first().map(|span| span.file_name.clone());
    let code = message.code.map(|code| code.code);
    (message.level == "error").then(|| {
        let code = code.unwrap_or_default();
        (code, file.unwrap_or_default(), message.text)
    })
}

/// Every error is there, once at least, and no other.
fn judge(errors: &[Told]) -> Vec<String> {
    let mut missing: BTreeSet<&str> = ERRORS.into();
    let mut findings = Vec::new();
    for (code, file, told) in errors {
        let is_wanted = ERRORS.contains(&code.as_str()) && file.ends_with(FILE);
        // How many errors there were has no place.
        let is_sum = file.is_empty();
        if is_wanted {
            missing.remove(code.as_str());
        } else if !is_sum {
            findings.push(format!(
                "{file} fails with {code}, which is another reason: {told}"
            ));
        }
    }
    let missing = missing
        .into_iter()
        .map(|code| format!("tests/support/{FILE} does not fail with {code}"));
    findings.extend(missing);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: &str, code: &str, file: &str) -> String {
        format!(
            r#"{{"reason":"compiler-message","message":{{"level":"{level}","message":"m",
            "code":{{"code":"{code}"}},"spans":[{{"file_name":"{file}"}}]}}}}"#
        )
    }

    #[test]
    fn it_must_fail_for_its_own_reasons() {
        let ours = "tests/support/past_the_seal.rs";
        let read = |lines: &[String]| -> Vec<String> {
            let errors: Vec<Told> = lines.iter().filter_map(|line| error(line)).collect();
            judge(&errors)
        };
        let (method, field) = (line("error", "E0624", ours), line("error", "E0616", ours));
        let both = [method.clone(), field, line("warning", "W", ours)];
        assert_eq!(read(&both), [""; 0]);
        assert_eq!(read(std::slice::from_ref(&method)).len(), 1);
        let other = [both.as_slice(), &[line("error", "E0599", ours)]].concat();
        assert_eq!(read(&other).len(), 1);
        assert_eq!(read(&[line("error", "E0624", "tests/api/mod.rs")]).len(), 3);
        assert_eq!(
            read(&[r#"{"reason":"build-finished"}"#.to_owned()]).len(),
            2
        );
    }
}
