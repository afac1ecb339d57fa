//! A look-alike of Entra ID: sign-in with PKCE, refresh, on-behalf-of, managed identity.

mod authorize;
pub mod codes;
mod discovery;
mod error;
mod federation;
mod grants;
mod logout;
mod managed_identity;
mod on_behalf_of;
mod page;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL, HeaderValue, ORIGIN, VARY,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use url::{Host, Url};

use crate::world::World;

/// The endpoints, each under `/{tenant}`; the portal's script may call them from its own origin.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(discovery::metadata),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            get(authorize::show).post(authorize::choose),
        )
        .route(
            "/{tenant}/oauth2/v2.0/token",
            post(token::token).options(|| async { StatusCode::NO_CONTENT }),
        )
        .route(
            "/{tenant}/oauth2/v2.0/logout",
            get(logout::logout).post(logout::logout),
        )
        .route("/msi/token", get(managed_identity::token))
        .layer(middleware::from_fn(allow_loopback_origins))
}

/// `http://127.0.0.1:…`, `http://localhost:…` or `http://[::1]:…`: the only places a browser is
/// sent back to, so that a sandbox token never leaves the machine.
pub fn is_loopback(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    loopback && matches!(url.scheme(), "http" | "https") && url.username().is_empty()
}

async fn allow_loopback_origins(request: Request, next: Next) -> Response {
    let origin = request
        .headers()
        .get(ORIGIN)
        .filter(|origin| {
            origin
                .to_str()
                .ok()
                .and_then(|text| Url::parse(text).ok())
                .is_some_and(|url| is_loopback(&url))
        })
        .cloned();
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, OPTIONS"),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, x-client-sku, x-client-ver"),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_loopback() {
        for good in [
            "http://127.0.0.1:4280/cb",
            "http://localhost/cb",
            "http://[::1]:1/cb",
        ] {
            assert!(is_loopback(&Url::parse(good).unwrap()), "{good}");
        }
        for bad in [
            "https://evil.example/cb",
            "http://localhost.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://user@127.0.0.1/",
            "file://localhost/etc",
        ] {
            assert!(!is_loopback(&Url::parse(bad).unwrap()), "{bad}");
        }
    }
}
