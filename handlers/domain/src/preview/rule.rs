//! How a catalogue says which read tells what a call would do. A rule is data: it
//! names the read, takes its arguments from the call, and compares what the answer
//! holds with what the call asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Action, FieldChange, Preview, Reading, Undo};
use crate::limits::{MAX_PREVIEW_FIELDS, MAX_PREVIEW_VALUE_CHARS};

/// Which read tells what a call of a tool would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRule {
    /// The reading tool, at the same server.
    pub read: String,
    /// Arguments that the read takes from the call, by their common names. One
    /// that the call leaves out is left out.
    pub arguments: Vec<String>,
    /// Arguments that the read has in any case.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// What the call is for.
    pub change: Change,
    /// JSON pointer to the resource in the read's answer. Nothing there, or an
    /// answer with status 404, means that it does not exist.
    pub resource: String,
    /// What people are shown of it.
    pub fields: Vec<FieldRule>,
    /// How a change is taken back.
    #[serde(default)]
    pub undo: Option<UndoRule>,
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Makes the resource, or changes the one that is there.
    Put,
    /// Changes one that is there.
    Update,
    /// Removes it.
    Delete,
}

/// One field of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Its name for people.
    pub name: String,
    /// JSON pointer to its value in the read's answer; `None` when no answer has it.
    #[serde(default)]
    pub from: Option<String>,
    /// The call's argument that sets it.
    #[serde(default)]
    pub argument: Option<String>,
    /// What the tool sets when the argument is left out.
    #[serde(default)]
    pub default: Option<String>,
    /// For an argument that is a verb: the value that it leads to, `null` where a
    /// later read cannot tell.
    #[serde(default)]
    pub values: BTreeMap<String, Option<String>>,
}

/// The call that takes a change back: the same arguments but for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoRule {
    /// The tool, at the same server.
    pub tool: String,
    /// The argument that differs.
    pub argument: String,
    /// The field whose old value it restores.
    pub field: String,
    /// The argument's value for each old value.
    pub values: BTreeMap<String, String>,
    /// Arguments that the undoing call leaves out.
    #[serde(default)]
    pub without: Vec<String>,
}

/// What a read gave.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Whether the tool calls it an error.
    pub is_error: bool,
    /// The HTTP-like status of an error.
    pub status: Option<u16>,
    /// The answer.
    pub bytes: &'a [u8],
}

impl PreviewRule {
    /// The read's arguments for a call with `arguments`.
    pub fn read_arguments(&self, arguments: &Value) -> Value {
        let mut read = self.with.clone();
        for name in &self.arguments {
            match arguments.get(name) {
                None | Some(Value::Null) => {}
                Some(value) => {
                    read.insert(name.clone(), value.clone());
                }
            }
        }
        Value::Object(read)
    }

    /// What a call with `arguments` on `target` would do, by what was read.
    pub fn read(&self, arguments: &Value, target: Option<&str>, given: Given<'_>) -> Reading {
        let answer: Option<Value> = serde_json::from_slice(given.bytes).ok();
        let exists = match (given.is_error, given.status, &answer) {
            (true, Some(404), _) => false,
            (false, _, Some(answer)) => match self.is_there(answer) {
                Some(exists) => exists,
                None => return Reading::Nothing,
            },
            _ => return Reading::Nothing,
        };
        let answer = answer.filter(|_| exists).unwrap_or(Value::Null);
        let mut verifiable = true;
        let all = self.fields.iter();
        let mut fields: Vec<FieldChange> = all
            .filter_map(|rule| {
                let (new, told) = rule.new_value(arguments);
                let change = FieldChange {
                    name: rule.name.clone(),
                    old: rule.old_value(&answer),
                    new: if self.change == Change::Delete {
                        None
                    } else {
                        new
                    },
                };
                let counts = self.counts(&change, told, exists);
                verifiable &= told || !counts;
                counts.then_some(change)
            })
            .collect();
        fields.truncate(MAX_PREVIEW_FIELDS);
        let action = match (self.change, exists) {
            (Change::Delete, true) => Action::Delete,
            (Change::Delete, false) => Action::Nothing,
            (Change::Put, false) => Action::Create,
            (Change::Update, false) => Action::Missing,
            (Change::Put | Change::Update, true) if fields.is_empty() => Action::Nothing,
            (Change::Put | Change::Update, true) => Action::Change,
        };
        let undo = (action == Action::Change)
            .then(|| self.undo.as_ref()?.call(arguments, &fields))
            .flatten();
        Reading::Seen(Preview {
            action,
            resource: target.map(cut),
            resources: u32::from(!matches!(action, Action::Nothing | Action::Missing)),
            fields,
            undo,
            verifiable,
        })
    }

    /// Whether the answer holds the resource; `None` when it is no answer of that
    /// kind.
    fn is_there(&self, answer: &Value) -> Option<bool> {
        let (parent, _) = self.resource.rsplit_once('/')?;
        answer.pointer(parent).filter(|v| !v.is_null())?;
        Some(answer.pointer(&self.resource).is_some_and(|v| !v.is_null()))
    }

    /// Whether people have to see the field. A value that no answer tells counts
    /// only when the resource is made.
    fn counts(&self, change: &FieldChange, told: bool, exists: bool) -> bool {
        match (self.change, exists) {
            (Change::Delete, _) => change.old.is_some(),
            (Change::Put, false) => change.new.is_some(),
            (Change::Update, false) => false,
            (_, true) => match (&change.old, &change.new) {
                (_, None) | (None, Some(_)) => false,
                (Some(old), Some(new)) => !told || !same(old, new),
            },
        }
    }
}

impl FieldRule {
    /// The value that the call leads to, and whether a later read can tell.
    fn new_value(&self, arguments: &Value) -> (Option<String>, bool) {
        let argument = self.argument.as_ref().and_then(|name| arguments.get(name));
        let Some(given) = argument.and_then(text) else {
            return (self.default.clone(), true);
        };
        if self.values.is_empty() {
            return (Some(given), true);
        }
        let known = self.values.iter().find(|(verb, _)| same(verb, &given));
        match known {
            Some((_, Some(value))) => (Some(cut(value)), true),
            Some((_, None)) | None => (Some(given), false),
        }
    }

    fn old_value(&self, answer: &Value) -> Option<String> {
        text(answer.pointer(self.from.as_ref()?)?)
    }
}

impl UndoRule {
    fn call(&self, arguments: &Value, changed: &[FieldChange]) -> Option<Undo> {
        let field = changed.iter().find(|c| c.name == self.field)?;
        let value = self.values.get(field.old.as_ref()?)?;
        let mut arguments = arguments.as_object()?.clone();
        for name in &self.without {
            arguments.remove(name);
        }
        arguments.insert(self.argument.clone(), Value::String(value.clone()));
        Some(Undo {
            tool: self.tool.clone(),
            arguments: Value::Object(arguments),
        })
    }
}

/// A value as people read it; `None` for none, an empty one, and what is no scalar.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(cut(text)),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_PREVIEW_VALUE_CHARS {
        return text.to_owned();
    }
    let head = text.chars().take(MAX_PREVIEW_VALUE_CHARS - 1);
    head.chain(['…']).collect()
}

/// `Korea Central` is `koreacentral`.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        text.chars()
            .filter(|c| *c != ' ')
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    plain(a) == plain(b)
}
