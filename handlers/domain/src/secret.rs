//! Placeholders: `{secret:1}` stands in text and arguments where a secret was taken out
//! and sealed. A number means something in the turn that the secret came with, and
//! nowhere else.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::limits::MAX_SECRET_BYTES;
use crate::redact::{is_secret_member, secrets};
use crate::tool::ToolSpec;

/// What people are shown in the place of a secret value.
pub const HIDDEN: &str = "(secret)";

/// What stands for a secret of an earlier turn, which nobody can open any more.
const RETIRED: &str = "{secret}";

const BEGIN: &str = "{secret:";

/// Most digits of a number.
const MAX_DIGITS: usize = 9;

/// The placeholder of the secret with this number.
pub fn placeholder(number: u32) -> String {
    format!("{BEGIN}{number}}}")
}

/// Whether `text` is a placeholder and nothing else.
pub fn is_placeholder(text: &str) -> bool {
    matches!(find(text, 0), Some((at, _)) if at == (0..text.len()))
}

/// The first placeholder from `from` on, and its number.
fn find(text: &str, from: usize) -> Option<(Range<usize>, u32)> {
    let mut from = from;
    loop {
        let start = from + text.get(from..)?.find(BEGIN)?;
        let digits = start + BEGIN.len();
        let rest = &text[digits..];
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if (1..=MAX_DIGITS).contains(&length)
            && rest[length..].starts_with('}')
            && let Ok(number) = rest[..length].parse()
        {
            return Some((start..digits + length + 1, number));
        }
        from = digits;
    }
}

fn placeholders(text: &str) -> Vec<(Range<usize>, u32)> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some((at, number)) = find(text, from) {
        from = at.end;
        all.push((at, number));
    }
    all
}

fn with_each(text: &str, mut put: impl FnMut(u32) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (at, number) in placeholders(text) {
        out.push_str(&text[end..at.start]);
        out.push_str(&put(number));
        end = at.end;
    }
    out.push_str(&text[end..]);
    out
}

/// `text` without its placeholders.
pub fn without_placeholders(text: &str) -> String {
    with_each(text, |_| String::new())
}

/// `text` of an earlier turn, whose placeholders must name nothing of a later one.
pub fn retired(text: &str) -> String {
    with_each(text, |_| RETIRED.to_owned())
}

/// The numbers that strings anywhere in `value` name.
pub fn named(value: &Value) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    collect(value, &mut numbers);
    numbers
}

fn collect(value: &Value, numbers: &mut BTreeSet<u32>) {
    match value {
        Value::String(text) => numbers.extend(placeholders(text).into_iter().map(|(_, n)| n)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, numbers)),
        Value::Object(members) => members.values().for_each(|value| collect(value, numbers)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `arguments` as people may see them: of a value that holds a secret only that it does.
pub fn hidden(arguments: &Value) -> Value {
    match arguments {
        Value::String(text) if !placeholders(text).is_empty() => Value::String(HIDDEN.to_owned()),
        Value::Array(items) => items.iter().map(hidden).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), hidden(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Why arguments cannot be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// The number names nothing here.
    #[error("{{secret:{0}}} is no secret of this turn, or is kept no longer")]
    Unknown(u32),
    /// A value that is no text stands in the midst of one.
    #[error("{{secret:{0}}} is no text, so it must be the whole value")]
    NoText(u32),
}

/// `arguments` with each placeholder replaced by what `secret` gives for its number. A
/// text that is nothing but a placeholder becomes the value itself.
pub fn fill<'v>(
    arguments: &Value,
    secret: &impl Fn(u32) -> Option<&'v Value>,
) -> Result<Value, FillError> {
    Ok(match arguments {
        Value::String(text) => filled(text, secret)?,
        Value::Array(items) => {
            let items: Result<Vec<Value>, FillError> =
                items.iter().map(|item| fill(item, secret)).collect();
            Value::Array(items?)
        }
        Value::Object(members) => {
            let mut full = Map::new();
            for (name, value) in members {
                full.insert(name.clone(), fill(value, secret)?);
            }
            Value::Object(full)
        }
        other => other.clone(),
    })
}

fn filled<'v>(text: &str, secret: &impl Fn(u32) -> Option<&'v Value>) -> Result<Value, FillError> {
    let found = placeholders(text);
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (at, number) in found {
        let value = secret(number).ok_or(FillError::Unknown(number))?;
        if at == (0..text.len()) {
            return Ok(value.clone());
        }
        out.push_str(&text[end..at.start]);
        out.push_str(value.as_str().ok_or(FillError::NoText(number))?);
        end = at.end;
    }
    out.push_str(&text[end..]);
    Ok(Value::String(out))
}

/// Why secrets cannot be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// There are too many.
    #[error("there are more secrets than {0}")]
    TooMany(usize),
    /// One is too long.
    #[error("a secret is larger than {MAX_SECRET_BYTES} bytes")]
    TooLarge,
}

