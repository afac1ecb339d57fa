//! MCP over streamable HTTP, as `rmcp` wants a transport: a message of ours is a request
//! of its own, and what the server says comes in the answers to those.
//!
//! The server gets no stream of its own (`GET`), and an answer that breaks off is not
//! resumed: it may have had an effect, so its call is unclear.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{
    ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use rmcp::model::{ClientRequest, JsonRpcMessage, RequestId, ServerResult};
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::Remote;
use super::exchange::{Opened, Way, next, read, too_long};
use super::messages::Messages;
use crate::shown::shown;
use crate::stream::{StreamEnd, StreamWatch};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// Longest id of a session, bytes.
const MAX_SESSION: usize = 512;
/// How long connecting may take, and again the answer to a message that is no request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the last messages may take at the end, and again the word that it is the end.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How often the longest message fits into a stream of events.
const STREAM: usize = 4;
/// Messages that wait to be read.
const WAITING: usize = 16;

/// How a session is; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Health {
    pub(crate) stream: StreamWatch,
    fault: Arc<OnceLock<Fault>>,
}

/// Why a session is over.
#[derive(Debug)]
pub(super) struct Fault {
    /// What the server did, for people: "it …".
    how: String,
    /// It does not know the session any more.
    is_lost: bool,
}

impl Fault {
    pub(super) fn new(how: impl Into<String>) -> Self {
        Self {
            how: how.into(),
            is_lost: false,
        }
    }
}

impl From<String> for Fault {
    fn from(how: String) -> Self {
        Self::new(how)
    }
}

impl Health {
    /// The first fault ends the session.
    fn end(&self, fault: Fault) {
        self.fault.get_or_init(|| fault);
        self.stream.set(StreamEnd::Broken);
    }

    /// Why the session is over, for people; `None` while the server did nothing wrong.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.get().map(|fault| format!("it {}", fault.how))
    }

    /// Whether the server has forgotten the session.
    pub(crate) fn is_lost(&self) -> bool {
        self.fault.get().is_some_and(|fault| fault.is_lost)
    }
}

/// One session with a server, from our side.
pub(super) struct HttpTransport {
    line: Arc<Line>,
    said: mpsc::Receiver<RxJsonRpcMessage<RoleClient>>,
}

struct Line {
    remote: Remote,
    /// What every request has.
    headers: HeaderMap,
    way: Way,
    /// Longest message of the server, bytes.
    max: usize,
    health: Health,
    session: OnceLock<HeaderValue>,
    version: OnceLock<HeaderValue>,
    says: mpsc::Sender<RxJsonRpcMessage<RoleClient>>,
    /// Messages to which nothing is answered, on their way.
    posts: TaskTracker,
}

impl HttpTransport {
    /// `headers` are those of the configuration, without names of secrets.
    pub(super) fn new(
        remote: Remote,
        headers: HeaderMap,
        way: Way,
        max: usize,
        health: Health,
    ) -> Self {
        let (says, said) = mpsc::channel(WAITING);
        let line = Arc::new(Line {
            remote,
            headers,
            way,
            max,
            health,
            session: OnceLock::new(),
            version: OnceLock::new(),
            says,
            posts: TaskTracker::new(),
        });
        Self { line, said }
    }
}

impl Drop for HttpTransport {
    /// Whatever still reads an answer stops.
    fn drop(&mut self) {
        self.line.health.stream.set(StreamEnd::Closed);
    }
}

impl Transport<RoleClient> for HttpTransport {
    /// Nothing was sent.
    type Error = io::Error;

    /// An error says that nothing was sent; what fails later ends the session.
    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        Arc::clone(&self.line).send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        tokio::select! {
            biased;
            message = self.said.recv() => message,
            () = self.line.health.stream.ended() => None,
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.line.posts.close();
        // The word that a call is cancelled may still be on its way.
        let _sent = timeout(LAST_WORDS, self.line.posts.wait()).await;
        if !self.line.health.is_lost() && self.line.session.get().is_some() {
            // Who does not hear it forgets the session by itself.
            let _told = timeout(LAST_WORDS, self.line.say_end()).await;
        }
        self.line.health.stream.set(StreamEnd::Closed);
        Ok(())
    }
}

