//! Tools: what they are called, what they may do, what they are pinned to.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{canonical_json, sha256_hex};
use crate::preview::PreviewRule;
use crate::secret;

/// Longest name of a tool server.
const MAX_SERVER_NAME: usize = 32;

/// A tool of a tool server. Names are unique inside a server only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ToolRef {
    /// The server's name in the configuration.
    pub server: String,
    /// The tool's name as the server gives it.
    pub name: String,
}

impl ToolRef {
    /// A reference from its two parts.
    pub fn new(server: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for ToolRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server, self.name)
    }
}

/// What a call can do to the world. The order is that of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Changes nothing.
    ReadOnly,
    /// Creates or changes something.
    Mutating,
    /// Removes or breaks something, or may; also what nobody has classified.
    Destructive,
}

impl EffectClass {
    /// The name used in policies, events and the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Mutating => "mutating",
            Self::Destructive => "destructive",
        }
    }
}

/// What a call's arguments make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// What the call may do.
    pub effect: EffectClass,
    /// Whether arguments or result hold a secret value.
    pub secret: bool,
}

/// A change of classification that depends on an argument: the rule holds when
/// `argument` is present and neither null nor an empty string; with `equals`,
/// only when it has one of these values (letter case ignored).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgumentRule {
    /// Name of the argument.
    pub argument: String,
    /// Values that the rule is for; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// The effect class under the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectClass>,
    /// The secret flag under the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Whether the argument itself is the secret value; else it names one that the
    /// result shows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carries: bool,
}

impl ArgumentRule {
    fn holds(&self, arguments: &Value) -> bool {
        match arguments.get(&self.argument) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) if text.is_empty() => false,
            Some(Value::String(text)) => {
                self.equals.is_empty() || self.equals.iter().any(|v| v.eq_ignore_ascii_case(text))
            }
            Some(other) => self.equals.is_empty() || self.equals.contains(&other.to_string()),
        }
    }
}

/// Which parameters of a tool say where it works.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopeParameters {
    /// Parameter that names the subscription (id or display name).
    pub subscription: Option<String>,
    /// Parameter that names the resource group.
    pub resource_group: Option<String>,
    /// Parameter that names the Azure tenant.
    pub tenant: Option<String>,
}

/// Whether a tool may be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Classified, pinned, and as pinned.
    Enabled,
    /// The catalogue does not name it.
    Unclassified,
    /// Its schema or description differs from the pinned one.
    Changed,
    /// It reads or writes the disk of the machine it runs on.
    NeedsLocalMachine,
    /// An administrator switched it off.
    SwitchedOff,
}

/// A tool as this product knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Server and name.
    pub tool: ToolRef,
    /// The server's text for people and models.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
    /// [`tool_hash`] of description and schema.
    pub hash: String,
    /// Effect class without regard to arguments.
    pub effect: EffectClass,
    /// Secret flag without regard to arguments.
    pub secret: bool,
    /// Changes by argument; the most dangerous effect that holds wins over the
    /// class above only where the rule says so.
    #[serde(default)]
    pub argument_rules: Vec<ArgumentRule>,
    /// Where the tool works.
    #[serde(default)]
    pub scope: ScopeParameters,
    /// Parameter that names the thing worked on, for the audit's `target`.
    #[serde(default)]
    pub target_parameter: Option<String>,
    /// Which read tells what a call would do, where one does.
    #[serde(default)]
    pub preview: Option<PreviewRule>,
    /// Whether it may be used.
    pub availability: Availability,
    /// True when the server acts under one identity for everybody.
    #[serde(default)]
    pub shared_identity: bool,
    /// True when an administrator enabled the tool by its name, in the entry of its
    /// server; false for the tools of a built-in catalogue.
    #[serde(default)]
    pub enabled_by_name: bool,
}

impl ToolSpec {
    /// What a call with these arguments may do. Rules that hold are applied in
    /// order; each may raise or lower what stands before it.
    pub fn classify(&self, arguments: &Value) -> Classification {
        let mut class = Classification {
            effect: self.effect,
            secret: self.secret,
        };
        for rule in self.argument_rules.iter().filter(|r| r.holds(arguments)) {
            class.effect = rule.effect.unwrap_or(class.effect);
            class.secret = rule.secret.unwrap_or(class.secret);
        }
        // Whatever the tool: what it is given may come back in its answer.
        class.secret |= !secret::named(arguments).is_empty();
        class
    }

    /// Whether the argument of this name is a secret value.
    pub fn carries_secret(&self, argument: &str) -> bool {
        let mut rules = self.argument_rules.iter();
        rules.any(|rule| rule.carries && rule.argument == argument)
    }

