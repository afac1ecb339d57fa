//! The App Service managed-identity protocol, for the function app's own identity.
//!
//! Form: <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::authorize::parse;
use crate::directory::{IDENTITY_HEADER, MANAGED_IDENTITY};
use crate::requests::{Facts, Kind};
use crate::tokens::{self, ARM_AUDIENCES, EXCHANGE_AUDIENCE, LIFETIME_S, VAULT_AUDIENCES};
use crate::world::World;

pub async fn token(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let refuse = |status: StatusCode, message: &str| {
        (
            status,
            Json(json!({"statusCode": status.as_u16(), "message": message})),
        )
            .into_response()
    };
    if headers
        .get("x-identity-header")
        .and_then(|value| value.to_str().ok())
        != Some(IDENTITY_HEADER)
    {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "X-IDENTITY-HEADER is missing or wrong.",
        );
    }
    let parameters = parse(query.as_deref().unwrap_or_default());
    let Some(resource) = parameters.get("resource").cloned() else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "The parameter 'resource' is missing.",
        );
    };
    let known = [ARM_AUDIENCES, VAULT_AUDIENCES, &[EXCHANGE_AUDIENCE]].concat();
    if !known.contains(&resource.as_str()) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "The resource is not known to the sandbox.",
        );
    }
    let identity = &MANAGED_IDENTITY;
    let now_s = world.clock.now_s();
    let claims = tokens::application_claims(&world.base_url, identity, &resource, now_s);
    let Ok(issued) = tokens::issue(&world.keys.published, claims) else {
        return refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The signing key cannot be used.",
        );
    };
    world.log(
        Kind::Token,
        Facts {
            grant: Some("managed_identity"),
            user: Some(identity.name.to_owned()),
            tid: Some(identity.tenant.to_owned()),
            oid: Some(identity.oid.to_owned()),
            token_id: Some(issued.id.clone()),
            audience: Some(resource.clone()),
            status: Some(200),
            ..Facts::default()
        },
    );
    Json(json!({
        "access_token": issued.token,
        "expires_on": (now_s + LIFETIME_S).to_string(),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": identity.oid,
    }))
    .into_response()
}
