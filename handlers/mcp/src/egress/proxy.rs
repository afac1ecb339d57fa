//! What the proxy answers: `CONNECT host:port`, and requests for `http://…`; nothing to
//! whoever has no pass.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::allow::Verdict;
use super::dial::{Dialer, NoConnection};
use super::passes::{Activity, Holder, Passes};
use super::target::Target;
use super::tunnel;

/// Longest head of a request, bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long nobody can be let in after the listener refused.
const BREATH: Duration = Duration::from_millis(50);
/// Never passed on: they belong to one connection, and the first to us.
const OUR_OWN: [HeaderName; 8] = [
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(super) struct Proxy {
    pub(super) passes: Arc<Passes>,
    pub(super) dialer: Dialer,
    pub(super) limits: Limits,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Proxy {
    /// Takes connections until it is stopped; those to the port of a pass until that
    /// ends, and without asking for credentials.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, owner: Option<Arc<Holder>>) {
        let ended = owner
            .as_ref()
            .map_or_else(CancellationToken::new, |owner| owner.ended.clone());
        let open = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => return,
                () = ended.cancelled() => return,
            };
            match accepted {
                Ok((stream, _)) => {
                    // More than all processes together may have: whoever comes now is
                    // turned away rather than kept.
                    let Ok(permit) = Arc::clone(&open).try_acquire_owned() else {
                        continue;
                    };
                    let proxy = Arc::clone(&self);
                    self.tasks
                        .spawn(proxy.connection(stream, permit, owner.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the egress proxy cannot accept");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        permit: OwnedSemaphorePermit,
        owner: Option<Arc<Holder>>,
    ) {
        let _delayed = stream.set_nodelay(true);
        let proxy = Arc::clone(&self);
        let service = service_fn(move |request| {
            let (proxy, owner) = (Arc::clone(&proxy), owner.clone());
            async move { Ok::<_, Infallible>(proxy.answer(request, owner).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.connect)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::select! {
            served = served => if let Err(error) = served {
                tracing::debug!(%error, "a connection to the egress proxy ended early");
            },
            () = self.stop.cancelled() => {}
        }
        drop(permit);
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        owner: Option<Arc<Holder>>,
    ) -> Response<Body> {
        let authorization = request.headers().get(header::PROXY_AUTHORIZATION);
        let presented = || authorization.and_then(|value| self.passes.holder(value.as_bytes()));
        let Some(holder) = owner.or_else(presented) else {
            let mut answer = say(
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                "This proxy is for tool servers.",
            );
            answer.headers_mut().insert(
                header::PROXY_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"azimuth\""),
            );
            return answer;
        };
        let is_tunnel = request.method() == Method::CONNECT;
        let target = match asked(&request) {
            Ok(target) => target,
            Err(why) => return say(StatusCode::BAD_REQUEST, why),
        };
        let way = match self.way(holder, &target).await {
            Ok(way) => way,
            Err(Closed { status, why }) => return say(status, &why),
        };
        if is_tunnel {
            self.tunnel(request, way)
        } else {
            self.pass_on(request, &target, way).await
        }
    }

    /// A connection to `target` for the holder of a pass, if it may have one.
    pub(super) async fn way(&self, holder: Arc<Holder>, target: &Target) -> Result<Way, Closed> {
        let closed = |status: StatusCode, why: String| Err(Closed { status, why });
        let verdict = holder.allow.decide(target);
        if verdict == Verdict::Refused {
            refused(&holder, target, "not on the list");
            let why = format!("The tool server {} may not reach {target}.", holder.server);
            return closed(StatusCode::FORBIDDEN, why);
        }
        let places = Arc::clone(&holder.connections);
        let Ok(Ok(place)) = timeout(self.limits.connect, places.acquire_owned()).await else {
            let why = "This process has too many connections.";
            return closed(StatusCode::SERVICE_UNAVAILABLE, why.to_owned());
        };
        let server = match self.dialer.dial(verdict, target).await {
            Ok(server) => server,
            Err(NoConnection::Refused(why)) => {
                refused(&holder, target, &why);
                return closed(StatusCode::FORBIDDEN, why);
            }
            Err(NoConnection::Failed(why)) => {
                tracing::info!(server = holder.server, why, "a tool server reached nothing");
                return closed(StatusCode::BAD_GATEWAY, why);
            }
        };
        let activity = reached(&holder, target);
        Ok(Way {
            holder,
            activity,
            server,
            place,
        })
    }

    /// Answers 200; from then on the connection is the tunnel.
    fn tunnel(self: &Arc<Self>, request: Request<Incoming>, way: Way) -> Response<Body> {
        let (stop, idle) = (self.stop.clone(), self.limits.idle);
        self.tasks.spawn(async move {
            let Ok(client) = hyper::upgrade::on(request).await else {
                return;
            };
            let moved = || way.holder.touch(&way.activity);
            let joined = tunnel::join(TokioIo::new(client), way.server, idle, moved);
            tokio::select! {
                // However it ended, both sides see it.
                _ended = joined => {}
                () = way.holder.ended.cancelled() => {}
                () = stop.cancelled() => {}
            }
            drop(way.place);
        });
        Response::new(Body::empty())
    }

    /// Sends one request on, by the connection that was judged.
    async fn pass_on(
        self: &Arc<Self>,
        request: Request<Incoming>,
        target: &Target,
        way: Way,
    ) -> Response<Body> {
        let Some(request) = rewritten(request, target) else {
            return say(StatusCode::BAD_REQUEST, "The address is none.");
        };
        let opened = hyper::client::conn::http1::handshake(TokioIo::new(way.server)).await;
        let Ok((mut sender, connection)) = opened else {
            return say(StatusCode::BAD_GATEWAY, "The server does not answer.");
        };
        let (stop, whole) = (self.stop.clone(), self.limits.exchange);
        let (holder, activity) = (way.holder, way.activity);
        holder.touch(&activity);
        self.tasks.spawn(async move {
            tokio::select! {
                _ended = timeout(whole, connection) => {}
                () = holder.ended.cancelled() => {}
                () = stop.cancelled() => {}
            }
            holder.touch(&activity);
            drop(way.place);
        });
        match sender.send_request(request).await {
            Ok(mut answer) => {
                remove_our_own(answer.headers_mut());
                answer.map(Body::new)
            }
            Err(_) => say(StatusCode::BAD_GATEWAY, "The server does not answer."),
        }
    }
}

/// A connection that was made for the holder of a pass.
pub(super) struct Way {
    pub(super) holder: Arc<Holder>,
    pub(super) activity: Arc<Activity>,
    pub(super) server: TcpStream,
    pub(super) place: OwnedSemaphorePermit,
}

/// Why there is none, as it is answered.
pub(super) struct Closed {
    status: StatusCode,
    pub(super) why: String,
}

/// Where the request wants to go.
fn asked(request: &Request<Incoming>) -> Result<Target, &'static str> {
    let uri = request.uri();
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    let parsed = match (request.method(), uri.scheme_str(), authority) {
        (&Method::CONNECT, None, Some(authority)) => Target::parse(authority),
        (&Method::CONNECT, ..) => return Err("CONNECT takes host:port."),
        (_, Some("http"), Some(authority)) if has_port(authority) => Target::parse(authority),
        (_, Some("http"), Some(authority)) => Target::parse(&format!("{authority}:80")),
        _ => {
            return Err(
                "This is a proxy: it takes CONNECT, and addresses that begin with http://.",
            );
        }
    };
    parsed.map_err(|_| "The address is none that a proxy takes.")
}

fn has_port(authority: &str) -> bool {
    authority
        .rsplit_once(':')
        .is_some_and(|(host, _)| !host.contains('[') || host.ends_with(']'))
}

/// The request as the server takes it: a path, its own name, nothing of ours.
fn rewritten(request: Request<Incoming>, target: &Target) -> Option<Request<Incoming>> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().ok()?;
    remove_our_own(&mut parts.headers);
    let host = match target.port {
        80 => target.host.to_string(),
        _ => target.to_string(),
    };
    parts
        .headers
        .insert(header::HOST, HeaderValue::from_str(&host).ok()?);
    Some(Request::from_parts(parts, body))
}

fn remove_our_own(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OUR_OWN) {
        headers.remove(name);
    }
}

/// Remembers the host; a new one is told.
fn reached(holder: &Holder, target: &Target) -> Arc<Activity> {
    let (activity, is_new) = holder.reaches(target);
    if is_new {
        let (tid, oid) = person(holder);
        tracing::info!(server = holder.server, tid, oid, host = %target, "a tool server reaches a host");
    }
    holder.touch(&activity);
    activity
}

fn refused(holder: &Holder, target: &Target, why: &str) {
    let (tid, oid) = person(holder);
    tracing::warn!(server = holder.server, tid, oid, host = %target, why, "a tool server may not reach a host");
}

fn person(holder: &Holder) -> (Option<&str>, Option<&str>) {
    let user = holder.user.as_ref();
    (
        user.map(|user| user.tid.as_str()),
        user.map(|user| user.oid.as_str()),
    )
}

fn say(status: StatusCode, text: &str) -> Response<Body> {
    let mut answer = Response::new(Body::from(text.to_owned()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}
