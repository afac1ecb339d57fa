use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::Error as ClientError;
use tokio::time::sleep;

use super::activity::Activity;
use super::body::{AnswerBody, MAX_REQUEST_BODY_BYTES, Offer, RequestBody, ResponseBody, text};
use super::headers;
use crate::handler::{Client, Handler, client};
use crate::invocation::{Deadline, causes, guid};
use crate::log::Log;
use crate::timing::Timing;

/// The streaming proxy in front of the handler's HTTP functions.
#[derive(Debug)]
pub struct Forwarder {
    handler: Arc<Handler>,
    client: Client<RequestBody>,
    function_timeout: Option<Duration>,
    timing: Timing,
    log: Log,
}

/// What became of a request before there was an answer.
enum Failure {
    Idle,
    TooLarge,
    TimedOut,
    Unreachable(String),
}

impl Forwarder {
    pub fn new(
        handler: Arc<Handler>,
        function_timeout: Option<Duration>,
        timing: Timing,
        log: Log,
    ) -> Self {
        Self {
            client: client(handler.address()),
            handler,
            function_timeout,
            timing,
            log,
        }
    }

    /// Sends `request` to the handler with the same method, query and body, and
    /// `path` as its path. Nothing is collected in either direction.
    ///
    /// Dropping the future, or the answer's body, ends the exchange with the
    /// handler.
    pub async fn forward(
        &self,
        function: &str,
        request: Request<Incoming>,
        path: &str,
        peer: SocketAddr,
    ) -> Response<AnswerBody> {
        if request.body().size_hint().lower() > MAX_REQUEST_BODY_BYTES {
            return answer(StatusCode::PAYLOAD_TOO_LARGE);
        }
        if self.handler.ready().await.is_err() {
            return answer(StatusCode::SERVICE_UNAVAILABLE);
        }
        let id = guid();
        let deadline = Deadline::start(
            &self.handler,
            self.function_timeout,
            function,
            &id,
            &self.log,
        );
        let activity = Arc::new(Activity::new(self.timing.activity_timeout));
        let exchange = self.exchange(request, path, peer, &id, &activity);
        let result = tokio::select! {
            result = exchange => result,
            () = activity.idle() => Err(Failure::Idle),
            () = deadline.passed() => Err(Failure::TimedOut),
        };
        match result {
            Ok(response) => {
                let (mut parts, body) = response.into_parts();
                headers::drop_hop_by_hop(&mut parts.headers);
                let body = ResponseBody::new(body, activity, deadline);
                Response::from_parts(parts, body.boxed_unsync())
            }
            Err(failure) => self.failed(function, &id, failure),
        }
    }

    /// Tries until the handler answers. A try is repeated, as in the host's
    /// `RetryProxyHandler`, as long as nothing of the body was read; so a
    /// request without a body may reach the handler twice when a connection
    /// breaks.
    async fn exchange(
        &self,
        request: Request<Incoming>,
        path: &str,
        peer: SocketAddr,
        id: &str,
        activity: &Arc<Activity>,
    ) -> Result<Response<Incoming>, Failure> {
        let (mut parts, body) = request.into_parts();
        headers::to_handler(&mut parts.headers, peer.ip(), id);
        parts.uri = self
            .target(path, parts.uri.query())
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        let has_length = parts.headers.contains_key(CONTENT_LENGTH);
        let offer = Offer::new(body);
        let mut pause = self.timing.proxy_backoff_first;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut again = Request::builder()
                .method(parts.method.clone())
                .uri(parts.uri.clone())
                .body(offer.body(Arc::clone(activity)))
                .map_err(|error| Failure::Unreachable(error.to_string()))?;
            again.headers_mut().clone_from(&parts.headers);
            debug_assert!(!has_length || again.body().size_hint().exact().is_some());
            match self.client.request(again).await {
                Ok(response) => {
                    activity.touch();
                    return Ok(response);
                }
                Err(_) if offer.was_too_large() => return Err(Failure::TooLarge),
                Err(error) if offer.is_untouched() && tries < self.timing.proxy_attempts => {
                    self.log.warning(
                        "Host.Proxy",
                        format_args!(
                            "Failed to proxy request to the worker. Retrying in {}ms. Attempt {tries} of {}.",
                            pause.as_millis(),
                            self.timing.proxy_attempts
                        ),
                    );
                    drop(error);
                    sleep(pause).await;
                    pause = (pause * 2).min(self.timing.proxy_backoff_max);
                }
                Err(error) => return Err(Failure::Unreachable(describe(&error))),
            }
        }
    }

    fn target(&self, path: &str, query: Option<&str>) -> Result<Uri, http::Error> {
        let mut target = path.to_owned();
        if let Some(query) = query {
            target.push('?');
            target.push_str(query);
        }
        Uri::builder()
            .scheme("http")
            .authority(self.handler.address().to_string())
            .path_and_query(target)
            .build()
    }

    fn failed(&self, function: &str, id: &str, failure: Failure) -> Response<AnswerBody> {
        let (status, reason) = match failure {
            Failure::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request body is too large".to_owned(),
            ),
            Failure::Idle => (
                StatusCode::GATEWAY_TIMEOUT,
                "nothing moved for the activity timeout".to_owned(),
            ),
            Failure::TimedOut => (
                StatusCode::BAD_GATEWAY,
                "the function timeout passed".to_owned(),
            ),
            Failure::Unreachable(reason) => (StatusCode::BAD_GATEWAY, reason),
        };
        self.log.error(
            &format!("Function.{function}"),
            format_args!("Failed to proxy request (Id={id}): {reason}"),
        );
        answer(status)
    }
}

fn describe(error: &ClientError) -> String {
    causes(error)
}

/// An answer of the host itself, without a body.
pub fn answer(status: StatusCode) -> Response<AnswerBody> {
    let mut response = Response::new(text(""));
    *response.status_mut() = status;
    response
}
