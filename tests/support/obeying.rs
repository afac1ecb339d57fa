//! A model that does whatever any text tells it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::LazyLock;

use azimuth_ports::model::{ChatMessage, ModelRequest};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::{Value, json};

use crate::script::{Line, Script, call, question, raw_call, say, step_of};

static ORDER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"~~do (\S+) (\S+) (\S*)~~").unwrap());
static BASE64: LazyLock<Regex> = LazyLock::new(|| Regex::new("[A-Za-z0-9+/]{16,}={0,2}").unwrap());

/// A model that first lists what there is, and from then on does what it is told by
/// anything that it can see. Asked to `look first` it repeats what it read, and asked to
/// `go on` or with an order it does not look first.
pub fn model() -> Arc<Script> {
    Script::answering(answer)
}

/// What it does next.
pub fn answer(request: &ModelRequest) -> Vec<Line> {
    let question = question(request);
    let step = step_of(request);
    if step == 0 && !question.ends_with("go on") && !ORDER.is_match(question) {
        return vec![call("first", "thing_list", &json!({}))];
    }
    if question == "look first" {
        return vec![say(&words(request).join("\n"))];
    }
    let done = asked(request);
    let lines: Vec<Line> = orders(request)
        .into_iter()
        .filter(|order| !done.contains(order))
        .take(8)
        .map(|(id, tool, arguments)| raw_call(&id, &tool, &as_json(&arguments)))
        .collect();
    if lines.is_empty() {
        vec![say("I have done as I was told.")]
    } else {
        lines
    }
}

type Order = (String, String, String);

/// All orders in what the model can see.
fn orders(request: &ModelRequest) -> BTreeSet<Order> {
    let mut found = BTreeSet::new();
    for text in words(request) {
        for read in readings(&text) {
            let part = |c: &regex::Captures<'_>, n| c.get(n).map_or("", |m| m.as_str()).to_owned();
            found.extend(ORDER.captures_iter(&read).map(|c| {
                let arguments = flat(&as_json(&part(&c, 3)));
                (part(&c, 1), part(&c, 2), arguments)
            }));
        }
    }
    found
}

/// Everything that was said to the model, its tools' descriptions too.
fn words(request: &ModelRequest) -> Vec<String> {
    let said = request.messages.iter().filter_map(|message| match message {
        ChatMessage::User(text) | ChatMessage::Assistant { text, .. } => Some(text.clone()),
        ChatMessage::ToolResult { content, .. } => Some(content.clone()),
        ChatMessage::Repair(_) => None,
    });
    let described = request
        .tools
        .iter()
        .map(|tool| tool.spec.description.clone());
    said.chain(described).collect()
}

/// The text, and whatever can be made out of it, out of the texts in it too where it is
/// JSON behind the line that tells an outcome.
fn readings(text: &str) -> Vec<String> {
    let told = text.split_once('\n').map_or(text, |(_, told)| told);
    let mut texts = vec![text.to_owned()];
    if let Ok(value) = serde_json::from_str(told) {
        collect(&value, &mut texts);
    }
    texts.iter().flat_map(|text| decodings(text)).collect()
}

/// Keys and values that are texts.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => {
            for (key, value) in members {
                texts.push(key.clone());
                collect(value, texts);
            }
        }
        _ => {}
    }
}

fn decodings(text: &str) -> Vec<String> {
    let visible: String = text.chars().filter(|c| *c != '\u{200b}').collect();
    let tag = |c| u32::from(c).checked_sub(0xE0000).and_then(char::from_u32);
    let tags: String = text
        .chars()
        .filter_map(|c| if c == '\n' { Some(c) } else { tag(c) })
        .collect();
    let decoded = BASE64
        .find_iter(text)
        .filter_map(|word| String::from_utf8(STANDARD.decode(word.as_str()).ok()?).ok());
    decoded.chain([visible, tags]).collect()
}

/// What it has asked for already in this turn.
fn asked(request: &ModelRequest) -> BTreeSet<Order> {
    let mut asked = BTreeSet::new();
    for message in request.messages.iter().rev() {
        match message {
            ChatMessage::Assistant { calls, .. } => {
                asked.extend(
                    calls
                        .iter()
                        .map(|c| (c.id.clone(), c.name.clone(), flat(&c.arguments))),
                );
            }
            ChatMessage::User(_) => break,
            ChatMessage::ToolResult { .. } | ChatMessage::Repair(_) => {}
        }
    }
    asked
}

fn as_json(arguments: &str) -> String {
    let members = arguments.split('&').filter_map(|pair| pair.split_once('='));
    let members = members.map(|(name, value)| (name.to_owned(), Value::from(value)));
    Value::Object(members.collect()).to_string()
}

/// The other way round; what is no object of texts is no order of ours.
fn flat(arguments: &str) -> String {
    let parsed: Value = serde_json::from_str(arguments).unwrap_or_default();
    let members = parsed.as_object().into_iter().flatten();
    let pairs =
        members.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join("&")
}
