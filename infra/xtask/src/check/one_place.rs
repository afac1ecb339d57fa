//! What is done in one place of the product, so that there is one verifier, one redactor,
//! one decision and one path to a tool: by the words that whoever did it elsewhere would
//! have to write. That nobody calls a tool past `app/tools` the compiler sees as well
//! (`app/src/tools/servers.rs`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Something that has its places.
struct OnePlace {
    /// What it is, for people.
    what: &'static str,
    /// Words of it.
    words: &'static str,
    /// Files below `handlers/` that say them.
    places: &'static [&'static str],
}

const PLACES: [OnePlace; 9] = [
    OnePlace {
        what: "a call of a tool is made",
        words: "= CallRequest {",
        places: &["app/src/tools/dispatch.rs"],
    },
    OnePlace {
        what: "tool servers are held",
        words: "dyn ToolServers",
        places: &["app/src/tools/servers.rs"],
    },
    OnePlace {
        what: "a tool is run",
        words: ".call(request)",
        places: &[
            "app/src/tools/dispatch.rs",
            "app/src/tools/servers.rs",
            // The adapter, which passes it on inside.
            "mcp/src/tool_servers.rs",
        ],
    },
    OnePlace {
        what: "a token's signature is checked",
        words: "jsonwebtoken::crypto::verify(",
        places: &["app/src/auth/verifier/mod.rs"],
    },
    OnePlace {
        what: "a token is decoded without our rules",
        words: "jsonwebtoken::decode",
        places: &[],
    },
    OnePlace {
        what: "policies are asked",
        words: ".is_authorized(",
        places: &["app/src/policy/set.rs"],
    },
    OnePlace {
        what: "what stands in the place of a secret is written",
        words: "\"[redacted]\"",
        places: &["domain/src/redact/mod.rs"],
    },
    OnePlace {
        what: "secrets are found by their form",
        words: "&KNOWN",
        places: &["domain/src/redact/arguments.rs", "domain/src/redact/mod.rs"],
    },
    OnePlace {
        what: "a pattern is compiled",
        words: "Regex::new(",
        places: &[
            "domain/src/redact/arguments.rs",
            "domain/src/redact/patterns.rs",
            // What a message says of a secret's place, and Azure's id of a request.
            "app/src/turn/sealing.rs",
            "app/src/tools/answer.rs",
        ],
    },
];

/// Where something is done that has its place elsewhere, and places where nothing of it
/// is left, which would make a rule hold for nothing.
pub fn findings(root: &Path) -> Result<Vec<String>, Failure> {
    let sources = sources(&root.join("handlers"))?;
    Ok(PLACES
        .iter()
        .flat_map(|rule| judge(rule, &sources))
        .collect())
}

fn judge(rule: &OnePlace, sources: &[(String, String)]) -> Vec<String> {
    let said: BTreeSet<&str> = sources
        .iter()
        .filter(|(_, text)| text.contains(rule.words))
        .map(|(name, _)| name.as_str())
        .collect();
    let places: BTreeSet<&str> = rule.places.iter().copied().collect();
    let strayed = said.difference(&places).map(|name| {
        format!(
            "handlers/{name}: {} here (`{}`); that has its place{}",
            rule.what,
            rule.words,
            in_words(rule.places)
        )
    });
    let gone = places.difference(&said).map(|name| {
        format!(
            "handlers/{name} does not say `{}` any more: infra/xtask/src/check/one_place.rs",
            rule.words
        )
    });
    strayed.chain(gone).collect()
}

fn in_words(places: &[&str]) -> String {
    match places {
        [] => " nowhere".to_owned(),
        places => format!(" in {}", places.join(", ")),
    }
}

/// What the product is made of, by its path below `handlers`, without its tests.
fn sources(handlers: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut sources = Vec::new();
    for package in entries(handlers)? {
        let folder = package.join("src");
        if folder.is_dir() {
            collect(handlers, &folder, &mut sources)?;
        }
    }
    Ok(sources)
}