impl Line {
    async fn send(self: Arc<Self>, message: TxJsonRpcMessage<RoleClient>) -> io::Result<()> {
        let body = serde_json::to_vec(&message).map_err(io::Error::other)?;
        let opened = match timeout(PATIENCE, self.way.open(&self.remote.endpoint)).await {
            Ok(opened) => opened.map_err(io::Error::other)?,
            Err(_) => return Err(io::Error::other("No connection in time.")),
        };
        let request = self.request(Method::POST, body)?;
        let tasks = self.way.tasks.clone();
        if let JsonRpcMessage::Request(asked) = message {
            let is_first = matches!(asked.request, ClientRequest::InitializeRequest(_));
            tasks.spawn(async move {
                tokio::select! {
                    answered = self.answer(opened, request, &asked.id, is_first) => {
                        if let Err(fault) = answered {
                            self.health.end(fault);
                        }
                    }
                    () = self.health.stream.ended() => {}
                }
            });
            return Ok(());
        }
        let counted = self.posts.token();
        let posting = tasks.spawn(async move {
            let _counted = counted;
            let posted = timeout(PATIENCE, self.post(opened, request)).await;
            let posted = posted.unwrap_or_else(|_| Err(Fault::new("took no notification in time")));
            if let Err(fault) = posted {
                self.health.end(fault);
            }
        });
        // It goes on when nobody waits for it.
        let _posted = posting.await;
        Ok(())
    }

