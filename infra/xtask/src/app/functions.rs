//! The function folders, checked by the rules of the Functions host.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json;
use crate::failure::Failure;

/// One folder of `functions/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub folder: PathBuf,
    pub trigger: Trigger,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    Http {
        route: Option<String>,
    },
    Queue {
        queue: String,
        /// Name of the setting that tells where the queue is.
        connection: String,
    },
    Timer,
}

/// Every folder of `functions/`, by name.
pub fn read(functions: &Path) -> Result<Vec<Function>, Failure> {
    let entries = fs::read_dir(functions).map_err(Failure::file("read", functions))?;
    let mut found = Vec::new();
    for entry in entries {
        let folder = entry.map_err(Failure::file("read", functions))?.path();
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        found.push(one(name, folder)?);
    }
    found.sort_by_key(|function| function.name.to_ascii_lowercase());
    let twins = found
        .windows(2)
        .find(|pair| pair[0].name.eq_ignore_ascii_case(&pair[1].name));
    if let Some([one, other]) = twins {
        return Err(Failure::refused(
            format!("functions/{} and functions/{}", one.name, other.name),
            "The host does not regard the case of a function's name.",
        ));
    }
    Ok(found)
}

fn one(name: String, folder: PathBuf) -> Result<Function, Failure> {
    let wrong = |problem: &str| {
        Failure::refused(
            format!("functions/{name}: {problem}"),
            "See reference documentation of function.json.",
        )
    };
    if !is_function_name(&name) {
        return Err(wrong(
            "a function's name is a letter and up to 127 letters, digits, _ or -, and not \"host\"",
        ));
    }
    let file = folder.join("function.json");
    if !file.is_file() {
        return Err(wrong("there is no function.json"));
    }
    let settings = json(&file)?;
    let bindings = settings["bindings"]
        .as_array()
        .ok_or_else(|| wrong("function.json has no list \"bindings\""))?;
    let mut trigger = None;
    for binding in bindings {
        let text = |field: &str| binding[field].as_str();
        if !text("name").is_some_and(is_binding_name) {
            return Err(wrong("a binding has no usable \"name\""));
        }
        if !matches!(text("direction"), Some("in" | "out" | "inout")) {
            return Err(wrong("a binding has no usable \"direction\""));
        }
        let kind = text("type").ok_or_else(|| wrong("a binding has no \"type\""))?;
        if !kind.ends_with("Trigger") {
            continue;
        }
        let this = read_trigger(kind, binding).map_err(&wrong)?;
        if trigger.replace(this).is_some() {
            return Err(wrong("function.json has two triggers"));
        }
    }
    let trigger = trigger.ok_or_else(|| wrong("function.json has no trigger"))?;
    Ok(Function {
        name,
        folder,
        trigger,
    })
}

fn read_trigger(kind: &str, binding: &Value) -> Result<Trigger, &'static str> {
    match kind {
        "httpTrigger" => Ok(Trigger::Http {
            route: binding["route"].as_str().map(ToOwned::to_owned),
        }),
        "queueTrigger" => {
            let connection = binding["connection"].as_str().unwrap_or_default();
            if connection.is_empty() {
                return Err("the queueTrigger names no \"connection\"");
            }
            match binding["queueName"].as_str() {
                Some(queue) if is_queue_name(queue) => Ok(Trigger::Queue {
                    queue: queue.to_owned(),
                    connection: connection.to_owned(),
                }),
                _ => Err("the queueTrigger has no usable \"queueName\""),
            }
        }
        "timerTrigger" => Ok(Trigger::Timer),
        _ => Err("a trigger of this type is not known here"),
    }
}

fn is_function_name(name: &str) -> bool {
    let is_known = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    name.len() <= 128
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && name.bytes().all(is_known)
        && !name.eq_ignore_ascii_case("host")
}

fn is_binding_name(name: &str) -> bool {
    name == "$return"
        || name.len() <= 128
            && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The rule of Azure Storage: 3 to 63 of a-z, 0-9 and single inner hyphens.
fn is_queue_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn judge(name: &str, text: &str) -> Result<Trigger, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("function.json"), text).unwrap();
        one(name.to_owned(), folder.path().to_owned())
            .map(|function| function.trigger)
            .map_err(|failure| failure.to_string())
    }

    fn queue(name: &str) -> String {
        format!(
            r#"{{"bindings":[{{"type":"queueTrigger","direction":"in","name":"item","queueName":"{name}","connection":"S"}}]}}"#
        )
    }

    #[test]
    fn names_follow_the_rule_of_the_host() {
        let longest = format!("a{}", "1".repeat(127));
        for good in ["a", "execute-tool", "Execute_Tool1", &longest] {
            assert!(is_function_name(good), "{good}");
        }
        let too_long = format!("a{}", "1".repeat(128));
        for bad in ["", "1a", "-a", "a b", "a.b", "host", "HOST", "ä", &too_long] {
            assert!(!is_function_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_queue_trigger_is_read() {
        let expected = Trigger::Queue {
            queue: "tool-calls".into(),
            connection: "S".into(),
        };
        assert_eq!(judge("a", &queue("tool-calls")), Ok(expected));
        for (length, is_good) in [(2, false), (3, true), (63, true), (64, false)] {
            assert_eq!(
                judge("a", &queue(&"q".repeat(length))).is_ok(),
                is_good,
                "{length}"
            );
        }
        for bad in ["a--b", "-ab", "ab-", "Abc"] {
            assert!(judge("a", &queue(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_host_would_not_load_is_refused() {
        let timer = r#"{"type":"timerTrigger","direction":"in","name":"t"}"#;
        for (text, told) in [
            ("{".to_owned(), "function.json: "),
            ("{}".to_owned(), "no list \"bindings\""),
            (r#"{"bindings":[]}"#.to_owned(), "has no trigger"),
            (
                format!(r#"{{"bindings":[{timer},{timer}]}}"#),
                "two triggers",
            ),
            (
                format!(r#"{{"bindings":[{}]}}"#, timer.replace("\"t\"", "\"1\"")),
                "usable \"name\"",
            ),
            (
                format!(r#"{{"bindings":[{}]}}"#, timer.replace("\"in\"", "\"up\"")),
                "usable \"direction\"",
            ),
            (
                format!(r#"{{"bindings":[{}]}}"#, timer.replace("timer", "blob")),
                "not known here",
            ),
        ] {
            let failure = judge("a", &text).unwrap_err();
            assert!(failure.contains(told), "{failure}");
        }
    }

    #[test]
    fn names_that_differ_in_case_only_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sweep", "Sweep"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("function.json"), queue("abc")).unwrap();
        }
        assert!(
            read(folder.path())
                .unwrap_err()
                .to_string()
                .contains("Sweep")
        );
    }
}
