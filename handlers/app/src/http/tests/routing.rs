//! Routes, problems and headers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::down::{Down, INSIDE, router};
use crate::http::{HttpConfig, edge};
use crate::routes::{PREFIX, TRIGGERS, api_routes, openapi_json};

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The code of a complete problem document that tells nothing of our inside.
    fn problem(&self) -> String {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert!(!self.body.contains(INSIDE), "{}", self.body);
        let document = self.json();
        for member in ["type", "title", "detail", "code"] {
            assert!(document[member].is_string(), "{member} in {document}");
        }
        assert_eq!(document["status"], self.status);
        assert_eq!(
            document["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        document["code"].as_str().unwrap().to_owned()
    }
}

async fn send(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn request(method: &str, path: &str) -> Request<Body> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

fn service() -> (Arc<Down>, Router) {
    let down = Arc::new(Down::default());
    let router = router(&down, HttpConfig::default());
    (down, router)
}

/// A path of the template, with names that could be real.
fn concrete(template: &str) -> String {
    let id = "a".repeat(40);
    let path: Vec<&str> = template
        .split('/')
        .map(|part| {
            if part.starts_with('{') {
                id.as_str()
            } else {
                part
            }
        })
        .collect();
    format!("{PREFIX}{}", path.join("/"))
}

#[tokio::test]
async fn every_route_is_in_the_document_and_every_operation_is_a_route() {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert((method.to_uppercase(), path.clone()));
            let id = operation["operationId"].as_str().unwrap();
            assert!(operations.insert(id.to_owned()), "{id} twice");
            assert!(operation["responses"]["default"].is_object(), "{id}");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id}");
        }
    }
    let routed: BTreeSet<(String, String)> = api_routes().into_iter().collect();
    assert_eq!(routed, described);
    let (_, product) = service();
    for (method, path) in described {
        let reply = send(&product, request(&method, &concrete(&path))).await;
        assert!(
            reply.status != 404 && reply.status != 405,
            "{method} {path}: {}",
            reply.status
        );
    }
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let text = openapi_json();
    let document: Value = serde_json::from_str(&text).unwrap();
    let known = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(known.contains_key(name), "{name}");
    }
    assert_eq!(openapi_json(), text);
}

#[tokio::test]
async fn no_v1_route_asks_anything_without_a_token() {
    let (down, router) = service();
    for (method, path) in api_routes()
        .into_iter()
        .filter(|(_, p)| p.starts_with("/v1/"))
    {
        let mut bare = request(&method, &concrete(&path));
        bare.headers_mut()
            .insert("x-ms-client-principal", "e30=".parse().unwrap());
        bare.headers_mut()
            .insert("x-ms-client-principal-id", "admin".parse().unwrap());
        let reply = send(&router, bare).await;
        assert_eq!(
            (reply.status, reply.problem().as_str()),
            (401, "token_missing"),
            "{method} {path}"
        );
        assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
        let mut wrong = request(&method, &concrete(&path));
        wrong
            .headers_mut()
            .insert(header::AUTHORIZATION, "Bearer x.y.z".parse().unwrap());
        assert_eq!(send(&router, wrong).await.status, 401, "{method} {path}");
    }
    assert_eq!(down.asked(), 0);
}

#[tokio::test]
async fn a_token_of_more_than_16_kib_is_refused() {
    let (_, router) = service();
    for (bytes, code) in [
        (16_383, "token_malformed"),
        (16_384, "token_malformed"),
        (16_385, "token_too_large"),
    ] {
        let mut long = request("GET", "/api/v1/me");
        let value = format!("Bearer {}", "x".repeat(bytes));
        long.headers_mut()
            .insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(send(&router, long).await.problem(), code, "{bytes}");
    }
}

#[tokio::test]
async fn what_no_route_has_is_404_and_a_wrong_method_405() {
    let (_, router) = service();
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/me/",
        "/v1/me",
        "/api/execute-tool",
        "/api//v1/me",
    ] {
        let reply = send(&router, request("GET", path)).await;
        assert_eq!(
            (reply.status, reply.problem().as_str()),
            (404, "route_not_found"),
            "{path}"
        );
    }
    for (method, path, allow) in [
        ("PUT", "/api/v1/me", vec!["GET", "HEAD"]),
        ("DELETE", "/api/v1/settings", vec!["GET", "HEAD", "PATCH"]),
        ("POST", "/api/health/live", vec!["GET", "HEAD"]),
        ("GET", "/execute-tool", vec!["POST"]),
        ("OPTIONS", "/api/v1/me", vec!["GET", "HEAD"]),
    ] {
        let reply = send(&router, request(method, path)).await;
        assert_eq!(
            (reply.status, reply.problem().as_str()),
            (405, "method_not_allowed"),
            "{method} {path}"
        );
        let mut allowed: Vec<&str> = reply.headers[header::ALLOW]
            .to_str()
            .unwrap()
            .split(',')
            .collect();
        allowed.sort_unstable();
        assert_eq!(allowed, allow, "{method} {path}");
    }
}

