use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderValue, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::admin::Admin;
use super::body::{AnswerBody, text};
use super::forward::{Forwarder, answer};
use super::path::{MAX_TARGET_BYTES, resolve};
use crate::settings::HttpTrigger;

const HOME_PAGE: &str = "<!DOCTYPE html><title>azimuth-host</title>\
    <p>This is the stand-in for the Azure Functions host. It is up and running.</p>\n";

/// An HTTP function of this instance.
#[derive(Debug, Clone)]
pub struct HttpFunction {
    pub name: String,
    pub trigger: HttpTrigger,
}

/// Everything that can answer a request.
#[derive(Debug)]
pub struct Front {
    /// In the order in which they are tried.
    pub functions: Vec<HttpFunction>,
    pub forwarder: Forwarder,
    pub admin: Admin,
    /// `AzureWebJobsDisableHomepage` is not set.
    pub has_home_page: bool,
}

impl Front {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<AnswerBody> {
        if request.headers().contains_key(UPGRADE) {
            // No upgrade passes the real host, whatever a local proxy could do.
            return answer(StatusCode::NOT_IMPLEMENTED);
        }
        let target_bytes = request.uri().path().len() + request.uri().query().map_or(0, str::len);
        if target_bytes > MAX_TARGET_BYTES {
            return answer(StatusCode::URI_TOO_LONG);
        }
        let Ok(path) = resolve(request.uri().path()).map(std::borrow::Cow::into_owned) else {
            return answer(StatusCode::BAD_REQUEST);
        };
        if is_below(&path, "/admin") {
            return self.admin.answer(request).await;
        }
        if is_below(&path, "/runtime") {
            return answer(StatusCode::NOT_FOUND);
        }
        if let Some(function) = self.find(request.method(), &path) {
            return self
                .forwarder
                .forward(&function.name, request, &path, peer)
                .await;
        }
        match (path.as_str(), self.has_home_page) {
            ("/", true) => home_page(),
            ("/", false) => answer(StatusCode::NO_CONTENT),
            _ => answer(StatusCode::NOT_FOUND),
        }
    }

    /// The first function, by name, whose route and methods fit. A more specific
    /// route does not win over an earlier one.
    fn find(&self, method: &Method, path: &str) -> Option<&HttpFunction> {
        self.functions.iter().find(|function| {
            let methods = &function.trigger.methods;
            (methods.is_empty() || methods.contains(method)) && function.trigger.route.matches(path)
        })
    }
}

/// Whether `path` is `root` or below it, without regard to case.
fn is_below(path: &str, root: &str) -> bool {
    path.get(..root.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(root))
        && matches!(path.as_bytes().get(root.len()), None | Some(b'/'))
}

fn home_page() -> Response<AnswerBody> {
    let mut response = Response::new(text(HOME_PAGE));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Accepts connections until `stop`, then drops them all.
pub async fn serve(listener: TcpListener, front: Arc<Front>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let connection = serve_connection(stream, peer, Arc::clone(&front));
                    let stop = stop.clone();
                    tokio::spawn(async move {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = connection => {}
                        }
                    });
                }
                // Out of file descriptors: let some connections end first.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            },
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, front: Arc<Front>) {
    // Without it a small event would wait for the acknowledgement of the last.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.answer(request, peer).await) }
    });
    // An error is a client that broke off; its exchange is dropped with it.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
