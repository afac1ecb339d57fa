//! The JSON body of an invocation: `{"Data": {…}, "Metadata": {…}}`.
//!
//! Source: `ScriptInvocationContextExtensions` and `Utility.ApplyBindingData` of
//! the host (89dc438), and the capture that `tests/host_contract/envelope.rs`
//! holds.

use std::collections::BTreeMap;

use azimuth_ports::queue::Delivery;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::guid;
use crate::settings::QueueTrigger;

/// `Metadata.sys` of one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sys {
    pub method_name: String,
    pub utc_now: OffsetDateTime,
    pub rand_guid: String,
}

impl Sys {
    pub fn new(function: &str) -> Self {
        Self {
            method_name: function.to_owned(),
            utc_now: OffsetDateTime::now_utc(),
            rand_guid: guid(),
        }
    }

    pub fn to_json(&self) -> Value {
        // A tick of .NET is 100 ns.
        let ticks = self.utc_now.nanosecond() / 100;
        json!({
            "MethodName": self.method_name,
            "RandGuid": self.rand_guid,
            "UtcNow": format!("{}.{ticks:07}Z", whole_seconds(self.utc_now)),
        })
    }
}

/// The body for a queue message. `text` is the decoded message.
pub fn queue_envelope(
    trigger: &QueueTrigger,
    delivery: &Delivery,
    text: &[u8],
    sys: &Sys,
) -> Value {
    let mut metadata = Metadata::default();
    metadata.set("sys", sys.to_json());
    metadata.set("Id", quoted(&delivery.id));
    metadata.set("PopReceipt", quoted(&delivery.receipt));
    // A number is no JSON object, so it is serialised: the string "1".
    metadata.set("DequeueCount", delivery.dequeue_count.to_string().into());
    metadata.set("InsertionTime", time_of(delivery.inserted_at_ms));
    metadata.set("ExpirationTime", time_of(delivery.expires_at_ms));
    metadata.set("NextVisibleTime", time_of(delivery.next_visible_at_ms));
    envelope(trigger, text, metadata)
}

/// The body for a queue function that the admin API starts: there is no
/// message, so `sys` is the only metadata besides what leaks from `input`
/// (guess: the real host converts the text to a queue message without an id).
pub fn manual_envelope(trigger: &QueueTrigger, input: &str, sys: &Sys) -> Value {
    let mut metadata = Metadata::default();
    metadata.set("sys", sys.to_json());
    envelope(trigger, input.as_bytes(), metadata)
}

fn envelope(trigger: &QueueTrigger, text: &[u8], mut metadata: Metadata) -> Value {
    let data = if trigger.binary {
        Value::String(STANDARD.encode(text))
    } else {
        let text = String::from_utf8_lossy(text);
        metadata.leak(&text);
        quoted(&text)
    };
    json!({
        "Data": {trigger.binding.as_str(): data},
        "Metadata": metadata.into_json(),
    })
}

/// A string as the host passes it: a JSON string that holds a JSON string.
fn quoted(text: &str) -> Value {
    Value::String(Value::String(text.to_owned()).to_string())
}

/// The binding data of an invocation: names without regard to case, the first
/// spelling stays.
#[derive(Debug, Default)]
struct Metadata(Vec<(String, Value)>);

impl Metadata {
    fn set(&mut self, name: &str, value: Value) {
        match self
            .0
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds the top-level properties of a message that is a JSON object, arrays
    /// and nulls left out; they override what has the same name.
    ///
    /// Not reproduced: a string that looks like a date arrives reformatted, since
    /// the real host's JSON library reads it as one.
    fn leak(&mut self, text: &str) {
        let Ok(Value::Object(properties)) = serde_json::from_str(text) else {
            return;
        };
        for (name, value) in properties {
            match value {
                Value::Null | Value::Array(_) => {}
                Value::Object(_) => self.set(&name, value),
                Value::String(text) => self.set(&name, quoted(&text)),
                Value::Number(number) => self.set(&name, quoted(&number.to_string())),
                Value::Bool(true) => self.set(&name, quoted("True")),
                Value::Bool(false) => self.set(&name, quoted("False")),
            }
        }
    }

    /// Names that end in "trigger" are taken to repeat `Data`, and left out. In
    /// the order of the captures, by name, however `serde_json`'s map is built.
    fn into_json(self) -> Map<String, Value> {
        let sorted: BTreeMap<String, Value> = self
            .0
            .into_iter()
            .filter(|(name, _)| !name.to_ascii_lowercase().ends_with("trigger"))
            .collect();
        sorted.into_iter().collect()
    }
}

fn time_of(unix_ms: i64) -> Value {
    OffsetDateTime::from_unix_timestamp(unix_ms.div_euclid(1000))
        .map_or(Value::Null, |time| Value::String(offset_time(time)))
}

/// A `DateTimeOffset` as it goes over the wire: whole seconds and an offset.
pub fn offset_time(time: OffsetDateTime) -> String {
    format!("{}+00:00", whole_seconds(time))
}

fn whole_seconds(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