#[tokio::test]
async fn the_host_gets_its_answer_from_the_root() {
    let (down, router) = service();
    let reply = send(&router, request("GET", "/")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(down.asked(), 0);
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_is_not_kept() {
    let (_, router) = service();
    let mut named = request("GET", "/api/health/live");
    named.headers_mut().insert(
        "x-azure-functions-invocationid",
        "52d53c5f-e212".parse().unwrap(),
    );
    let reply = send(&router, named).await;
    assert_eq!(reply.json(), json!({"status": "ok"}));
    assert_eq!(reply.headers["x-request-id"], "52d53c5f-e212");
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(reply.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let reply = send(&router, request("GET", "/api/health/live")).await;
    assert_eq!(reply.headers["x-request-id"], "01jd8xk7zb3n5v9q2w4e6r8t0y");
}

#[tokio::test]
async fn readiness_names_what_is_down_and_looks_once_in_ten_seconds() {
    let (down, router) = service();
    let reply = send(&router, request("GET", "/api/health/ready")).await;
    assert_eq!(reply.status, 503);
    let lines: Vec<(String, bool)> = reply.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            (
                c["name"].as_str().unwrap().to_owned(),
                c["ok"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("store", false),
        ("queue", false),
        ("model:planner", true),
        ("tools:azure", false),
    ];
    assert_eq!(lines, expected.map(|(name, ok)| (name.to_owned(), ok)));
    assert!(!reply.body.contains(INSIDE));
    let asked = down.asked();
    assert_eq!(
        send(&router, request("GET", "/api/health/ready"))
            .await
            .body,
        reply.body
    );
    assert_eq!(down.asked(), asked);
}

#[tokio::test]
async fn triggers_answer_the_host_and_are_absent_in_the_standalone_form() {
    let down = Arc::new(Down::default());
    let with = router(&down, HttpConfig::default());
    let without = router(
        &down,
        HttpConfig {
            triggers: false,
            ..HttpConfig::default()
        },
    );
    for name in TRIGGERS {
        let path = format!("/{name}");
        let reply = send(&with, request("POST", &path)).await;
        let is_timer = ["sweep", "sign-audit"].contains(&name);
        let expected = if is_timer { 500 } else { 200 };
        assert_eq!(reply.status, expected, "{name}: {}", reply.body);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
        assert!(reply.json().is_object());
        assert_eq!(
            send(&without, request("POST", &path)).await.status,
            404,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_next_request_is_served() {
    let down: Arc<dyn azimuth_ports::clock::Random> = Arc::new(Down::default());
    let router = Router::new()
        .route("/panics", get(|| async { panics() }))
        .route("/lives", get(|| async { "ok" }))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(
            edge::panicked,
        ))
        .layer(axum::middleware::from_fn_with_state(down, edge::edge));
    let reply = send(&router, request("GET", "/panics")).await;
    assert_eq!((reply.status, reply.problem().as_str()), (500, "internal"));
    assert_eq!(send(&router, request("GET", "/lives")).await.status, 200);
}

fn panics() {
    std::panic::panic_any(format!("deep inside {INSIDE}"));
}

#[tokio::test]
async fn browsers_may_call_from_configured_origins_only() {
    let down = Arc::new(Down::default());
    let config = HttpConfig {
        cors_origins: vec!["http://127.0.0.1:4280".to_owned()],
        ..HttpConfig::default()
    };
    let open = router(&down, config);
    let (_, closed) = service();
    for (router, origin, allowed) in [
        (&open, "http://127.0.0.1:4280", true),
        (&open, "http://evil.example", false),
        (&closed, "http://127.0.0.1:4280", false),
    ] {
        let mut from = request("GET", "/api/v1/me");
        from.headers_mut()
            .insert(header::ORIGIN, origin.parse().unwrap());
        let reply = send(router, from).await;
        assert_eq!(reply.status, 401);
        let granted = reply.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(granted.is_some(), allowed, "{origin}");
    }
    let mut preflight = request("OPTIONS", "/api/v1/conversations");
    for (name, value) in [
        ("origin", "http://127.0.0.1:4280"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,idempotency-key",
        ),
    ] {
        preflight.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(send(&open, preflight).await.status, 200);
}
