//! Answers that a test asks for: `POST /_azimuth/faults` with
//! `{"status":429,"times":3,"retryAfterMs":20}`. The next requests for items get them
//! and reach no container; with `"container"` and `"holds"` only those for items of that
//! container whose body holds that text.

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
    /// Every container without it.
    container: Option<String>,
    /// Every body without it.
    holds: Option<String>,
}

impl Fault {
    fn is_meant(&self, container: &str, body: &[u8]) -> bool {
        let is_here = self.container.as_deref().is_none_or(|c| c == container);
        let is_held = |text: &str| String::from_utf8_lossy(body).contains(text);
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

    /// The answer that is due now for this request.
    pub fn next(&self, container: &str, body: &[u8]) -> Option<Response> {
        let mut due = self.lock();
        let fault = due.as_mut().filter(|fault| fault.times > 0)?;
        if !fault.is_meant(container, body) {
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

    #[test]
    fn a_fault_comes_as_often_as_it_was_asked_for() {
        let faults = Faults::default();
        let next = || faults.next("audit", b"");
        assert!(next().is_none());
        let set = faults.set(br#"{"status":429,"times":2,"retryAfterMs":5}"#);
        assert_eq!(set.status(), StatusCode::NO_CONTENT);
        let statuses: Vec<u16> = std::iter::from_fn(next)
            .map(|response| response.status().as_u16())
            .collect();
        assert_eq!(statuses, [429, 429]);
        assert_eq!(faults.set(b"{}").status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_fault_may_be_meant_for_some_items_only() {
        let faults = Faults::default();
        faults.set(br#"{"status":400,"times":2,"container":"audit","holds":"poison"}"#);
        assert!(faults.next("users", b"poison").is_none());
        assert!(faults.next("audit", b"good").is_none());
        assert!(faults.next("audit", b"a poisoned one").is_some());
    }
}