fn collect(
    handlers: &Path,
    folder: &Path,
    sources: &mut Vec<(String, String)>,
) -> Result<(), Failure> {
    let entries = entries(folder)?;
    let mut tests = BTreeSet::new();
    let mut read = Vec::new();
    for file in entries.iter().filter(|entry| entry.is_file()) {
        let text = fs::read_to_string(file).map_err(Failure::file("read", file))?;
        tests.extend(modules_of_tests(&text));
        read.push((file.clone(), text));
    }
    let is_test = |path: &Path| {
        let name = path.file_stem().unwrap_or_default();
        tests.contains(name.to_string_lossy().as_ref())
    };
    for (file, text) in read.into_iter().filter(|(file, _)| !is_test(file)) {
        let name = file.strip_prefix(handlers).unwrap_or(&file);
        sources.push((
            name.to_string_lossy().into_owned(),
            product(&text).to_owned(),
        ));
    }
    for folder in entries
        .iter()
        .filter(|entry| entry.is_dir() && !is_test(entry))
    {
        collect(handlers, folder, sources)?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = fs::read_dir(folder).map_err(Failure::file("read", folder))?;
    let mut paths: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// Modules in files of their own that only tests have.
fn modules_of_tests(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    pairs
        .filter_map(|pair| {
            let name = pair[1]
                .trim_start_matches("pub(crate) ")
                .strip_prefix("mod ")?;
            Some(name.strip_suffix(';')?.to_owned())
        })
        .collect()
}

/// What stands before the tests of a file.
fn product(text: &str) -> &str {
    let tests = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\n#[expect"];
    let end = tests
        .iter()
        .flat_map(|words| text.match_indices(words))
        .filter(|(at, _)| text[*at..].lines().take(5).any(|line| line.ends_with(" {")))
        .map(|(at, _)| at)
        .min();
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn found(files: &[(&str, &str)], rule: &OnePlace) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        judge(rule, &sources(root.path()).unwrap())
    }

    const RULE: OnePlace = OnePlace {
        what: "policies are asked",
        words: ".is_authorized(",
        places: &["app/src/policy/set.rs"],
    };

    #[test]
    fn what_strays_is_named_and_so_is_a_place_that_is_gone() {
        let asks = "fn f() { a.is_authorized(b); }\n";
        assert_eq!(found(&[("app/src/policy/set.rs", asks)], &RULE), [""; 0]);
        let strayed = found(
            &[("app/src/policy/set.rs", asks), ("azure/src/a/b.rs", asks)],
            &RULE,
        );
        assert_eq!(strayed.len(), 1);
        assert!(
            strayed[0].starts_with("handlers/azure/src/a/b.rs"),
            "{strayed:?}"
        );
        let gone = found(&[("app/src/policy/set.rs", "fn f() {}\n")], &RULE);
        assert_eq!(gone.len(), 1);
    }

    #[test]
    fn tests_may_do_as_they_like() {
        let asks = "a.is_authorized(b);";
        let inline = format!("{asks}\n\n#[cfg(test)]\nmod tests {{\n    {asks}\n}}\n");
        assert_eq!(found(&[("app/src/policy/set.rs", &inline)], &RULE), [""; 0]);
        let beside = "#[cfg(test)]\nmod doubles;\n#[cfg(test)]\nmod tests;\n";
        let files = [
            ("app/src/policy/set.rs", asks),
            ("app/src/auth/mod.rs", beside),
            ("app/src/auth/doubles.rs", asks),
            ("app/src/auth/tests/mod.rs", asks),
            ("app/tests/whole.rs", asks),
        ];
        assert_eq!(found(&files, &RULE), [""; 0]);
        let above = format!("#[cfg(test)]\nuse x;\n{asks}\n");
        let files = [
            ("app/src/policy/set.rs", asks),
            ("app/src/a.rs", above.as_str()),
        ];
        assert_eq!(found(&files, &RULE).len(), 1);
    }
}
