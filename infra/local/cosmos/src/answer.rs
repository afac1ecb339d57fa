//! Answers that are not the emulator's.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Request units of a refusal.
const CHARGE: &str = "1";

/// A refusal as Cosmos words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers = [("x-ms-request-charge", CHARGE)];
        let body = json!({"code": self.code, "message": self.message});
        (self.status, headers, Json(body)).into_response()
    }
}
