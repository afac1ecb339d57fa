//! What the endpoint's failures mean to us.

use std::time::Duration;

use azimuth_ports::model::ModelError;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;

/// Longest part of an endpoint's text that goes into an error, characters.
const MAX_DETAIL_CHARS: usize = 300;

/// The error of a status outside 2xx.
pub fn of_status(status: StatusCode, retry_after: Option<Duration>, body: &str) -> ModelError {
    let text = detail(body);
    let detail = format!(
        "status {}{}",
        status.as_u16(),
        if text.is_empty() {
            text
        } else {
            format!(": {text}")
        }
    );
    match status.as_u16() {
        401 | 403 => ModelError::Unauthorized,
        408 | 409 | 425 | 429 | 500..=599 => ModelError::Unavailable {
            detail,
            retry_after,
        },
        _ => ModelError::Rejected(detail),
    }
}

/// Whether the same request may succeed a moment later.
pub fn worth_retrying(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// An error of the connection. The text names neither address nor key.
pub fn of_transport(error: &reqwest::Error) -> ModelError {
    let what = if error.is_timeout() {
        "the connection timed out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    };
    ModelError::Unavailable {
        detail: what.to_owned(),
        retry_after: None,
    }
}

/// An error object inside a stream that began with success.
pub fn of_wire(error: &Value) -> ModelError {
    let part = |name: &str| match error.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let message = error
        .as_str()
        .map_or_else(|| part("message"), str::to_owned);
    let text = match short(&message) {
        text if text.is_empty() => "the endpoint reports an error".to_owned(),
        text => text,
    };
    let code = part("code");
    let kind = format!("{} {code}", part("type")).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    if says(&["auth", "permission", "401", "403", "api_key"]) {
        ModelError::Unauthorized
    } else if says(&[
        "rate",
        "overload",
        "server_error",
        "unavailable",
        "timeout",
        "capacity",
        "429",
        "500",
        "502",
        "503",
        "504",
    ]) {
        ModelError::Unavailable {
            detail: text,
            retry_after: None,
        }
    } else {
        ModelError::Rejected(text)
    }
}

/// `Retry-After` in seconds (whole or broken); a date is not worth a clock here.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let milliseconds = headers
        .get("retry-after-ms")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse::<u64>().ok())
        .map(Duration::from_millis);
    let seconds = || {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
        let seconds: f64 = text.trim().parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    };
    milliseconds.or_else(seconds)
}

fn detail(body: &str) -> String {
    #[derive(Deserialize)]
    struct Body {
        error: Option<Value>,
    }
    let error = serde_json::from_str::<Body>(body)
        .ok()
        .and_then(|body| body.error);
    match error {
        Some(Value::String(text)) => short(&text),
        Some(error) => short(error.get("message").and_then(Value::as_str).unwrap_or("")),
        None => short(body),
    }
}

fn short(text: &str) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.chars()
        .filter(|c| !c.is_control())
        .take(MAX_DETAIL_CHARS)
        .collect()
}
