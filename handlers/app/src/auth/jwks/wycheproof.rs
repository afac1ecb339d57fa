//! Project Wycheproof's key sets through our loader. Of its valid vectors only
//! the RS256 ones are ours to accept; no invalid one may pass.
#![expect(
    clippy::disallowed_methods,
    reason = "the corpus is found by a variable of the test command"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::keys::KeySet;
use crate::auth::algorithm::TokenAlgorithm;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    comment: String,
    public: Option<Value>,
    private: Option<Value>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    jws: String,
    result: String,
}

/// The folder of the public suites: `AZIMUTH_CORPORA`, or beside the repository.
/// `None` when it is not there; set but empty is a mistake.
fn corpora() -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("AZIMUTH_CORPORA") {
        assert!(!set.is_empty(), "AZIMUTH_CORPORA is set but empty");
        let folder = PathBuf::from(set);
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("AZIMUTH_CORPORA={}: {e}", folder.display()));
        assert!(entries.count() > 0, "AZIMUTH_CORPORA names an empty folder");
        return Some(folder);
    }
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    beside.is_dir().then_some(beside)
}

#[test]
fn wycheproof_key_sets() {
    let Some(folder) = corpora() else {
        println!("skipped: wycheproof/json_web_key_test.json (no corpora folder)");
        return;
    };
    let text = std::fs::read(folder.join("wycheproof/json_web_key_test.json")).unwrap();
    let file: File = serde_json::from_slice(&text).unwrap();
    let mut run = 0;
    let mut accepted = Vec::new();
    for group in &file.test_groups {
        let set = group.public.as_ref().or(group.private.as_ref()).unwrap();
        for vector in &group.tests {
            run += 1;
            if accepts(set, &vector.jws) {
                accepted.push((vector.tc_id, group.comment.as_str(), vector.result.as_str()));
            }
        }
    }
    assert_eq!(run, file.number_of_tests);
    assert_eq!(accepted, [(5, "rs256", "valid")]);
}

fn accepts(set: &Value, jws: &str) -> bool {
    let Ok(keys) = KeySet::read(set.to_string().as_bytes(), "t", "i", TokenAlgorithm::Rs256) else {
        return false;
    };
    let (message, signature) = jws.rsplit_once('.').unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(message.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let Some(key) = header["kid"].as_str().and_then(|kid| keys.get(kid)) else {
        return false;
    };
    let algorithm = jsonwebtoken::Algorithm::RS256;
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).unwrap()
}
