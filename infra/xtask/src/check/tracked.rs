//! Rules for every file under version control.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::repository::tracked_files;

/// Bytes. Larger things are fetched, pinned by a hash.
const FILE_MAX: usize = 1024 * 1024;

/// Lines of source; from here on a file has more than one idea.
const LINES_MAX: usize = 800;

/// What is written by hand, by the ends of names.
const SOURCES: [&str; 6] = [".rs", ".ts", ".tsx", ".mjs", ".js", ".css"];
/// Generated: the typed client.
const NO_SOURCE: &str = ".d.ts";

// In two parts, so that this file does not find itself.
const IGNORED_TEST: &str = concat!("#[ig", "nore");
const SKIPPED_TESTS: [&str; 4] = [
    concat!(".sk", "ip("),
    concat!(".on", "ly("),
    concat!(".to", "do("),
    concat!(".skip", "If("),
];
const HOMES: [&str; 3] = [
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
];
/// A home folder in a test that belongs to nobody.
const PLACE_HOLDER: &str = "somebody";
const OTHER_INDEX: &str = concat!("index", "-url");

/// The public registries, which everybody reaches under these names.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: &str = "https://registry.npmjs.org/";

/// Files that point a package manager somewhere else.
const REGISTRY_FILES: [&str; 5] = [".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", "pip.conf"];

pub fn findings(root: &Path) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for name in tracked_files(root)? {
        let file = root.join(&name);
        // Removed and not committed yet, or a link.
        if file.is_file() && !file.is_symlink() {
            let content = fs::read(&file).map_err(Failure::file("read", &file))?;
            judge(&name, &content, &mut findings);
        }
    }
    Ok(findings)
}

fn judge(name: &str, content: &[u8], findings: &mut Vec<String>) {
    if content.len() > FILE_MAX {
        findings.push(format!(
            "{name}: {} bytes, more than {FILE_MAX}",
            content.len()
        ));
    }
    let base = name.rsplit('/').next().unwrap_or(name);
    if REGISTRY_FILES.contains(&base) {
        findings.push(format!(
            "{name}: names a registry; that belongs to a machine, not here"
        ));
    }
    let Ok(text) = std::str::from_utf8(content) else {
        return;
    };
    let is_rust = Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "rs");
    let is_source = SOURCES.iter().any(|end| name.ends_with(end)) && !name.ends_with(NO_SOURCE);
    if is_source {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{name}: {lines} lines, more than {LINES_MAX}"));
        }
    }
    for (number, line) in text.lines().enumerate() {
        let mut found = |what: &str| findings.push(format!("{name}:{}: {what}", number + 1));
        if is_rust && line.contains(IGNORED_TEST) || is_script_test(name) && skips(line) {
            found("a test that does not run; mend it or remove it");
        }
        if HOMES.iter().any(|home| names_folder(line, home)) {
            found("a path of somebody's home folder");
        }
        if names_other_registry(base, line) {
            found("a registry that is not the public one");
        }
    }
}

fn is_script_test(name: &str) -> bool {
    [".test.ts", ".test.tsx", ".test.mjs"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether the line takes a test of vitest or node:test out, or all others.
fn skips(line: &str) -> bool {
    ["it", "test", "describe", "suite", "its"]
        .iter()
        .any(|runner| {
            SKIPPED_TESTS
                .iter()
                .any(|how| line.trim_start().starts_with(&format!("{runner}{how}")))
        })
}

/// Whether the line has an absolute path below `home`, with something there.
fn names_folder(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let is_absolute =
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~}>".contains(c));
        let has_name =
            line[at + home.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '.');
        let is_nobodys = line[at + home.len()..].starts_with(PLACE_HOLDER);
        is_absolute && has_name && !is_nobodys
    })
}

fn names_other_registry(base: &str, line: &str) -> bool {
    let line = line.trim_start();
    let value_of = |key: &str| {
        line.strip_prefix(key)
            .map(|rest| rest.trim_matches([' ', '"', ',', '=', ':']))
    };
    match base {
        "Cargo.lock" => value_of("source").is_some_and(|source| source != CRATES),
        "package-lock.json" => {
            value_of("\"resolved\"").is_some_and(|resolved| !resolved.starts_with(NPM))
        }
        "config.toml" => line.starts_with("[source") || line.starts_with("[registr"),
        _ => line.contains(OTHER_INDEX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, content: &str) -> Vec<String> {
        let mut findings = Vec::new();
        judge(name, content.as_bytes(), &mut findings);
        findings
    }

    #[test]
    fn limits_hold_at_their_edges() {
        assert!(judged("a.bin", &"a".repeat(FILE_MAX)).is_empty());
        assert_eq!(judged("a.bin", &"a".repeat(FILE_MAX + 1)).len(), 1);
        assert!(judged("a.rs", &"\n".repeat(LINES_MAX)).is_empty());
        assert_eq!(judged("a.rs", &"\n".repeat(LINES_MAX + 1)).len(), 1);
        assert_eq!(judged("a.tsx", &"\n".repeat(LINES_MAX + 1)).len(), 1);
        for name in ["a.md", "schema.d.ts"] {
            assert!(judged(name, &"\n".repeat(LINES_MAX + 1)).is_empty());
        }
    }

    #[test]
    fn a_test_that_does_not_run_is_found() {
        let line = format!("fn a() {{}}\n{IGNORED_TEST}]\nfn b() {{}}\n");
        assert!(judged("a.rs", &line)[0].starts_with("a.rs:2: a test"));
        assert!(judged("a.md", &line).is_empty());
        for how in SKIPPED_TESTS {
            let line = format!("  it{how}\"a\", () => {{}});\n");
            assert_eq!(judged("a.test.tsx", &line).len(), 1, "{how}");
            assert!(judged("a.tsx", &line).is_empty());
        }
        assert!(judged("a.test.mjs", "const first = list.skip(1);\n").is_empty());
    }

    #[test]
    fn home_folders_are_found_and_look_alikes_are_not() {
        for home in HOMES {
            assert_eq!(
                judged("a.md", &format!("see {home}me/x")).len(),
                1,
                "{home}"
            );
            assert_eq!(
                judged("a.md", &format!("\"{home}.cargo\"")).len(),
                1,
                "{home}"
            );
            for fine in [
                format!("repo{home}x"),
                format!("{home}<name>"),
                format!("\"{home}somebody\""),
                format!("{{x}}{home}y"),
            ] {
                assert!(judged("a.md", &fine).is_empty(), "{fine}");
            }
        }
    }

    #[test]
    fn only_public_registries_are_named() {
        let lock = |source: &str| judged("Cargo.lock", &format!("source = \"{source}\"\n")).len();
        assert_eq!(lock(CRATES), 0);
        assert_eq!(lock("registry+https://mirror.example.invalid/index"), 1);
        assert_eq!(lock("git+https://example.invalid/x"), 1);
        let npm = |url: &str| {
            judged(
                "t/package-lock.json",
                &format!("  \"resolved\": \"{url}\",\n"),
            )
            .len()
        };
        assert_eq!(npm("https://registry.npmjs.org/a/-/a-1.tgz"), 0);
        assert_eq!(npm("https://mirror.example.invalid/a.tgz"), 1);
        assert_eq!(
            judged(".cargo/config.toml", "[source.crates-io]\n").len(),
            1
        );
        assert_eq!(judged(".npmrc", "").len(), 1);
        assert_eq!(
            judged("r.txt", &format!("--{OTHER_INDEX} https://x.invalid")).len(),
            1
        );
    }
}
