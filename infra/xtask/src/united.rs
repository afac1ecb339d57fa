//! The package of features that lets programs and tests share what is compiled.

use std::collections::BTreeSet;

use crate::app::PROGRAM_PACKAGES;
use crate::failure::Failure;
use crate::repository::Repository;

/// Selected beside whatever is built for debugging.
pub const PACKAGE: &str = "azimuth-united";

/// Crates of the programs whose features are others when the tests are built too, as
/// they would be compiled twice.
pub fn findings(repository: &Repository) -> Result<Vec<String>, Failure> {
    let whole = features(repository, &["--workspace", "--edges", "normal,dev"])?;
    let mut selected = vec!["--edges", "normal", "--package", PACKAGE];
    for package in PROGRAM_PACKAGES {
        selected.extend(["--package", package]);
    }
    let programs = features(repository, &selected)?;
    Ok(apart(&programs, &whole))
}

/// `name v1.2.3 [one,two]` of each crate.
fn features(repository: &Repository, selected: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let arguments = [&["--no-dedupe"], selected].concat();
    let crates = repository.crates("{p} [{f}]", &arguments)?;
    Ok(crates.lines().map(ToOwned::to_owned).collect())
}

fn apart(programs: &BTreeSet<String>, whole: &BTreeSet<String>) -> Vec<String> {
    programs
        .difference(whole)
        .map(|line| {
            format!("{line} is not what the tests are built with: infra/local/united/Cargo.toml")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_with_other_features_is_named() {
        let of = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        let whole = of(&["tokio v1.0.0 [rt,test-util]", "serde v1.0.0 []"]);
        assert_eq!(apart(&of(&["serde v1.0.0 []"]), &whole), [""; 0]);
        let found = apart(&of(&["serde v1.0.0 []", "tokio v1.0.0 [rt]"]), &whole);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("tokio v1.0.0 [rt] is"), "{found:?}");
    }
}
