//! What happens to every request before and after its handler: an id, stripped
//! headers, problem documents, one line in the log.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use azimuth_ports::clock::Random;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::time::Instant;

use super::leftover::Leftover;
use crate::problem::{Code, Problem};

/// Longest request id that is taken over from the host.
const MAX_ID_LENGTH: usize = 64;

/// The header in which the Functions host names an invocation; it overwrites what a
/// client sends. (`x-ms-invocation-id` is not always overwritten.)
const HOST_ID_HEADERS: [&str; 1] = ["x-azure-functions-invocationid"];

/// Headers that claim an identity or an origin. Spoofable wherever no platform
/// sets them, so nobody in this process ever sees one.
const STRIPPED_PREFIXES: [&str; 4] = [
    "x-ms-client-principal",
    "x-ms-token-",
    "x-forwarded-",
    "x-original-",
];
const STRIPPED: [&str; 4] = [
    "forwarded",
    "x-real-ip",
    "x-http-method-override",
    "x-client-ip",
];

/// Names one request in log, problem documents and Azure's own log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The outermost layer.
pub async fn edge(
    State(random): State<Arc<dyn Random>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id(request.headers(), random.as_ref());
    strip(request.headers_mut());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let started = Instant::now();
    let leftover = Leftover::lend(&mut request);
    let mut response = finish(next.run(request).await, &id);
    leftover.read_and_drop().await;
    log(
        &response,
        &id,
        method.as_str(),
        route.as_deref(),
        started.elapsed(),
    );
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Ends a handler that does not begin to answer in time.
pub async fn deadline(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::DeadlineExceeded).into_response(),
    }
}

/// What a panic is to the caller. The process lives on.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
pub fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Problem::new(Code::Internal)
        .context(format!("panic: {text}"))
        .into_response()
}

/// 404 for paths that no route has.
pub async fn route_not_found() -> Problem {
    Problem::new(Code::RouteNotFound)
}

/// 405; axum adds `Allow`.
pub async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed)
}

fn request_id(headers: &HeaderMap, random: &dyn Random) -> String {
    HOST_ID_HEADERS
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .find(|id| {
            (1..=MAX_ID_LENGTH).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        .map_or_else(|| random.ulid(), str::to_owned)
}

fn strip(headers: &mut HeaderMap) {
    let doomed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            STRIPPED.contains(&name) || STRIPPED_PREFIXES.iter().any(|p| name.starts_with(p))
        })
        .cloned()
        .collect();
    for name in doomed {
        headers.remove(name);
    }
}

/// Writes the document of a problem, and makes one of a bare error status.
fn finish(mut response: Response, id: &str) -> Response {
    let problem = match response.extensions_mut().remove::<Arc<Problem>>() {
        Some(problem) => problem,
        None if is_bare_error(&response) => Arc::new(Problem::new(bare_code(response.status()))),
        None => return response,
    };
    let mut out = problem.respond(id);
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && !out.headers().contains_key(name) {
            out.headers_mut().insert(name.clone(), value.clone());
        }
    }
    out.extensions_mut().insert(problem);
    out
}

fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    let has_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/"));
    (status.is_client_error() || status.is_server_error()) && !has_json
}

fn bare_code(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::RouteNotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::MediaTypeUnsupported,
        status if status.is_client_error() => Code::BodyUnreadable,
        _ => Code::Internal,
    }
}

