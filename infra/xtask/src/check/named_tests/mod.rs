//! The tests that READMEs name as proof: each must exist, so that no table says more
//! than is tested.

mod portal;
mod rust;

use std::path::Path;

use crate::failure::Failure;
use crate::repository::{Metadata, Repository};
use crate::test::groups::{GROUPS, PORTAL};
use portal::Title;
use rust::{RustTest, is_name};

/// The table of promises, whose tests stand with their groups.
const PROMISES: &str = "tests/README.md";

/// The promises that must have a row with a test.
const PROMISED: [&str; 25] = [
    "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "S1", "S2", "S3", "S5", "S6",
    "S7", "S8", "S9", "S10", "S11", "A1", "A2", "A3", "A4", "A5",
];

/// Stand-ins: README, package and the integration test whose modules its table names.
const STAND_INS: [(&str, &str, &str); 2] = [
    ("infra/local/host", "azimuth-host", "host_contract"),
    ("infra/local/web", "azimuth-web", "stand_in"),
];

pub fn findings(repository: &Repository, metadata: &Metadata) -> Result<Vec<String>, Failure> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(Failure::file("read", path));
    let root = &repository.root;
    let tests = rust::read(metadata)?;
    let titles = portal::read(root)?;
    let mut findings = promise_findings(&read(&root.join(PROMISES))?, &tests, &titles);
    for (folder, package, target) in STAND_INS {
        let folder = root.join(folder);
        let text = read(&folder.join("README.md"))?;
        findings.extend(stand_in_findings(&text, &folder, &tests, (package, target)));
    }
    Ok(findings)
}

/// What stands between back quotes, and what stands before each.
fn quoted(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    let pairs = parts.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    pairs.collect()
}

/// Whether it is spelt like a test below a module.
fn is_path(text: &str) -> bool {
    text.contains("::") && text.split("::").all(is_name)
}

/// Rows are `| promise | in words | proof | not shown |`; the proof is
/// ``group: `test`, `test`; group: `test` `` with names as the runner prints them.
fn promise_findings(text: &str, tests: &[RustTest], titles: &[Title]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut proven = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let promise = cells.next().filter(|cell| PROMISED.contains(cell));
        let mut in_row = Vec::new();
        if let Some(promise) = promise {
            let mut group = None;
            in_row = quoted(cells.nth(1).unwrap_or_default());
            for (before, name) in &in_row {
                group = group_named(before).or(group);
                let Some(group) = group else {
                    findings.push(format!("{PROMISES}:{number}: {name} stands in no group"));
                    continue;
                };
                if exists(group, name, tests, titles) {
                    proven.push(promise);
                } else {
                    findings.push(format!(
                        "{PROMISES}:{number}: group {group} has no test {name}"
                    ));
                }
            }
        }
        // Elsewhere in the text a test stands without its group.
        for (_, name) in quoted(line) {
            let is_known = tests.iter().any(|test| test.name == name);
            let is_in_row = in_row.iter().any(|(_, named)| *named == name);
            if is_path(name) && !is_in_row && !is_known {
                findings.push(format!("{PROMISES}:{number}: there is no test {name}"));
            }
        }
    }
    for promise in PROMISED {
        if !proven.contains(&promise) {
            findings.push(format!("{PROMISES}: no row names a test of {promise}"));
        }
    }
    findings
}

/// The group that the text before a name ends with, as in `; turns: `.
fn group_named(before: &str) -> Option<&'static str> {
    let word = before.trim_end().strip_suffix(':')?;
    let word = word.rsplit(|c: char| !c.is_alphanumeric()).next()?;
    let group = GROUPS.iter().find(|group| group.name == word)?;
    Some(group.name)
}

fn exists(group: &str, name: &str, tests: &[RustTest], titles: &[Title]) -> bool {
    if group == PORTAL {
        return titles.iter().any(|title| title.fits(name));
    }
    let group = GROUPS.iter().find(|known| known.name == group);
    group.is_some_and(|group| {
        tests.iter().any(|test| {
            test.name == name && group.has_test(&test.package, &test.target, &test.name)
        })
    })
}

