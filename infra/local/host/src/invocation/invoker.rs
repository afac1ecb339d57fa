use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    Deadline, HOST_VERSION, HOST_VERSION_HEADER, INVOCATION_ID_HEADER, Reply, Verdict, guid, judge,
    traceparent,
};
use crate::handler::{Client, Handler, client};
use crate::log::Log;

/// .NET's `HttpClientHandler.MaxAutomaticRedirections`.
const MAX_REDIRECTS: usize = 50;

/// Calls the handler's non-HTTP functions, one HTTP request each.
#[derive(Debug)]
pub struct Invoker {
    handler: Arc<Handler>,
    client: Client<InvocationBody>,
    /// `None`: unbounded.
    function_timeout: Option<Duration>,
    log: Log,
}

/// An invocation that did not succeed; it has been logged.
#[derive(Debug, thiserror::Error)]
#[error("the invocation failed: {0}")]
pub struct InvocationFailed(String);

impl Invoker {
    pub fn new(handler: Arc<Handler>, function_timeout: Option<Duration>, log: Log) -> Self {
        Self {
            client: client(handler.address()),
            handler,
            function_timeout,
            log,
        }
    }

    /// Waits for the handler to be ready, posts `envelope` to `/function` and
    /// judges the answer. Above `functionTimeout` the handler is killed.
    pub async fn invoke(&self, function: &str, envelope: &Value) -> Result<(), InvocationFailed> {
        let id = guid();
        let started = Instant::now();
        let category = format!("Function.{function}");
        self.log.information(
            &category,
            format_args!("Executing 'Functions.{function}' (Id={id})"),
        );
        let verdict = self.run(function, &id, envelope).await;
        let duration_ms = started.elapsed().as_millis();
        match verdict {
            Verdict::Succeeded(lines) => {
                for line in lines {
                    self.log.information(&format!("{category}.User"), line);
                }
                self.log.information(
                    &category,
                    format_args!("Executed 'Functions.{function}' (Succeeded, Id={id}, Duration={duration_ms}ms)"),
                );
                Ok(())
            }
            Verdict::Failed(reason) => {
                self.log.error(
                    &category,
                    format_args!("Executed 'Functions.{function}' (Failed, Id={id}, Duration={duration_ms}ms): {reason}"),
                );
                Err(InvocationFailed(reason))
            }
            Verdict::NeverCompletes => Err(InvocationFailed("no result".into())),
        }
    }

    async fn run(&self, function: &str, id: &str, envelope: &Value) -> Verdict {
        if self.handler.ready().await.is_err() {
            return Verdict::Failed("the handler is gone".into());
        }
        let deadline = Deadline::start(
            &self.handler,
            self.function_timeout,
            function,
            id,
            &self.log,
        );
        let answered = async {
            let verdict = match self.post(function, id, envelope).await {
                Ok(reply) => judge(&reply),
                Err(reason) => Verdict::Failed(reason),
            };
            if verdict == Verdict::NeverCompletes {
                std::future::pending::<()>().await;
            }
            verdict
        };
        tokio::select! {
            verdict = answered => verdict,
            () = deadline.passed() => Verdict::Failed(
                "Timeout value was exceeded by function, the handler is killed".into(),
            ),
        }
    }

    async fn post(&self, function: &str, id: &str, envelope: &Value) -> Result<Reply, String> {
        let body = Bytes::from(envelope.to_string());
        let mut method = Method::POST;
        let mut with_body = true;
        let mut target = format!("/{function}");
        for _ in 0..=MAX_REDIRECTS {
            let request = self.request(&method, &target, id, with_body.then(|| body.clone()))?;
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| format!("the handler did not answer: {}", causes(&error)))?;
            let (parts, incoming) = response.into_parts();
            if parts.status.is_redirection()
                && let Some(location) = parts.headers.get(LOCATION)
            {
                target = local_target(location)
                    .ok_or_else(|| format!("the redirect to {location:?} leaves the handler"))?;
                if redirect_becomes_get(parts.status, &method) {
                    method = Method::GET;
                    with_body = false;
                }
                continue;
            }
            let length_known = parts.headers.contains_key(CONTENT_LENGTH)
                || incoming.size_hint().exact() == Some(0);
            let body = incoming
                .collect()
                .await
                .map_err(|error| format!("the handler's answer broke off: {}", causes(&error)))?
                .to_bytes()
                .to_vec();
            return Ok(Reply {
                status: parts.status,
                headers: parts.headers,
                body,
                length_known,
            });
        }
        Err(format!("more than {MAX_REDIRECTS} redirects"))
    }

    fn request(
        &self,
        method: &Method,
        target: &str,
        id: &str,
        body: Option<Bytes>,
    ) -> Result<Request<InvocationBody>, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{target}", self.handler.address()))
            .header(HOST_VERSION_HEADER, HOST_VERSION)
            .header(INVOCATION_ID_HEADER, id)
            .header(USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"))
            .header("traceparent", traceparent(None));
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json; charset=utf-8");
        }
        request
            .body(InvocationBody(body))
            .map_err(|error| format!("the request to {target} cannot be made: {error}"))
    }
}

/// A body that does not tell its length, so that it goes out chunked as the
/// host's does. `None`: no body.
#[derive(Debug)]
struct InvocationBody(Option<Bytes>);

impl Body for InvocationBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// The path and query of a redirect, if it stays with the handler. Stricter than
/// the real host, which would follow it anywhere.
fn local_target(location: &HeaderValue) -> Option<String> {
    let uri: Uri = location.to_str().ok()?.parse().ok()?;
    match uri.host() {
        None | Some("127.0.0.1" | "localhost") => Some(uri.path_and_query()?.to_string()),
        Some(_) => None,
    }
}

/// .NET: 300–303 turn a POST into a GET without body; 307 and 308 do not.
fn redirect_becomes_get(status: StatusCode, method: &Method) -> bool {
    matches!(status.as_u16(), 300..=303) && method == Method::POST
}

/// An error with its causes, in one line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
