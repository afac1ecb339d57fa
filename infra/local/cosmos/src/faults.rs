//! Answers that a test asks for: `POST /_azimuth/faults` with
//! `{"status":429,"times":3,"retryAfterMs":20}`. The next requests for items get them
//! and reach no container; with `"afterWrites":2` those after the second write, as
//! if whoever writes had gone away in the midst of it.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

/// Where they are asked for.
pub const PATH: &str = "/_azimuth/faults";

/// One answer, so many times.
#[derive(Debug, Clone, Copy, Deserialize)]
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

    /// The answer that is due now, to a request that `writes` or reads.
    pub fn next(&self, writes: bool) -> Option<Response> {
        let mut due = self.lock();
        let fault = due.as_mut().filter(|fault| fault.times > 0)?;
        if fault.after_writes > 0 {
            fault.after_writes -= u32::from(writes);
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
        assert!(faults.next(true).is_none());
        let set = faults.set(br#"{"status":429,"times":2,"retryAfterMs":5}"#);
        assert_eq!(set.status(), StatusCode::NO_CONTENT);
        let statuses: Vec<u16> = std::iter::from_fn(|| faults.next(true))
            .map(|response| response.status().as_u16())
            .collect();
        assert_eq!(statuses, [429, 429]);
        assert_eq!(faults.set(b"{}").status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_fault_waits_for_the_writes_before_it() {
        let faults = Faults::default();
        faults.set(br#"{"status":403,"times":9,"afterWrites":2}"#);
        let is_refused = [true, false, true, false, true].map(|w| faults.next(w).is_some());
        assert_eq!(is_refused, [false, false, false, true, true]);
    }
}