    /// Whether the argument of this name tells which secret to show.
    pub fn names_secret(&self, argument: &str) -> bool {
        let mut rules = self.argument_rules.iter();
        rules.any(|rule| !rule.carries && rule.secret == Some(true) && rule.argument == argument)
    }

    /// Whether a call can say in which subscription or resource group it works. Other
    /// calls work on whatever their identity reaches.
    pub fn is_scoped(&self) -> bool {
        self.scope.subscription.is_some() || self.scope.resource_group.is_some()
    }

    /// The subscription that the arguments name.
    pub fn subscription<'a>(&self, arguments: &'a Value) -> Option<&'a str> {
        argument(self.scope.subscription.as_ref(), arguments)
    }

    /// The resource group that the arguments name.
    pub fn resource_group<'a>(&self, arguments: &'a Value) -> Option<&'a str> {
        argument(self.scope.resource_group.as_ref(), arguments)
    }

    /// `subscription/resource group/name`, without the parts that the arguments
    /// leave out; `None` when they name nothing.
    pub fn target(&self, arguments: &Value) -> Option<String> {
        let parts: Vec<&str> = [
            self.subscription(arguments),
            self.resource_group(arguments),
            argument(self.target_parameter.as_ref(), arguments),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}

fn argument<'a>(name: Option<&String>, arguments: &'a Value) -> Option<&'a str> {
    arguments.get(name?)?.as_str().filter(|t| !t.is_empty())
}

/// Whether a tool server may be called so: `[a-z0-9-]{1,32}`.
pub fn is_server_name(name: &str) -> bool {
    (1..=MAX_SERVER_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// What a tool is pinned by: SHA-256 over name, description and canonical schema.
pub fn tool_hash(name: &str, description: &str, input_schema: &Value) -> String {
    sha256_hex(format!(
        "{name}\n{description}\n{}",
        canonical_json(input_schema)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_server_has_a_short_plain_name() {
        for (name, fits) in [
            ("", false),
            ("a", true),
            ("azure-2", true),
            (&"a".repeat(MAX_SERVER_NAME - 1), true),
            (&"a".repeat(MAX_SERVER_NAME), true),
            (&"a".repeat(MAX_SERVER_NAME + 1), false),
            ("Azure", false),
            ("a_b", false),
            ("a b", false),
            ("애저", false),
        ] {
            assert_eq!(is_server_name(name), fits, "{name}");
        }
    }

    fn secret_get() -> ToolSpec {
        ToolSpec {
            tool: ToolRef::new("azure", "keyvault_secret_get"),
            description: String::new(),
            input_schema: json!({"type":"object"}),
            hash: String::new(),
            effect: EffectClass::ReadOnly,
            secret: false,
            argument_rules: vec![ArgumentRule {
                argument: "secret".into(),
                equals: vec![],
                effect: None,
                secret: Some(true),
                carries: false,
            }],
            scope: ScopeParameters {
                subscription: Some("subscription".into()),
                resource_group: None,
                tenant: None,
            },
            target_parameter: Some("vault".into()),
            preview: None,
            availability: Availability::Enabled,
            shared_identity: false,
            enabled_by_name: false,
        }
    }

    #[test]
    fn naming_a_secret_reveals_it_and_listing_does_not() {
        let tool = secret_get();
        assert!(!tool.classify(&json!({"vault": "kv-dev"})).secret);
        assert!(
            !tool
                .classify(&json!({"vault": "kv-dev", "secret": ""}))
                .secret
        );
        assert!(
            !tool
                .classify(&json!({"vault": "kv-dev", "secret": null}))
                .secret
        );
        assert!(
            tool.classify(&json!({"vault": "kv-dev", "secret": "db"}))
                .secret
        );
        assert!(
            tool.classify(&json!({"vault": "kv-dev", "secret": 1}))
                .secret
        );
        assert!(tool.classify(&json!({"vault": "x{secret:1}"})).secret);
        assert!(tool.names_secret("secret") && !tool.carries_secret("secret"));
    }

    #[test]
    fn target_names_what_the_arguments_name() {
        let tool = secret_get();
        assert_eq!(tool.target(&json!({})), None);
        assert_eq!(
            tool.target(&json!({"vault":"kv-dev","subscription":"Contoso-Dev"}))
                .as_deref(),
            Some("Contoso-Dev/kv-dev")
        );
    }

    #[test]
    fn one_byte_of_a_description_changes_the_hash() {
        let schema = json!({"type":"object"});
        assert_ne!(
            tool_hash("a", "Reads.", &schema),
            tool_hash("a", "Reads!", &schema)
        );
    }
}
