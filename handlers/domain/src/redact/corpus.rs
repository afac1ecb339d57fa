//! Microsoft's published patterns (`microsoft/security-utilities`) against ours: of
//! every one, made-up secrets that fit it leave nothing behind in the audit.
#![expect(
    clippy::disallowed_methods,
    reason = "the corpus is found by a variable of the test command"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use regex::Regex;
use serde::Deserialize;
use serde_json::json;

use super::{redact, redact_arguments};

/// Made-up secrets of each pattern.
const SAMPLES: usize = 24;

/// Made up at most for each, those that are left out included.
const MOST_SAMPLES: usize = 200;

/// Shortest secret that can be told from other text, characters.
const SHORTEST: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    name: String,
    pattern: String,
    detection_metadata: String,
}

/// The rules, or `None` and a line that says so.
fn rules() -> Option<Vec<Rule>> {
    let folder = match std::env::var_os("AZIMUTH_CORPORA") {
        Some(set) => {
            assert!(!set.is_empty(), "AZIMUTH_CORPORA is set but empty");
            PathBuf::from(set)
        }
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
    };
    let folder = folder.join("secret-patterns");
    if std::env::var_os("AZIMUTH_CORPORA").is_none() && !folder.exists() {
        eprintln!("skipped: secret-patterns (no corpora folder)");
        return None;
    }
    let files = ["PreciselyClassified", "UnclassifiedPotential"];
    let rules = files.iter().flat_map(|file| {
        let path = folder.join(format!("{file}SecurityKeys.json"));
        let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_slice::<Vec<Rule>>(&text).unwrap()
    });
    Some(rules.collect())
}

/// The pattern without anchors, which cannot be made up. Where it lets a URL's user
/// hold anything, ours hold what may stand in one.
fn without_anchors(pattern: &str) -> String {
    let mut plain = pattern.replace(r"($|\b)", "").replace(
        r"[^:@\/]+:[^:@?\/]+",
        "[a-z0-9._~!-]{1,12}:[a-zA-Z0-9._~!$&-]{4,20}",
    );
    for (anchored, free) in [("(^|", "("), ("(?:^|", "(?:"), ("|$)", ")"), ("|^)", ")")] {
        plain = plain.replace(anchored, free);
    }
    plain
        .trim_start_matches('^')
        .trim_end_matches('$')
        .to_owned()
}

#[test]
fn nothing_of_a_secret_that_microsoft_knows_is_left() {
    let Some(rules) = rules() else { return };
    assert_eq!(rules.len(), 88);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut left: Vec<String> = Vec::new();
    let (mut all, mut untried) = (0, Vec::new());
    for rule in &rules {
        let theirs = Regex::new(&rule.pattern).unwrap();
        let made_up = string_regex(&without_anchors(&rule.pattern)).unwrap();
        let mut tried = 0;
        for _ in 0..MOST_SAMPLES {
            if tried == SAMPLES {
                break;
            }
            let sample = made_up.new_tree(&mut runner).unwrap().current();
            let found = theirs.captures(&sample);
            let found = found.unwrap_or_else(|| panic!("{}: {sample}", rule.name));
            let secret = found.name("refine").map_or(&found[0], |m| m.as_str());
            let secret = secret.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            // Case folding lets letters in that no key has, and a token of a letter or
            // two stands in any text.
            if !secret.is_ascii() || secret.len() < SHORTEST {
                continue;
            }
            tried += 1;
            all += 1;
            let text = |value: &str| redact_arguments(json!(value)).as_str().unwrap().to_owned();
            let mut outs = vec![text(&sample), text(&format!("it is {sample} now"))];
            if rule.detection_metadata.contains("Identifiable") {
                outs.push(redact(&sample).into_owned());
            }
            for out in outs {
                if out.contains(secret) {
                    left.push(format!("{}: {out}", rule.name));
                }
            }
        }
        if tried == 0 {
            untried.push(rule.name.as_str());
        }
    }
    assert!(
        left.is_empty(),
        "{} left, first {:?}",
        left.len(),
        &left[..left.len().min(5)]
    );
    println!(
        "{} patterns, {all} made-up secrets: none is left; no long enough one of {untried:?}",
        rules.len() - untried.len(),
    );
}
