//! `OpenID` Connect discovery and the key set.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::error::EntraError;
use crate::directory::Authority;
use crate::tokens;
use crate::world::World;

/// Issuer as the metadata of an authority names it: with `common` and `organizations` a template
/// that the verifier fills with the token's `tid`.
fn issuer_of(world: &World, authority: Authority) -> String {
    match authority {
        Authority::One(tenant) => tokens::issuer(&world.base_url, tenant),
        Authority::Any => tokens::issuer(&world.base_url, "{tenantid}"),
    }
}

pub async fn metadata(
    State(world): State<Arc<World>>,
    Path(segment): Path<String>,
) -> Result<Json<Value>, EntraError> {
    let authority = Authority::parse(&segment).ok_or(EntraError::unknown_tenant(&segment))?;
    let name = match authority {
        Authority::One(tenant) => tenant,
        Authority::Any => segment.as_str(),
    };
    let base = format!("{}/{name}", world.base_url);
    Ok(Json(json!({
        "issuer": issuer_of(&world, authority),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment"],
        "response_types_supported": ["code"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "client_secret_basic", "private_key_jwt", "none",
        ],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver",
        ],
        "request_uri_parameter_supported": false,
        "tenant_region_scope": null,
    })))
}

pub async fn keys(
    State(world): State<Arc<World>>,
    Path(segment): Path<String>,
) -> Result<Json<Value>, EntraError> {
    let authority = Authority::parse(&segment).ok_or(EntraError::unknown_tenant(&segment))?;
    let issuer = issuer_of(&world, authority);
    Ok(Json(json!({"keys": [world.keys.published.jwk(&issuer)]})))
}