/// Names are `module::test`, `…test` of the module before, `module::*`, or
/// `src/file.rs` for tests beside the code.
fn stand_in_findings(
    text: &str,
    folder: &Path,
    tests: &[RustTest],
    (package, target): (&str, &str),
) -> Vec<String> {
    let readme = folder.join("README.md");
    let has = |fits: &dyn Fn(&str) -> bool| {
        tests
            .iter()
            .any(|t| t.package == package && t.target == target && fits(&t.name))
    };
    let mut findings = Vec::new();
    let mut module = "";
    for (number, line) in (1..).zip(text.lines()) {
        for (_, name) in quoted(line) {
            let is_there = if let Some(short) = name.strip_prefix('…') {
                has(&|test| test == format!("{module}::{short}"))
            } else if let Some(all) = name.strip_suffix("::*") {
                module = all;
                has(&|test| test.starts_with(&format!("{all}::")))
            } else if is_path(name) && name != "module::test" {
                module = name.rsplit_once("::").map_or("", |(module, _)| module);
                has(&|test| test == name)
            } else if name.starts_with("src/") && !name.ends_with('…') {
                let file = folder.join(name);
                tests.iter().any(|test| test.file == file)
            } else {
                true
            };
            if !is_there {
                let place = readme.display();
                findings.push(format!("{place}:{number}: there is no test {name}"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(package: &str, target: &str, name: &str) -> RustTest {
        RustTest {
            package: package.into(),
            target: target.into(),
            name: name.into(),
            file: format!("/r/{target}.rs").into(),
        }
    }

    fn known() -> Vec<RustTest> {
        vec![
            test("azimuth-tests", "suite", "turns::lost::is_found"),
            test("azimuth-embedded", "tampering", "all_show"),
            test("azimuth-host", "host_contract", "poison::it_moves"),
            test("azimuth-host", "host_contract", "poison::it_stays"),
            test("azimuth-host", "azimuth_host", "log::tests::a_line"),
        ]
    }

    /// A table in which every promise has this proof.
    fn table(proof: &str) -> String {
        let row = |promise: &&str| format!("| {promise} | words | {proof} | `else` |");
        let rows: Vec<String> = PROMISED.iter().map(row).collect();
        rows.join("\n") + "\n"
    }

    #[test]
    fn a_misspelt_test_is_named_with_its_line() {
        let found = |text: &str| promise_findings(text, &known(), &[]);
        let good = table("turns: `turns::lost::is_found`; conformance: `all_show`");
        assert_eq!(found(&good), [""; 0]);
        let bad = good.replacen("is_found`", "is_fuond`", 1);
        assert_eq!(
            found(&bad),
            ["tests/README.md:1: group turns has no test turns::lost::is_fuond"]
        );
        let elsewhere = format!("{good}See `turns::lost::is_fuond` and `turns::lost::is_found`.\n");
        let line = PROMISED.len() + 1;
        assert_eq!(
            found(&elsewhere),
            [format!(
                "tests/README.md:{line}: there is no test turns::lost::is_fuond"
            )]
        );
    }

    #[test]
    fn a_test_stands_with_its_own_group() {
        let found = |proof: &str| promise_findings(&table(proof), &known(), &[]).remove(0);
        assert_eq!(
            found("audit: `turns::lost::is_found`"),
            "tests/README.md:1: group audit has no test turns::lost::is_found"
        );
        assert_eq!(
            found("`turns::lost::is_found`"),
            "tests/README.md:1: turns::lost::is_found stands in no group"
        );
        assert_eq!(
            found("portal: `turns::lost::is_found`"),
            "tests/README.md:1: group portal has no test turns::lost::is_found"
        );
    }

    #[test]
    fn a_promise_without_a_test_is_missed() {
        let text = table("conformance: `all_show`").replacen("| A4 | words | ", "| A4 | | ", 1);
        let text = text.replacen("| A4 | | conformance: `all_show`", "| A4 | | to come", 1);
        assert_eq!(
            promise_findings(&text, &known(), &[]),
            ["tests/README.md: no row names a test of A4"]
        );
    }

    #[test]
    fn stand_ins_name_modules_tests_and_files() {
        let found = |text: &str| {
            let of = ("azimuth-host", "host_contract");
            stand_in_findings(text, Path::new("/r"), &known(), of)
        };
        let good = "| 13 | `poison::it_moves` (`…it_stays`), `poison::*`, `maxDequeueCount` |\n";
        assert_eq!(found(good), [""; 0]);
        for bad in [
            "`poison::it_mvoes`",
            "`poison::*`, `…it_styas`",
            "`poisno::*`",
            "`src/log.rs`",
        ] {
            assert_eq!(found(bad).len(), 1, "{bad}");
        }
        // The target beside it is another one.
        assert_eq!(found("`log::tests::a_line`").len(), 1);
    }
}
