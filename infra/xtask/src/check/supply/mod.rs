//! What others made: their licences, where it comes from, that there is one version of
//! each and that what is downloaded is pinned by a hash. For crates the rules are those of
//! `deny.toml`, which cargo-deny reads as well (`cargo xtask deny`).

mod crates;
mod npm;
mod spdx;

use crate::failure::Failure;
use crate::repository::Repository;

/// The rules.
const RULES: &str = "deny.toml";

/// Crates, and packages of npm, that are not as the rules have them.
pub fn findings(repository: &Repository) -> Result<Vec<String>, Failure> {
    let file = repository.root.join(RULES);
    let rules = std::fs::read_to_string(&file).map_err(Failure::file("read", &file))?;
    let rules = Rules::read(&rules);
    let mut findings = crates::findings(&crates::resolved(repository)?, &rules);
    findings.extend(npm::findings(&repository.root, &rules)?);
    Ok(findings)
}

/// Of `deny.toml` what is held without cargo-deny.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rules {
    /// Licences.
    licences: Vec<String>,
    /// Registries.
    registries: Vec<String>,
    /// `name@version` of crates that may be there beside a newer one.
    older: Vec<String>,
}

impl Rules {
    fn read(text: &str) -> Self {
        Self {
            licences: listed(text, "licenses", "allow"),
            registries: listed(text, "sources", "allow-registry"),
            older: listed(text, "bans", "skip"),
        }
    }
}

/// The first text in quotes of each line of a list, which has a line for each entry.
fn listed(text: &str, section: &str, name: &str) -> Vec<String> {
    let begins = format!("[{section}]");
    let opens = format!("{name} = [");
    text.lines()
        .skip_while(|line| *line != begins)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .skip_while(|line| *line != opens)
        .skip(1)
        .take_while(|line| *line != "]")
        .filter_map(|line| line.split('"').nth(1))
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_read() {
        let text = "[a]\nallow = [\n    \"no\",\n]\n\n[licenses]\n# why\nallow = [\n    \"MIT\",\n    \"ISC\",\n]\nmore = \"x\"\n\
                    [sources]\nallow-registry = [\n    \"https://r\",\n]\n\
                    [bans]\nskip = [\n    { crate = \"a@1.0.0\", reason = \"b \\\"c\\\"\" },\n]\n";
        let text_of = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            Rules::read(text),
            Rules {
                licences: text_of(&["MIT", "ISC"]),
                registries: text_of(&["https://r"]),
                older: text_of(&["a@1.0.0"]),
            }
        );
    }
}