fn log(response: &Response, id: &str, method: &str, route: Option<&str>, took: Duration) {
    let status = response.status().as_u16();
    let route = route.unwrap_or("(none)");
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let problem = response.extensions().get::<Arc<Problem>>();
    let code = problem.map_or("", |p| p.code().as_str());
    let context = problem.and_then(|p| p.log_context()).unwrap_or("");
    if status >= 500 {
        tracing::error!(
            request_id = id,
            method,
            route,
            status,
            duration_ms,
            code,
            context,
            "request failed"
        );
    } else if route != "/" {
        tracing::info!(
            request_id = id,
            method,
            route,
            status,
            duration_ms,
            code,
            context,
            "request answered"
        );
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    struct One;

    impl Random for One {
        fn ulid(&self) -> String {
            "01jd8xk7zb3n5v9q2w4e6r8t0y".to_owned()
        }
        fn bytes32(&self) -> [u8; 32] {
            [1; 32]
        }
    }

    #[test]
    fn the_host_names_the_request_unless_the_name_is_odd() {
        let long = "a".repeat(65);
        for (value, taken) in [
            ("52d53c5f-e212-487e-998b-abbe3b9d51e4", true),
            ("", false),
            ("a b", false),
            ("{\"x\":1}", false),
            (long.as_str(), false),
        ] {
            for header in HOST_ID_HEADERS {
                let mut headers = HeaderMap::new();
                headers.insert(header, value.parse().unwrap());
                let expected = if taken { value.to_owned() } else { One.ulid() };
                assert_eq!(request_id(&headers, &One), expected, "{value}");
            }
        }
        assert_eq!(request_id(&HeaderMap::new(), &One), One.ulid());
    }

    async fn asked(router: axum::Router, forged: &str) -> Response {
        use tower::ServiceExt;
        let random: Arc<dyn Random> = Arc::new(One);
        let request = Request::builder()
            .uri("/")
            .header(forged, "10.0.0.1")
            .body(axum::body::Body::empty())
            .unwrap();
        router
            .layer(axum::middleware::from_fn_with_state(random, edge))
            .oneshot(request)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn every_answer_is_named_and_kept_by_nobody_and_forged_headers_reach_no_handler() {
        let seen = |request: Request| async move {
            let RequestId(id) = request.extensions().get::<RequestId>().unwrap().clone();
            let forged = ["forwarded", "x-real-ip", "x-forwarded-for"];
            let has = forged
                .iter()
                .any(|name| request.headers().contains_key(*name));
            format!("{id} {has}")
        };
        for forged in ["forwarded", "x-real-ip", "x-forwarded-for", "x-other"] {
            let router = axum::Router::new().route("/", axum::routing::get(seen));
            let response = asked(router, forged).await;
            assert_eq!(response.status(), 200);
            let headers = response.headers().clone();
            assert_eq!(headers["x-request-id"], One.ulid().as_str());
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            let body = axum::body::to_bytes(response.into_body(), 1024).await;
            assert_eq!(body.unwrap(), format!("{} false", One.ulid()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_answer_in_time_or_panics_is_a_problem() {
        let slow = |ms: u64| {
            let handler = move || async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                "done"
            };
            let limit = Duration::from_secs(1);
            axum::Router::new()
                .route("/", axum::routing::get(handler))
                .layer(axum::middleware::from_fn_with_state(limit, deadline))
        };
        for (ms, status) in [(999, 200), (1001, Code::DeadlineExceeded.status().as_u16())] {
            let response = asked(slow(ms), "x-other").await;
            assert_eq!(response.status().as_u16(), status, "{ms} ms");
        }
        let answer = panicked(Box::new("why"));
        assert_eq!(answer.status(), Code::Internal.status());
    }

    #[test]
    fn a_bare_error_becomes_a_document_and_nothing_else_does() {
        let answered = |status: u16, media_type: &str| {
            let response = Response::builder()
                .status(status)
                .header(header::CONTENT_TYPE, media_type)
                .header("x-kept", "1")
                .header(header::CONTENT_LENGTH, "5")
                .body(axum::body::Body::from("words"))
                .unwrap();
            finish(response, "r1")
        };
        for (status, code) in [
            (404, Code::RouteNotFound),
            (405, Code::MethodNotAllowed),
            (413, Code::BodyTooLarge),
            (415, Code::MediaTypeUnsupported),
            (400, Code::BodyUnreadable),
            (500, Code::Internal),
        ] {
            let response = answered(status, "text/plain");
            let problem = response.extensions().get::<Arc<Problem>>().unwrap();
            assert_eq!(problem.code(), code, "{status}");
            assert_eq!(response.headers()["x-kept"], "1");
            assert_ne!(response.headers()[header::CONTENT_TYPE], "text/plain");
            assert!(
                !response
                    .headers()
                    .get_all(header::CONTENT_LENGTH)
                    .iter()
                    .any(|n| n == "5")
            );
            let kept = answered(status, "application/json");
            assert!(
                kept.extensions().get::<Arc<Problem>>().is_none(),
                "{status}"
            );
        }
        let fine = answered(200, "text/plain");
        assert_eq!(fine.headers()[header::CONTENT_TYPE], "text/plain");
        assert_eq!(fine.headers().get_all("x-kept").iter().count(), 1);
    }

    #[test]
    fn headers_that_claim_an_identity_are_gone() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-ms-client-principal",
            "X-MS-CLIENT-PRINCIPAL-ID",
            "x-ms-token-aad-access-token",
            "x-forwarded-for",
            "x-original-url",
            "forwarded",
            "authorization",
            "accept",
        ] {
            headers.insert(HeaderName::try_from(name).unwrap(), "x".parse().unwrap());
        }
        strip(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "authorization"]);
    }
}
