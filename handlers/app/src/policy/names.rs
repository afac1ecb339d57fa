//! Which tools policies name: the others are all alike to them, and need not be asked
//! about one by one.

use std::collections::BTreeSet;

use azimuth_domain::tool::ToolSpec;
use cedar_policy::Policy;
use serde_json::Value;

/// Type of a tool, as policies write it.
const TOOL: &str = "Azimuth::Tool";

/// By what policies tell tools of one kind apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ToolNames {
    /// By being one of these and nothing else.
    Listed(Listed),
    /// Each may be decided otherwise: a policy has a pattern, or compares otherwise.
    Each,
}

/// What policies compare with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Listed {
    servers: BTreeSet<String>,
    names: BTreeSet<String>,
    /// `server/name`.
    tools: BTreeSet<String>,
}

/// What policies tell a tool by; tools of one kind with the same are decided alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Identity {
    server: Option<String>,
    name: Option<String>,
}

impl ToolNames {
    /// Those that these policies name.
    pub fn of(policies: &[Policy]) -> Self {
        let mut listed = Listed::default();
        for policy in policies {
            let understood = policy.to_json().is_ok_and(|form| listed.gather(&form));
            if !understood {
                return Self::Each;
            }
        }
        Self::Listed(listed)
    }

    /// What the policies tell this tool by.
    pub fn identity(&self, tool: &ToolSpec) -> Identity {
        let (server, name) = (&tool.tool.server, &tool.tool.name);
        let whole = tool.tool.to_string();
        match self {
            Self::Each => Identity {
                server: Some(server.clone()),
                name: Some(whole),
            },
            Self::Listed(listed) => Identity {
                server: listed.servers.get(server).cloned(),
                name: listed.tools.get(&whole).or(listed.names.get(name)).cloned(),
            },
        }
    }
}

impl Listed {
    /// Takes up what the expression compares with; false when it looks at a name in a
    /// way that is not known here.
    fn gather(&mut self, form: &Value) -> bool {
        match form {
            Value::Object(members) => {
                self.takes(form)
                    || members
                        .iter()
                        .all(|(key, part)| !is_name(key) && self.gather(part))
            }
            Value::Array(items) => items.iter().all(|item| self.gather(item)),
            Value::String(text) => !is_name(text),
            _ => true,
        }
    }

    /// Whether the expression is a comparison of a name with fixed ones.
    fn takes(&mut self, form: &Value) -> bool {
        for operator in ["==", "!="] {
            let Some(sides) = form.get(operator) else {
                continue;
            };
            for (one, other) in [("left", "right"), ("right", "left")] {
                let attribute = attribute(&sides[one]);
                let value = sides[other]["Value"].as_str();
                if let (Some(attribute), Some(value)) = (attribute, value) {
                    self.add(attribute, value);
                    return true;
                }
            }
        }
        if let Some(sides) = form.get("contains")
            && let Some(attribute) = attribute(&sides["right"])
            && let Some(items) = sides["left"]["Set"].as_array()
        {
            let values: Option<Vec<&str>> = items.iter().map(|i| i["Value"].as_str()).collect();
            for value in values.iter().flatten() {
                self.add(attribute, value);
            }
            return values.is_some();
        }
        // The head of a policy: `resource == Azimuth::Tool::"…"`.
        let entity = &form["entity"];
        if form["op"] == "=="
            && entity["type"] == TOOL
            && form.as_object().is_some_and(|o| o.len() == 2)
        {
            self.tools.extend(entity["id"].as_str().map(str::to_owned));
            return true;
        }
        false
    }

    fn add(&mut self, attribute: &str, value: &str) {
        let known = if attribute == "server" {
            &mut self.servers
        } else {
            &mut self.names
        };
        known.insert(value.to_owned());
    }
}

/// `resource.name` or `resource.server`.
fn attribute(expression: &Value) -> Option<&str> {
    let access = expression.get(".")?;
    let name = access["attr"].as_str()?;
    (access["left"]["Var"] == "resource" && matches!(name, "name" | "server")).then_some(name)
}

/// Whether a text of the form may be about what a tool is called. One that merely reads
/// the same costs time and no more.
fn is_name(text: &str) -> bool {
    matches!(text, "name" | "server") || text == TOOL
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::str::FromStr;

    use super::*;

    fn policy(head: &str, condition: &str) -> Policy {
        let text = format!("permit (principal, action, {head}) when {{ {condition} }};");
        Policy::from_str(&text).unwrap()
    }

    /// Servers, names and tools that are listed, joined; `None` where each counts.
    fn listed(head: &str, condition: &str) -> Option<String> {
        let plain = policy("resource", "true");
        match ToolNames::of(&[plain.clone(), policy(head, condition), plain]) {
            ToolNames::Each => None,
            ToolNames::Listed(Listed {
                servers,
                names,
                tools,
            }) => Some(format!("{servers:?} {names:?} {tools:?}")),
        }
    }

    #[test]
    fn names_that_are_compared_with_fixed_ones_are_listed() {
        for (condition, expected) in [
            ("true", "{} {} {}"),
            (r#"resource.name == "a""#, r#"{} {"a"} {}"#),
            (r#""a" == resource.name"#, r#"{} {"a"} {}"#),
            (r#"resource.server != "s""#, r#"{"s"} {} {}"#),
            (r#"resource.effect == "read_only""#, "{} {} {}"),
            (
                r#"["a", "b"].contains(resource.name) && resource.secret"#,
                r#"{} {"a", "b"} {}"#,
            ),
            (
                r#"!(resource.name == "a" || resource.server == "s")"#,
                r#"{"s"} {"a"} {}"#,
            ),
        ] {
            let found = listed("resource", condition);
            assert_eq!(found.as_deref(), Some(expected), "{condition}");
        }
        let head = r#"resource == Azimuth::Tool::"s/a""#;
        assert_eq!(listed(head, "true").as_deref(), Some(r#"{} {} {"s/a"}"#));
    }

    #[test]
    fn whatever_else_is_asked_of_a_name_makes_each_tool_count() {
        for condition in [
            r#"resource.name like "a*""#,
            "resource.name == resource.server",
            r#"[resource.name].contains("a")"#,
            r#"["a", resource.server].contains(resource.name)"#,
            r#"(if resource.secret then resource.name else "x") == "a""#,
            "resource has name",
            r#"principal.name == "a""#,
            r#"["a"].contains(principal.server)"#,
            r#"resource == Azimuth::Tool::"s/a""#,
            r#"[Azimuth::Tool::"s/a"].contains(resource)"#,
        ] {
            assert_eq!(listed("resource", condition), None, "{condition}");
        }
        let head = r#"resource in Azimuth::Tool::"s/a""#;
        assert_eq!(listed(head, "true"), None);
    }
}