/// Takes secrets out of what comes in, and puts placeholders in their place. The same
/// secret gets the same number.
#[derive(Debug)]
pub struct Intake {
    first: u32,
    most: usize,
    taken: Vec<Value>,
}

impl Intake {
    /// At most `most` secrets, numbered from the one after `known` on.
    pub fn after(known: u32, most: usize) -> Self {
        Self {
            first: known + 1,
            most,
            taken: Vec::new(),
        }
    }

    /// What was taken out, with its numbers.
    pub fn taken(&self) -> impl Iterator<Item = (u32, &Value)> {
        (self.first..).zip(&self.taken)
    }

    /// Number of the last one; `known` when nothing was taken out.
    pub fn last(&self) -> u32 {
        self.first - 1 + u32::try_from(self.taken.len()).unwrap_or(u32::MAX)
    }

    /// The words of a message, in which further `spans` are secrets.
    pub fn text(&mut self, text: &str, further: &[Range<usize>]) -> Result<String, TakeError> {
        let mut spans = secrets(text);
        // What somebody spelt out as a secret counts whole.
        spans.retain(|at| {
            further
                .iter()
                .all(|f| at.end <= f.start || f.end <= at.start)
        });
        spans.extend_from_slice(further);
        spans.sort_by_key(|at| at.start);
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for at in spans {
            out.push_str(&text[end..at.start]);
            out.push_str(&self.take(Value::String(text[at.clone()].to_owned()))?);
            end = at.end;
        }
        out.push_str(&text[end..]);
        Ok(out)
    }

    /// The arguments of a call of `spec`.
    pub fn arguments(&mut self, spec: &ToolSpec, arguments: &Value) -> Result<Value, TakeError> {
        let Value::Object(members) = arguments else {
            return self.value(arguments);
        };
        let mut out = Map::new();
        for (name, value) in members {
            let is_secret =
                spec.carries_secret(name) || (is_secret_member(name) && !spec.names_secret(name));
            let value = if is_secret {
                self.whole(value)?
            } else {
                self.value(value)?
            };
            out.insert(name.clone(), value);
        }
        Ok(Value::Object(out))
    }

    fn value(&mut self, value: &Value) -> Result<Value, TakeError> {
        Ok(match value {
            Value::String(text) => Value::String(self.text(text, &[])?),
            Value::Array(items) => {
                let items: Result<Vec<Value>, TakeError> =
                    items.iter().map(|item| self.value(item)).collect();
                Value::Array(items?)
            }
            Value::Object(members) => {
                let mut out = Map::new();
                for (name, value) in members {
                    let value = if is_secret_member(name) {
                        self.whole(value)?
                    } else {
                        self.value(value)?
                    };
                    out.insert(name.clone(), value);
                }
                Value::Object(out)
            }
            other => other.clone(),
        })
    }

    /// A value that is a secret whatever it looks like.
    fn whole(&mut self, value: &Value) -> Result<Value, TakeError> {
        let is_none = match value {
            Value::Null | Value::Bool(_) => true,
            Value::String(text) => text.is_empty() || is_placeholder(text),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::Number(_) => false,
        };
        if is_none {
            return Ok(value.clone());
        }
        Ok(Value::String(self.take(value.clone())?))
    }

