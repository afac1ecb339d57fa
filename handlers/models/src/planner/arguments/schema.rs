//! What a tool's JSON Schema says of its parameters.

use azimuth_domain::search::stem;
use azimuth_domain::tool::ToolSpec;
use serde_json::{Map, Number, Value};

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Whole,
    Number,
    Flag,
    List,
    Object,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Property<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it takes.
    pub kind: Kind,
    /// Whether the tool refuses to run without it.
    pub required: bool,
    /// The values that the schema or its description names; empty means any.
    pub values: Vec<&'a str>,
    description: &'a str,
}

/// The parameters of `tool`, required ones first, in the schema's order.
pub fn properties(tool: &ToolSpec) -> Vec<Property<'_>> {
    let schema = &tool.input_schema;
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let Some(all) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut properties: Vec<Property<'_>> = all
        .iter()
        .map(|(name, schema)| {
            let description = schema
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or("");
            Property {
                name,
                kind: kind(schema),
                required: required.contains(&name.as_str()),
                values: values(schema, description),
                description,
            }
        })
        .collect();
    let place = |p: &Property<'_>| {
        required
            .iter()
            .position(|r| *r == p.name)
            .unwrap_or(usize::MAX)
    };
    properties.sort_by_key(place);
    properties
}

impl Property<'_> {
    /// The words of its name in the singular, without "name" or "id" at the end:
    /// `vm-name` is a vm, `resourceGroup` a resource group.
    pub fn words(&self) -> Vec<String> {
        let mut spaced = String::new();
        for c in self.name.chars() {
            if c.is_uppercase() && spaced.ends_with(char::is_lowercase) {
                spaced.push(' ');
            }
            spaced.push(if c == '-' || c == '_' { ' ' } else { c });
        }
        let mut words: Vec<String> = spaced.split_whitespace().map(stem).collect();
        while words.len() > 1 && words.last().is_some_and(|w| w == "name" || w == "id") {
            words.pop();
        }
        words
    }

    /// Whether it is where something is made.
    pub fn is_location(&self) -> bool {
        matches!(self.name, "location" | "region")
    }

    /// The first sentence of its description, in the tool's own words.
    pub fn hint(&self) -> String {
        let text = self.description.trim();
        let end = text.find(". ").map_or(text.len(), |at| at + 1);
        text[..end].chars().take(200).collect()
    }

    /// A value to show how it could look.
    pub fn example(&self) -> String {
        if let Some(value) = self.values.first() {
            return (*value).to_owned();
        }
        match self.kind {
            Kind::Whole | Kind::Number => return "10".to_owned(),
            Kind::Flag => return "true".to_owned(),
            _ => {}
        }
        match self.name {
            "location" | "region" => "koreacentral",
            "resource-group" => "rg-dev",
            "subscription" => "Contoso-Dev",
            "vault" => "kv-dev",
            "vm-name" => "vm-dev-1",
            "account" | "storage-account" => "stdemo1",
            _ => return format!("my-{}", self.words().join("-")),
        }
        .to_owned()
    }

    /// `text` as a value of the parameter's kind; `None` when it is none. A
    /// listed value takes the list's spelling.
    pub fn value(&self, text: &str) -> Option<Value> {
        match self.kind {
            Kind::Text => {
                let listed = self.values.iter().find(|v| v.eq_ignore_ascii_case(text));
                Some(Value::String(listed.map_or(text, |v| *v).to_owned()))
            }
            Kind::Whole => text.parse::<i64>().ok().map(Value::from),
            Kind::Number => text.parse::<i64>().ok().map(Value::from).or_else(|| {
                text.parse()
                    .ok()
                    .and_then(Number::from_f64)
                    .map(Value::Number)
            }),
            Kind::Flag => match text.to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" | "예" | "네" => Some(Value::Bool(true)),
                "false" | "no" | "off" | "0" | "아니요" => Some(Value::Bool(false)),
                _ => None,
            },
            Kind::List => {
                if text.starts_with('[') {
                    return serde_json::from_str(text).ok().filter(Value::is_array);
                }
                let items = text.split(',').map(str::trim).filter(|t| !t.is_empty());
                Some(Value::Array(items.map(Value::from).collect()))
            }
            Kind::Object => {
                if text.starts_with('{') {
                    return serde_json::from_str(text).ok().filter(Value::is_object);
                }
                let mut map = Map::new();
                for pair in text.split(',') {
                    let (key, value) = pair.split_once(['=', ':'])?;
                    map.insert(key.trim().to_owned(), Value::from(value.trim()));
                }
                Some(Value::Object(map))
            }
        }
    }
}

