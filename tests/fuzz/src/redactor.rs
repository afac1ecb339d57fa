//! The one redactor.

use std::borrow::Cow;

use azimuth_domain::redact::{
    redact, redact_arguments, redact_bytes, redact_closely, redact_json, secrets,
};
use serde_json::{Value, json};

use crate::canaries::{CORE, all};

/// A mark is longer than a short secret, and a replacement character longer than the
/// byte that it stands for.
const GROWTH: usize = 8;
const FRAME: usize = 64;

pub fn run(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    assert_apart(&text);
    bounded(&text, |text| redact(text).into_owned());
    bounded(&text, redact_closely);
    let bytes = redact_bytes(data.to_vec());
    assert!(bytes.len() <= GROWTH * data.len() + FRAME);
    if let Ok(value) = serde_json::from_slice::<Value>(data) {
        bounded_json(&value, redact_json);
        bounded_json(&value, redact_arguments);
    }
    if !text.contains(CORE) {
        let canaries = all();
        assert_no_canary(&text, &canaries[data.len() % canaries.len()]);
    }
    bytes != data
}

/// What is taken out lies inside of the text, in order, and no letter is cut in two.
fn assert_apart(text: &str) {
    let mut end = 0;
    for span in secrets(text) {
        assert!(end <= span.start && span.start < span.end, "{span:?}");
        assert!(text.get(span.clone()).is_some(), "{span:?}");
        end = span.end;
    }
}

/// What is left is not much longer. A second time may find more: a mark is written
/// without the blanks of what it stands for.
fn bounded(text: &str, clean: impl Fn(&str) -> String) {
    let out = clean(text);
    assert!(out.len() <= GROWTH * text.len() + FRAME, "{out}");
}

fn bounded_json(value: &Value, clean: impl Fn(Value) -> Value) {
    let out = clean(value.clone());
    let (before, after) = (value.to_string().len(), out.to_string().len());
    assert!(after <= GROWTH * before + FRAME, "{out}");
}

/// Whatever stands on the lines before and behind a secret, it goes.
fn assert_no_canary(text: &str, canary: &str) {
    let whole = format!("{text}\n{canary}\n{text}");
    let value = json!({"note": whole});
    let bytes = redact_bytes(whole.clone().into_bytes());
    let sinks: [Cow<'_, str>; 5] = [
        redact(&whole),
        redact_closely(&whole).into(),
        String::from_utf8(bytes).unwrap().into(),
        redact_json(value.clone()).to_string().into(),
        redact_arguments(value).to_string().into(),
    ];
    for (number, sink) in sinks.iter().enumerate() {
        assert!(!sink.contains(CORE), "sink {number}, {canary}: {sink}");
    }
}