    fn take(&mut self, secret: Value) -> Result<String, TakeError> {
        let bytes = match &secret {
            Value::String(text) => text.len(),
            other => other.to_string().len(),
        };
        if bytes > MAX_SECRET_BYTES {
            return Err(TakeError::TooLarge);
        }
        let index = match self.taken.iter().position(|known| *known == secret) {
            Some(index) => index,
            None if self.taken.len() >= self.most => return Err(TakeError::TooMany(self.most)),
            None => {
                self.taken.push(secret);
                self.taken.len() - 1
            }
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Ok(placeholder(self.first.saturating_add(index)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::tool::{ArgumentRule, Availability, EffectClass, ScopeParameters, ToolRef};
    use serde_json::json;

    #[test]
    fn a_placeholder_is_exactly_that() {
        assert!(is_placeholder(&placeholder(1)));
        for text in [
            "",
            "{secret:}",
            "{secret:x}",
            "{secret:1",
            " {secret:1}",
            "{secret:1}{secret:2}",
            "{secret:1234567890}",
            "{Secret:1}",
            "{secret: 1}",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
        let value = json!({"a": "{secret:{secret:2}", "b": ["x{secret:1}y{secret:07}", 3]});
        assert_eq!(named(&value), BTreeSet::from([1, 2, 7]));
        assert_eq!(retired("use {secret:1} now"), "use {secret} now");
        assert!(named(&json!(retired("{secret:1}"))).is_empty());
    }

    #[test]
    fn what_was_taken_out_comes_back_and_nothing_else() {
        let key = format!("{}xy==", "aB3/".repeat(21));
        let mut intake = Intake::after(0, 16);
        let text = format!("AccountKey={key}; again {key}; Password=p4ss;");
        let clean = intake.text(&text, &[]).unwrap();
        assert_eq!(
            clean,
            "AccountKey={secret:1}; again {secret:1}; Password={secret:2};"
        );
        assert_eq!(intake.last(), 2);
        let taken: Vec<Value> = intake.taken().map(|(_, value)| value.clone()).collect();
        assert_eq!(taken, [json!(key), json!("p4ss")]);
        let secret = |n: u32| taken.get(usize::try_from(n).ok()?.checked_sub(1)?);
        assert_eq!(fill(&json!([clean]), &secret), Ok(json!([text])));
        for unknown in [0, 3] {
            let named = json!({"a": format!("x {{secret:{unknown}}}")});
            assert_eq!(fill(&named, &secret), Err(FillError::Unknown(unknown)));
        }
    }

    #[test]
    fn a_value_that_is_no_text_keeps_its_kind() {
        let number = json!(1234);
        let secret = |n: u32| (n == 1).then_some(&number);
        assert_eq!(
            fill(&json!({"pin": "{secret:1}"}), &secret),
            Ok(json!({"pin": 1234}))
        );
        assert_eq!(
            fill(&json!({"pin": "no {secret:1}"}), &secret),
            Err(FillError::NoText(1))
        );
    }

    #[test]
    fn so_many_and_so_large_at_most() {
        let words = |n: usize| {
            (0..n).fold(String::new(), |text, i| {
                text + &format!("password=pw-{i:03} ")
            })
        };
        for (count, fits) in [(15, true), (16, true), (17, false)] {
            let took = Intake::after(0, 16).text(&words(count), &[]);
            assert_eq!(took.is_ok(), fits, "{count}");
        }
        for (bytes, fits) in [
            (MAX_SECRET_BYTES - 1, true),
            (MAX_SECRET_BYTES, true),
            (MAX_SECRET_BYTES + 1, false),
        ] {
            let text = format!("password={}", "x".repeat(bytes));
            assert_eq!(
                Intake::after(0, 16).text(&text, &[]).is_ok(),
                fits,
                "{bytes}"
            );
        }
    }

    #[test]
    fn a_text_without_its_placeholders_is_what_is_around_them() {
        assert_eq!(without_placeholders("a{secret:1}b {secret:02}"), "ab ");
        assert_eq!(without_placeholders("{secret:x}"), "{secret:x}");
    }

    #[test]
    fn what_somebody_spelt_out_as_a_secret_is_taken_whole() {
        let text = "say password=p4ss-w0rd today, or xyzzy";
        let all = 4..23;
        let word = text.find("xyzzy").unwrap()..text.len();
        let take = |spans: &[Range<usize>]| {
            let mut intake = Intake::after(0, 16);
            intake.text(text, spans).unwrap()
        };
        assert_eq!(take(&[]), "say password={secret:1} today, or xyzzy");
        // Spans that touch one another are two; what lies within one is not taken twice.
        let (begin, after) = (0..13, 23..26);
        for (spans, expected) in [
            (
                vec![word.clone()],
                "say password={secret:1} today, or {secret:2}",
            ),
            (vec![all, word], "say {secret:1}today, or {secret:2}"),
            (vec![begin], "{secret:1}{secret:2} today, or xyzzy"),
            (
                vec![after],
                "say password={secret:1} {secret:2}ay, or xyzzy",
            ),
        ] {
            assert_eq!(take(&spans), expected, "{spans:?}");
        }
    }

    /// A tool whose `value` is a secret and whose `secret` names one.
    fn spec() -> ToolSpec {
        let rule = |argument: &str, carries, secret| ArgumentRule {
            argument: argument.to_owned(),
            equals: Vec::new(),
            effect: None,
            secret,
            carries,
        };
        ToolSpec {
            tool: ToolRef::new("s", "t"),
            description: String::new(),
            input_schema: json!({}),
            hash: String::new(),
            effect: EffectClass::Mutating,
            secret: false,
            argument_rules: vec![rule("value", true, None), rule("secret", false, Some(true))],
            scope: ScopeParameters::default(),
            target_parameter: None,
            preview: None,
            availability: Availability::Enabled,
            shared_identity: false,
            enabled_by_name: false,
        }
    }

    #[test]
    fn of_arguments_what_the_tool_or_a_name_says_is_a_secret_is_taken_whole() {
        let mut intake = Intake::after(2, 16);
        let arguments = json!({
            "vault": "kv",
            // Names the secret, and is none.
            "secret": "db",
            // Is one by the tool's own word, and by that of its name.
            "value": 1234,
            "password": "p",
            "nested": {"client_secret": ["c"], "note": "password=p4ss-w0rd"},
            "list": ["password=p"],
        });
        let clean = intake.arguments(&spec(), &arguments).unwrap();
        let mut taken: Vec<Value> = Vec::new();
        let known = |value: &Value| value.clone();
        taken.extend(intake.taken().map(|(_, value)| known(value)));
        for secret in [json!(1234), json!("p"), json!(["c"]), json!("p4ss-w0rd")] {
            assert!(taken.contains(&secret), "{secret} in {taken:?}");
        }
        assert_eq!(taken.len(), 4);
        assert_eq!(
            (&clean["vault"], &clean["secret"]),
            (&json!("kv"), &json!("db"))
        );
        for place in ["/value", "/password", "/nested/client_secret"] {
            let text = clean.pointer(place).and_then(Value::as_str).unwrap();
            assert!(is_placeholder(text), "{place}: {text}");
        }
        let back = |n: u32| taken.get(usize::try_from(n).ok()?.checked_sub(3)?);
        assert_eq!(fill(&clean, &back), Ok(arguments));
    }

    #[test]
    fn what_is_nothing_or_stands_for_a_secret_is_not_taken() {
        let mut intake = Intake::after(0, 16);
        for nothing in [
            json!(null),
            json!(true),
            json!(""),
            json!("{secret:1}"),
            json!([]),
            json!({}),
        ] {
            let arguments = json!({ "password": nothing });
            assert_eq!(intake.arguments(&spec(), &arguments).unwrap(), arguments);
        }
        assert_eq!(intake.last(), 0);
        for text in [json!("a text"), json!(["one"]), json!(7)] {
            assert_eq!(intake.arguments(&spec(), &text).unwrap(), text);
        }
    }

    #[test]
    fn of_arguments_people_see_all_but_the_secret() {
        let arguments = json!({"vault": "kv", "secret": "db", "value": "{secret:1}"});
        assert_eq!(
            hidden(&arguments),
            json!({"vault": "kv", "secret": "db", "value": "(secret)"})
        );
    }
}
