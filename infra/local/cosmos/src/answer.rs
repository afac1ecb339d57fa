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

/// Why a request has no answer of the emulator's.
#[derive(Debug)]
pub enum NoAnswer {
    /// It must not reach the emulator.
    Refused(Refusal),
    /// A part of it cannot be read.
    Malformed(&'static str),
    /// Its body is too long.
    TooLong,
    /// The emulator cannot.
    Failed(String),
}

impl From<Refusal> for NoAnswer {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for NoAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::Malformed(part) => (StatusCode::BAD_REQUEST, part).into_response(),
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Failed(detail) => (StatusCode::INTERNAL_SERVER_ERROR, detail).into_response(),
        }
    }
}
