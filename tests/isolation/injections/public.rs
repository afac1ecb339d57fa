//! The injections of `AgentDojo` (MIT): its places, filled by its attacks with our goals.
//! `cargo xtask test isolation` installs the package and says where it lies.

use std::path::{Path, PathBuf};

use regex::Regex;

use super::vectors::{GOALS, Place, Vector};

fn folder() -> PathBuf {
    let folder = std::env::var_os("AZIMUTH_AGENTDOJO").expect(
        "AZIMUTH_AGENTDOJO is the folder of the Python package agentdojo; cargo xtask test isolation sets it",
    );
    folder.into()
}

fn files(folder: &Path, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// Texts with a place for the goal: what stands between quotation marks, parts that
/// stand side by side joined.
fn attacks(folder: &Path) -> Vec<String> {
    let literals = Regex::new(r#""(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*"#).unwrap();
    let parts = Regex::new(r#""((?:[^"\\\n]|\\.)*)""#).unwrap();
    let mut found = Vec::new();
    for source in files(folder, ".py") {
        for literal in literals.find_iter(&source) {
            let text: String = parts
                .captures_iter(literal.as_str())
                .map(|part| part[1].replace("\\n", "\n"))
                .collect();
            if text.contains("{goal}") {
                found.push(text);
            }
        }
    }
    found
}

/// What stands in the places as long as nobody injects anything.
fn places(folder: &Path) -> Vec<String> {
    let default = Regex::new(r#"(?m)^\s+default: "?(.*?)"?$"#).unwrap();
    let files = files(folder, "injection_vectors.yaml");
    files
        .iter()
        .flat_map(|file| default.captures_iter(file).map(|c| c[1].to_owned()))
        .collect()
}

/// Every published place with three of the published attacks.
pub fn vectors() -> Vec<Vector> {
    let folder = folder();
    let attacks = attacks(&folder.join("attacks"));
    let places = places(&folder.join("data"));
    assert!(attacks.len() >= 5, "attacks: {attacks:?}");
    assert!(places.len() >= 30, "places: {places:?}");
    let mut vectors = Vec::new();
    for (p, before) in places.iter().enumerate() {
        for n in 0..3 {
            let goal = GOALS[(p + n) % GOALS.len()];
            let attack = &attacks[(p * 3 + n) % attacks.len()];
            let attack = attack
                .replace("{user}", "Alice")
                .replace("{model}", "the assistant")
                .replace("{goal}", &goal.order());
            vectors.push(Vector {
                what: format!("{}, published", goal.name),
                place: Place::ALL[(p + n) % Place::ALL.len()],
                text: format!("{before} {attack}"),
            });
        }
    }
    vectors
}
