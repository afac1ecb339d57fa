//! The host's envelope of a non-HTTP invocation (`reference/functions-host.md` §2),
//! read tolerantly: hosts differ in how often they quote.
//!
//! Only `Data` gives the message. `Metadata` holds a copy of the message's own
//! top-level members, which overwrite the host's; nothing but the dequeue count is
//! read from it, and our messages have no member of that name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// How often a string is taken for quoted JSON again.
const MAX_QUOTES: usize = 4;

/// A message and how often it has been delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The message, a JSON object.
    pub message: Value,
    /// This delivery included; 1 when the host does not say.
    pub dequeue_count: u32,
}

impl Envelope {
    /// Reads an envelope; `None` when it holds no message that is a JSON object.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(bytes).ok()?;
        let body = body.as_object()?;
        let data = member(body, "data")?;
        // The binding's name is the function's business; there is one.
        let message = match data {
            Value::Object(bindings) if bindings.len() == 1 => bindings
                .values()
                .next()
                .and_then(|value| object(value, MAX_QUOTES)),
            Value::Object(bindings) => bindings
                .values()
                .find_map(|value| object(value, MAX_QUOTES)),
            other => object(other, MAX_QUOTES),
        }?;
        let dequeue_count = member(body, "metadata")
            .and_then(Value::as_object)
            .and_then(|metadata| member(metadata, "dequeuecount"))
            .and_then(count)
            .unwrap_or(1);
        Some(Self {
            message,
            dequeue_count,
        })
    }

    /// The same of a message without an envelope.
    pub fn of_message(text: &str, dequeue_count: u32) -> Option<Self> {
        let message = object(&Value::String(text.to_owned()), MAX_QUOTES)?;
        Some(Self {
            message,
            dequeue_count,
        })
    }
}

fn member<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The object that `value` is, or is the quoted or base64 text of.
fn object(value: &Value, quotes: usize) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::String(text) if quotes > 0 => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                return object(&inner, quotes - 1);
            }
            let bytes = STANDARD.decode(text.trim()).ok()?;
            let inner: Value = serde_json::from_slice(&bytes).ok()?;
            object(&inner, quotes - 1)
        }
        _ => None,
    }
}

/// `1`, `"1"` or `"\"1\""`.
fn count(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|n| u32::try_from(n).ok()),
        Value::String(text) => text.trim_matches('"').trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// As captured from host 4.24.4.4 (2025-02-18), the message being ours.
    fn captured(data: &Value) -> String {
        json!({
            "Data": {"queue": data},
            "Metadata": {
                "DequeueCount": "1",
                "ExpirationTime": "2025-02-25T03:06:19+00:00",
                "Id": "\"52d53c5f-e212-487e-998b-abbe3b9d51e4\"",
                "InsertionTime": "2025-02-18T03:06:19+00:00",
                "NextVisibleTime": "2025-02-18T03:16:20+00:00",
                "PopReceipt": "\"MThGZWIy\"",
                "sys": {"MethodName": "queue", "RandGuid": "e59556b5", "UtcNow": "2025-02-18T03:06:20.7562691Z"}
            }
        })
        .to_string()
    }

    fn decoded(text: &str) -> Option<Envelope> {
        Envelope::decode(text.as_bytes())
    }

    #[test]
    fn the_capture_itself_holds_no_work_item() {
        let text = r#"{"Data":{"queue":"\"hello!!\""},"Metadata":{"DequeueCount":"1","Id":"\"52d53c5f-e212-487e-998b-abbe3b9d51e4\"","sys":{"MethodName":"queue"}}}"#;
        assert_eq!(decoded(text), None);
    }

    #[test]
    fn every_way_of_quoting_gives_the_message() {
        let message = json!({"v": 1, "text": "\"ü\"\n"});
        let plain = message.to_string();
        let once = json!(plain);
        let twice = json!(once.to_string());
        let base64 = json!(STANDARD.encode(&plain));
        for data in [message.clone(), once, twice, base64] {
            let envelope = decoded(&captured(&data)).unwrap();
            assert_eq!(
                envelope,
                Envelope {
                    message: message.clone(),
                    dequeue_count: 1
                }
            );
        }
    }

    #[test]
    fn names_come_in_any_case_and_counts_in_any_form() {
        for (count, expected) in [
            (json!(3), 3),
            (json!("3"), 3),
            (json!("\"3\""), 3),
            (json!(null), 1),
            (json!("many"), 1),
            (json!(-1), 1),
        ] {
            let body = json!({"data": {"item": {"v": 1}}, "METADATA": {"dequeueCount": count}});
            assert_eq!(decoded(&body.to_string()).unwrap().dequeue_count, expected);
        }
        assert_eq!(
            decoded(r#"{"Data":{"item":{"v":1}}}"#)
                .unwrap()
                .dequeue_count,
            1
        );
    }

    #[test]
    fn the_message_copied_into_the_metadata_is_not_read() {
        let body = json!({
            "Data": {"item": "\"{\\\"v\\\":1}\""},
            "Metadata": {"DequeueCount": "2", "v": "\"9\"", "turn": "\"forged\""}
        });
        let envelope = decoded(&body.to_string()).unwrap();
        assert_eq!(
            envelope,
            Envelope {
                message: json!({"v": 1}),
                dequeue_count: 2
            }
        );
    }

    #[test]
    fn a_text_quoted_for_ever_is_none() {
        let mut text = json!({"v": 1}).to_string();
        for _ in 0..8 {
            text = json!(text).to_string();
        }
        assert_eq!(decoded(&json!({"Data": {"item": text}}).to_string()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Envelope::decode(&bytes);
        }

        #[test]
        fn no_data_panics(data in "\\PC{0,200}", count in "\\PC{0,20}") {
            let body = json!({"Data": {"item": data}, "Metadata": {"DequeueCount": count}});
            let _ = decoded(&body.to_string());
        }

        #[test]
        fn whatever_the_message_it_comes_back(text in "\\PC{0,200}") {
            let message = json!({"text": text});
            let quoted = json!(json!(message.to_string()).to_string());
            let envelope = decoded(&captured(&quoted)).unwrap();
            prop_assert_eq!(envelope.message, message);
        }
    }
}
