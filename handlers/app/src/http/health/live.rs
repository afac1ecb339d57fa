//! `GET /health/live`: the process is up.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    /// `ok`.
    pub status: &'static str,
}

/// Whether the process is up. Needs no sign-in and looks at nothing.
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "get_liveness",
    tag = "service",
    responses((status = 200, body = Liveness))
)]
pub async fn handle() -> Json<Liveness> {
    Json(Liveness { status: "ok" })
}
