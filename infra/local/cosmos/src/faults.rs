//! Answers that a test asks for: `POST /_azimuth/faults` with
//! `{"status":429,"times":3,"retryAfterMs":20}`. The next requests for items get them
//! and reach no container; with `"afterWrites":2` those after the second write, as
//! if whoever writes had gone away in the midst of it; with `"container"` and `"holds"`
//! only those for items of that container whose body holds that text.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

/// Where they are asked for.
pub const PATH: &str = "/_azimuth/faults";

/// One answer, so many times.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    status: u16,
    times: u32,
    /// Milliseconds.
    #[serde(default)]
    retry_after_ms: u64,
    /// So many writes, and what is read until then, pass first.
    #[serde(default)]
    after_writes: u32,
    /// Every container without it.
    container: Option<String>,
    /// Every body without it.
    holds: Option<String>,
}

/// What of a request a fault looks at.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub container: &'a str,
    pub writes: bool,
    pub body: &'a [u8],
}

impl Fault {
    fn is_meant(&self, asked: Asked<'_>) -> bool {
        let is_here = self
            .container
            .as_deref()
            .is_none_or(|c| c == asked.container);
        let is_held = |text: &str| String::from_utf8_lossy(asked.body).contains(text);
        is_here && self.holds.as_deref().is_none_or(is_held)
    }
}

#[derive(Debug, Default)]
pub struct Faults(Mutex<Option<Fault>>);

impl Faults {
    /// Whatever was asked for before is forgotten.
    pub fn set(&self, body: &[u8]) -> Response {
        match serde_json::from_slice(body) {
            Ok(fault) => {
                *self.lock() = Some(fault);
                StatusCode::NO_CONTENT.into_response()
            }
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        }
    }

    /// The answer that is due now.
    pub fn next(&self, asked: Asked<'_>) -> Option<Response> {
        let mut due = self.lock();
        let fault = due.as_mut().filter(|fault| fault.times > 0)?;
        if !fault.is_meant(asked) {
            return None;
        }
        if fault.after_writes > 0 {
            fault.after_writes -= u32::from(asked.writes);
            return None;
        }
        fault.times -= 1;
        let status = StatusCode::from_u16(fault.status).ok()?;
        let headers = [
            ("x-ms-request-charge", "0.5".to_owned()),
            ("x-ms-retry-after-ms", fault.retry_after_ms.to_string()),
        ];
        let body = json!({"code": "Fault", "message": "A test asked for this."});
        Some((status, headers, Json(body)).into_response())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(container: &'a str, body: &'a str, writes: bool) -> Asked<'a> {
        let body = body.as_bytes();
        Asked {
            container,
            writes,
            body,
        }
    }

    #[test]
    fn a_fault_comes_as_often_as_it_was_asked_for() {
        let faults = Faults::default();
        assert!(faults.next(asked("audit", "", true)).is_none());
        let set = faults.set(br#"{"status":429,"times":2,"retryAfterMs":5}"#);
        assert_eq!(set.status(), StatusCode::NO_CONTENT);
        let statuses: Vec<u16> = std::iter::from_fn(|| faults.next(asked("audit", "", true)))
            .map(|response| response.status().as_u16())
            .collect();
        assert_eq!(statuses, [429, 429]);
        assert_eq!(faults.set(b"{}").status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_fault_waits_for_the_writes_before_it() {
        let faults = Faults::default();
        faults.set(br#"{"status":403,"times":9,"afterWrites":2}"#);
        let is_refused =
            [true, false, true, false, true].map(|w| faults.next(asked("audit", "", w)).is_some());
        assert_eq!(is_refused, [false, false, false, true, true]);
    }

    #[test]
    fn a_fault_may_be_meant_for_some_items_only() {
        let faults = Faults::default();
        faults.set(br#"{"status":400,"times":2,"container":"audit","holds":"poison"}"#);
        let is_refused = |container, body| faults.next(asked(container, body, true)).is_some();
        assert!(!is_refused("users", "poison"));
        assert!(!is_refused("audit", "good"));
        assert!(is_refused("audit", "a poisoned one"));
    }
}
