//! `GET /openapi.json`: the contract, as generated from this code.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};

/// The `OpenAPI` 3.1 document of this API.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "get_openapi",
    tag = "service",
    responses((status = 200, description = "The OpenAPI document", body = Object))
)]
pub async fn handle() -> Response {
    let mut response = Response::new(Body::from(crate::routes::openapi_json()));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