    fn request(&self, method: Method, body: Vec<u8>) -> io::Result<Request<Full<Bytes>>> {
        let has_body = !body.is_empty();
        let mut request = Request::builder()
            .method(method)
            .uri(self.remote.endpoint.path())
            .body(Full::new(Bytes::from(body)))
            .map_err(io::Error::other)?;
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        let host = HeaderValue::from_str(&self.remote.endpoint.authority());
        headers.insert(HOST, host.map_err(io::Error::other)?);
        let us = concat!("azimuth/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(us));
        if has_body {
            let json = HeaderValue::from_static("application/json");
            headers.insert(CONTENT_TYPE, json);
            let both = HeaderValue::from_static("application/json, text/event-stream");
            headers.insert(ACCEPT, both);
        }
        let session = self.session.get().map(|id| (SESSION, id.clone()));
        let version = self.version.get().map(|version| (VERSION, version.clone()));
        headers.extend(
            [session, version]
                .into_iter()
                .flatten()
                .map(|(n, v)| (Some(n), v)),
        );
        Ok(request)
    }

    /// Sends a request and passes on what comes, up to its answer.
    async fn answer(
        &self,
        opened: Opened,
        request: Request<Full<Bytes>>,
        id: &RequestId,
        is_first: bool,
    ) -> Result<(), Fault> {
        let answer = opened.send(request).await?;
        self.check(&answer)?;
        if is_first {
            self.keep_session(answer.headers())?;
        }
        match kind(answer.headers())? {
            Kind::Json => {
                let bytes = read(answer.into_body(), self.max).await?;
                let message = parsed(&bytes).filter(|message| answers(message, id));
                let no_answer = "answered with something that is no answer of MCP";
                self.pass_on(message.ok_or_else(|| Fault::new(no_answer))?, is_first)
                    .await
            }
            Kind::Events => self.follow(answer.into_body(), id, is_first).await,
        }
    }

    /// Reads a stream of events until the request is answered; what comes behind that
    /// nobody hears.
    async fn follow(
        &self,
        mut body: Incoming,
        id: &RequestId,
        is_first: bool,
    ) -> Result<(), Fault> {
        let mut messages = Messages::new(self.max);
        let mut total = 0usize;
        while let Some(piece) = next(&mut body).await? {
            total = total.saturating_add(piece.len());
            if total > self.max.saturating_mul(STREAM) {
                return Err(too_long(self.max.saturating_mul(STREAM)).into());
            }
            let found = messages.take(&piece);
            for data in found.map_err(|_| Fault::new(too_long(self.max)))? {
                // What is no message is passed over, as a line of a process is.
                let Some(message) = parsed(&data) else {
                    continue;
                };
                let is_answer = answers(&message, id);
                self.pass_on(message, is_first && is_answer).await?;
                if is_answer {
                    return Ok(());
                }
            }
        }
        Err(Fault::new("ended its answer before it said anything"))
    }

    /// Sends what has no answer.
    async fn post(&self, opened: Opened, request: Request<Full<Bytes>>) -> Result<(), Fault> {
        let answer = opened.send(request).await?;
        self.check(&answer)
    }

    async fn say_end(&self) -> Result<(), String> {
        let request = self.request(Method::DELETE, Vec::new());
        let request = request.map_err(|error| error.to_string())?;
        let opened = self.way.open(&self.remote.endpoint).await?;
        // A server may not let us end it; that is its own affair.
        opened.send(request).await.map(drop)
    }

    /// Whether the answer is one that means success.
    fn check(&self, answer: &Response<Incoming>) -> Result<(), Fault> {
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let code = status.as_u16();
        Err(match status {
            StatusCode::NOT_FOUND if self.session.get().is_some() => Fault {
                how: "does not know the session any more".to_owned(),
                is_lost: true,
            },
            StatusCode::UNAUTHORIZED if answer.headers().contains_key(WWW_AUTHENTICATE) => {
                Fault::new(
                    "wants a sign-in (401), which Azimuth does not do; give it a header with a \
                     secret, or oauth, which gets it a token",
                )
            }
            StatusCode::METHOD_NOT_ALLOWED if answer.headers().contains_key(ALLOW) => {
                Fault::new("takes no messages at this URL (405)")
            }
            _ if status.is_redirection() => Fault::new(format!(
                "answered {code}, which leads elsewhere; nobody follows it"
            )),
            _ => Fault::new(format!("answered {code}")),
        })
    }

    /// Keeps the id of the session, if the server gave one.
    fn keep_session(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let mut ids = headers.get_all(SESSION).iter();
        let Some(id) = ids.next() else {
            return Ok(());
        };
        let is_id = (1..=MAX_SESSION).contains(&id.len())
            && id.as_bytes().iter().all(u8::is_ascii_graphic)
            && ids.next().is_none();
        if !is_id {
            return Err(Fault::new("gave its session an id that is none"));
        }
        let mut id = id.clone();
        // Who has it could speak in the session.
        id.set_sensitive(true);
        self.session.get_or_init(|| id);
        Ok(())
    }

    async fn pass_on(
        &self,
        message: RxJsonRpcMessage<RoleClient>,
        is_first: bool,
    ) -> Result<(), Fault> {
        if is_first
            && let JsonRpcMessage::Response(response) = &message
            && let ServerResult::InitializeResult(result) = &response.result
        {
            let version = result.protocol_version.as_str();
            let is_version = version.len() <= 32
                && version
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let header = HeaderValue::from_str(version).ok().filter(|_| is_version);
            let header = header.ok_or_else(|| Fault::new("speaks no version of MCP"))?;
            self.version.get_or_init(|| header);
        }
        // Nobody listens any more: then nobody misses it.
        let _passed = self.says.send(message).await;
        Ok(())
    }
}

enum Kind {
    Json,
    Events,
}

fn kind(headers: &HeaderMap) -> Result<Kind, Fault> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Fault::new("encoded its answer, which nobody asked for"));
    }
    let given = headers.get(CONTENT_TYPE);
    let given = given.map_or("", |given| given.to_str().unwrap_or_default());
    let essence = given.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Kind::Json),
        "text/event-stream" => Ok(Kind::Events),
        "" => Err(Fault::new("answered without a content type")),
        other => Err(Fault::new(format!(
            "answered with the content type {}, which MCP does not have",
            shown(other)
        ))),
    }
}

fn parsed(bytes: &[u8]) -> Option<RxJsonRpcMessage<RoleClient>> {
    serde_json::from_slice(bytes).ok()
}

/// Whether this is the answer to the request.
fn answers(message: &RxJsonRpcMessage<RoleClient>, id: &RequestId) -> bool {
    match message {
        JsonRpcMessage::Response(response) => response.id == *id,
        JsonRpcMessage::Error(error) => error.id.as_ref() == Some(id),
        JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => false,
    }
}
