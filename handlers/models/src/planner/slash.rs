//! The exact form: `/tool key=value key="v w" --key value`, or one JSON object.

use azimuth_domain::tool::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::schema::{Kind, Property, properties};

/// A message in the exact form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slash<'a> {
    /// `tool` or `server/tool`.
    pub name: &'a str,
    /// What follows it.
    pub rest: &'a str,
}

/// The exact form, when `text` has it.
pub fn slash(text: &str) -> Option<Slash<'_>> {
    let text = text.trim().strip_prefix('/')?;
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let parts = name.split('/').count();
    (!name.is_empty() && parts <= 2 && name.chars().all(is_name)).then_some(Slash {
        name,
        rest: rest.trim(),
    })
}

/// What is wrong with the arguments of the exact form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The tool has no such parameter.
    Unknown(String),
    /// The value is not of the parameter's kind.
    Value { key: String, kind: Kind },
    /// A word that is neither key nor value.
    Stray(String),
}

/// The arguments that `rest` spells out.
pub fn arguments(tool: &ToolSpec, rest: &str) -> Result<Map<String, Value>, Vec<Fault>> {
    let properties = properties(tool);
    let mut faults = Vec::new();
    let mut arguments = Map::new();
    if rest.starts_with('{')
        && let Ok(Value::Object(map)) = serde_json::from_str(rest)
    {
        for (key, value) in map {
            match find(&properties, &key) {
                Some(property) => {
                    arguments.insert(property.name.to_owned(), value);
                }
                None => faults.push(Fault::Unknown(key)),
            }
        }
        return if faults.is_empty() {
            Ok(arguments)
        } else {
            Err(faults)
        };
    }
    let mut words = words(rest).into_iter().peekable();
    while let Some(word) = words.next() {
        let spelt = word.text.split_once('=').filter(|_| !word.quoted);
        let dashed = word.text.strip_prefix("--").filter(|_| !word.quoted);
        let (key, value) = if let Some((key, value)) = spelt {
            (
                key.trim_start_matches("--").to_owned(),
                Some(value.to_owned()),
            )
        } else if let Some(key) = dashed {
            let next = words.next_if(|w| w.quoted || !w.text.starts_with("--"));
            (key.to_owned(), next.map(|w| w.text))
        } else {
            faults.push(Fault::Stray(word.text));
            continue;
        };
        let Some(property) = find(&properties, &key) else {
            faults.push(Fault::Unknown(key));
            continue;
        };
        match property.value(value.as_deref().unwrap_or("true")) {
            Some(value) => {
                arguments.insert(property.name.to_owned(), value);
            }
            None => faults.push(Fault::Value {
                key,
                kind: property.kind,
            }),
        }
    }
    if faults.is_empty() {
        Ok(arguments)
    } else {
        Err(faults)
    }
}

fn find<'p, 't>(properties: &'p [Property<'t>], key: &str) -> Option<&'p Property<'t>> {
    properties.iter().find(|p| p.name == key).or_else(|| {
        properties
            .iter()
            .find(|p| p.name.replace('-', "_") == key.replace('-', "_"))
    })
}

struct Word {
    text: String,
    /// It begins with a quote, so that nothing in it is a key.
    quoted: bool,
}

/// Words parted by white space; quotes hold a word together, a backslash takes
/// the next character as it is inside double quotes, JSON stays as it is.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut word = Word {
            text: String::new(),
            quoted: rest.starts_with(['"', '\'']),
        };
        while let Some(c) = rest.chars().next() {
            if c.is_whitespace() {
                break;
            }
            let value_starts = word.text.is_empty() || word.text.ends_with('=');
            if value_starts
                && matches!(c, '{' | '[')
                && let Some(length) = json_length(rest)
            {
                word.text.push_str(&rest[..length]);
                rest = &rest[length..];
            } else if value_starts && matches!(c, '"' | '\'') {
                let (value, after) = quoted(rest, c);
                word.text.push_str(&value);
                rest = after;
            } else {
                word.text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        words.push(word);
        rest = rest.trim_start();
    }
    words
}

fn json_length(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// The text of the quotation that `text` begins with, and what follows it. One
/// that is not closed goes to the end.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            value.push(c);
            escaped = false;
        } else if c == '\\' && quote == '"' {
            escaped = true;
        } else if c == quote {
            return (value, &text[at + c.len_utf8()..]);
        } else {
            value.push(c);
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::fixture::{spec, tool};
    use serde_json::json;

    #[test]
    fn the_form_is_recognised() {
        assert_eq!(
            slash("/group_list"),
            Some(Slash {
                name: "group_list",
                rest: ""
            })
        );
        assert_eq!(
            slash("  /azure/storage_account_get a=b \n"),
            Some(Slash {
                name: "azure/storage_account_get",
                rest: "a=b"
            })
        );
        for text in [
            "",
            "/",
            "group_list",
            "/subscriptions/1/2",
            "/도움말",
            "a /b",
        ] {
            assert_eq!(slash(text), None, "{text}");
        }
    }

    #[test]
    fn arguments_are_spelt_in_three_ways() {
        let tool = tool("storage_account_create");
        let expected =
            json!({"account":"stdemo1","resource-group":"rg dev","allow-shared-key-access":true});
        for rest in [
            "account=stdemo1 resource-group=\"rg dev\" allow-shared-key-access=true",
            "--account stdemo1 --resource-group 'rg dev' --allow-shared-key-access",
            "--account=stdemo1 --allow-shared-key-access --resource_group=\"rg dev\"",
            "{\"account\":\"stdemo1\",\"resource-group\":\"rg dev\",\"allow-shared-key-access\":true}",
        ] {
            assert_eq!(
                arguments(&tool, rest).map(Value::Object),
                Ok(expected.clone()),
                "{rest}"
            );
        }
        let tool = spec(
            "t",
            json!({"tags":{"type":"object"},"text":{"type":"string"}}),
            &[],
        );
        assert_eq!(
            arguments(&tool, r#"tags={"a":"b c"} text="say \"x=1\" --no""#).map(Value::Object),
            Ok(json!({"tags":{"a":"b c"},"text":"say \"x=1\" --no"}))
        );
    }

    #[test]
    fn faults_are_named() {
        let tool = tool("compute_vm_delete");
        assert_eq!(
            arguments(&tool, "vm-name=a bogus=1 force-deletion=perhaps stray"),
            Err(vec![
                Fault::Unknown("bogus".into()),
                Fault::Value {
                    key: "force-deletion".into(),
                    kind: Kind::Flag
                },
                Fault::Stray("stray".into()),
            ])
        );
    }
}