fn kind(schema: &Value) -> Kind {
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names
        .iter()
        .find_map(|name| match *name {
            "string" => Some(Kind::Text),
            "integer" => Some(Kind::Whole),
            "number" => Some(Kind::Number),
            "boolean" => Some(Kind::Flag),
            "array" => Some(Kind::List),
            "object" => Some(Kind::Object),
            _ => None,
        })
        .unwrap_or(Kind::Text)
}

/// Words after which descriptions list the values of a parameter.
const ANNOUNCE: [&str; 6] = [
    "Valid values are:",
    "Valid values:",
    "Accepted values:",
    "Allowed values:",
    "Supported values:",
    "Valid levels are:",
];

fn values<'a>(schema: &'a Value, description: &'a str) -> Vec<&'a str> {
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        return listed.iter().filter_map(Value::as_str).collect();
    }
    let Some(rest) = ANNOUNCE
        .iter()
        .find_map(|words| description.split_once(words))
        .map(|(_, r)| r)
    else {
        return Vec::new();
    };
    let list = rest.split(['.', ';', '\n']).next().unwrap_or("");
    let values: Vec<&str> = list
        .split(',')
        .map(|item| {
            item.trim()
                .trim_start_matches("or ")
                .trim_start_matches("and ")
        })
        .map(|item| item.split(" (").next().unwrap_or(item))
        .map(|item| item.trim_matches(|c: char| c == '\'' || c == '"' || c == '`' || c == ' '))
        .collect();
    let is_value = |v: &&str| {
        !v.is_empty()
            && v.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if values.iter().all(is_value) {
        values
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::planner::fixture::{spec, tool};
    use serde_json::json;

    fn property<'a>(tool: &'a ToolSpec, name: &str) -> Property<'a> {
        properties(tool)
            .into_iter()
            .find(|p| p.name == name)
            .unwrap()
    }

    #[test]
    fn required_come_first_and_values_are_read() {
        let tool = tool("compute_vm_power-state");
        let names: Vec<&str> = properties(&tool).iter().map(|p| p.name).take(3).collect();
        assert_eq!(names, ["vm-name", "power-action", "resource-group"]);
        assert_eq!(
            property(&tool, "power-action").values,
            ["start", "stop", "deallocate", "restart"]
        );
        assert_eq!(property(&tool, "vm-name").words(), ["vm"]);
        assert_eq!(
            property(&tool, "resource-group").words(),
            ["resource", "group"]
        );
    }

    #[test]
    fn text_becomes_what_the_schema_wants() {
        let tool = spec(
            "t",
            json!({
                "text": {"type": "string", "enum": ["Hot", "Cool"]},
                "whole": {"type": ["integer", "null"]},
                "number": {"type": "number"},
                "flag": {"type": "boolean"},
                "list": {"type": "array", "items": {"type": "string"}},
                "object": {"type": "object"}
            }),
            &[],
        );
        for (name, text, expected) in [
            ("text", "hot", Some(json!("Hot"))),
            ("text", "else", Some(json!("else"))),
            ("whole", "7", Some(json!(7))),
            ("whole", "7.5", None),
            ("whole", "x", None),
            ("number", "7.5", Some(json!(7.5))),
            ("number", "nan", None),
            ("flag", "TRUE", Some(json!(true))),
            ("flag", "no", Some(json!(false))),
            ("flag", "maybe", None),
            ("list", "a, b,,c", Some(json!(["a", "b", "c"]))),
            ("list", "[1,2]", Some(json!([1, 2]))),
            ("list", "[1,", None),
            ("object", "{\"a\":1}", Some(json!({"a": 1}))),
            (
                "object",
                "env=dev,team=x",
                Some(json!({"env": "dev", "team": "x"})),
            ),
            ("object", "nothing", None),
        ] {
            assert_eq!(property(&tool, name).value(text), expected, "{name} {text}");
        }
    }
}
