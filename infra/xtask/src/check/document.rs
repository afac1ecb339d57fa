//! What is generated from the code and kept beside it: the API's document, and
//! the portal's typed client that is made from it.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::portal::{self, FolderLock, npm};
use crate::repository::Repository;
use crate::session::Session;

const STAGE: &str = "check";

const DOCUMENT: &str = "static-web/openapi.json";
const CLIENT: &str = "static-web/src/api/schema.d.ts";
const GENERATOR: &str = "gen";

/// How a person renews what is kept.
const RENEW: &str = "cargo xtask check --write";

/// Compares, or renews where `is_to_write`.
pub fn document_findings(
    root: &Path,
    told: Value,
    is_to_write: bool,
) -> Result<Vec<String>, Failure> {
    let file = root.join(DOCUMENT);
    let text = format!("{:#}\n", sorted(told));
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == text {
        return Ok(Vec::new());
    }
    if is_to_write {
        fs::write(&file, text).map_err(Failure::file("write", &file))?;
        println!("wrote {DOCUMENT}");
        return Ok(Vec::new());
    }
    let line = first_difference(&kept, &text);
    Ok(vec![format!(
        "{DOCUMENT}:{line}: not what the handler tells; renew it: {RENEW}"
    )])
}

/// Generates the client from the kept document and compares, or leaves it where
/// `is_to_write`.
pub async fn client_findings(
    session: &mut Session,
    repository: &Repository,
    is_to_write: bool,
) -> Result<Vec<String>, Failure> {
    let _lock = FolderLock::take(session, STAGE, repository).await?;
    let generator = portal::folder(repository).join(GENERATOR);
    let file = repository.root.join(CLIENT);
    npm::install(session, STAGE, &generator).await?;
    let kept = fs::read_to_string(&file).unwrap_or_default();
    npm::run(session, STAGE, &generator, "generate").await?;
    let made = fs::read_to_string(&file).map_err(Failure::file("read", &file))?;
    if made == kept {
        return Ok(Vec::new());
    }
    if is_to_write {
        println!("wrote {CLIENT}");
        return Ok(Vec::new());
    }
    // A check changes nothing.
    fs::write(&file, &kept).map_err(Failure::file("write", &file))?;
    let line = first_difference(&kept, &made);
    Ok(vec![format!(
        "{CLIENT}:{line}: not what is generated from {DOCUMENT}; renew it: {RENEW}"
    )])
}

/// With the keys of every object in order, so that the order in the code, which
/// means nothing, changes nothing.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<(String, Value)> = map.into_iter().collect();
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            let pairs = pairs.into_iter().map(|(key, value)| (key, sorted(value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        scalar => scalar,
    }
}

/// From 1.
fn first_difference(one: &str, other: &str) -> usize {
    let same = one
        .lines()
        .zip(other.lines())
        .take_while(|(one, other)| one == other);
    same.count() + 1
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_document_is_compared_and_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("static-web")).unwrap();
        let told = || json!({"b": [{"d": 1, "c": 2}], "a": "한"});
        let findings = |is_to_write| document_findings(root, told(), is_to_write).unwrap();
        assert_eq!(findings(false).len(), 1);
        assert!(!root.join(DOCUMENT).exists());
        assert!(findings(true).is_empty());
        let expected = "{\n  \"a\": \"한\",\n  \"b\": [\n    {\n      \"c\": 2,\n      \"d\": 1\n    }\n  ]\n}\n";
        assert_eq!(fs::read_to_string(root.join(DOCUMENT)).unwrap(), expected);
        assert!(findings(false).is_empty());
        fs::write(
            root.join(DOCUMENT),
            expected.replace("\"c\": 2", "\"c\": 3"),
        )
        .unwrap();
        assert!(findings(false)[0].contains("openapi.json:5: "));
    }
}
