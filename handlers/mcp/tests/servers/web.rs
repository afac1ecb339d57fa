//! A tool server that is reached by URL, and misbehaves on request.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use futures::{StreamExt, stream};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What comes instead of an answer to the next call of a tool.
#[derive(Clone)]
pub enum Trick {
    /// This status, with these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// This content type, with these bytes.
    Body(&'static str, Vec<u8>),
    /// These events and an open stream behind them.
    Hangs(Vec<u8>),
    /// A byte from time to time, without end.
    Drips,
    /// Bytes without end.
    Floods(&'static str, Vec<u8>),
    /// An event stream with a question before the answer.
    Asks,
}

#[derive(Default)]
pub struct Seen {
    /// Method, tool, session and version of every request.
    pub requests: Vec<(String, HeaderMap)>,
    /// What was said to questions.
    pub answers: Vec<Value>,
}

#[derive(Clone)]
pub struct Web(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    seen: Mutex<Seen>,
    tricks: Mutex<VecDeque<Trick>>,
    sessions: Mutex<Vec<String>>,
    /// What `Mcp-Session-Id` says; `None`: one for each session.
    id: Mutex<Option<Vec<String>>>,
    is_streaming: Mutex<bool>,
    tools: Mutex<BTreeMap<String, String>>,
    serving: Mutex<Option<JoinHandle<()>>>,
    /// The PEM of who vouches for it, where it speaks TLS.
    authority: Option<String>,
}

impl Web {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve(listener.local_addr().unwrap(), listener, None)
    }

    /// The same over TLS, with a certificate for `name`.
    pub async fn over_tls(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
        let (authority, key) = (authority.unwrap(), KeyPair::generate().unwrap());
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            );
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::serve(address, Tls { listener, acceptor }, Some(authority.pem()))
    }

    fn serve<L>(address: SocketAddr, listener: L, authority: Option<String>) -> Self
    where
        L: axum::serve::Listener<Addr = SocketAddr>,
    {
        let tools = ["read", "change"].map(|name| (name.to_owned(), format!("Does {name}.")));
        let web = Self(Arc::new(Shared {
            address,
            seen: Mutex::default(),
            tricks: Mutex::default(),
            sessions: Mutex::default(),
            id: Mutex::default(),
            is_streaming: Mutex::default(),
            tools: Mutex::new(tools.into()),
            serving: Mutex::default(),
            authority,
        }));
        let router = Router::new().fallback(handle).with_state(web.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        *web.0.serving.lock().unwrap() = Some(serving);
        web
    }

    /// From now on nobody connects.
    pub async fn stop(&self) {
        let serving = self.0.serving.lock().unwrap().take().unwrap();
        serving.abort();
        let _aborted = serving.await;
    }

    pub fn authority(&self) -> Vec<u8> {
        self.0.authority.clone().unwrap_or_default().into_bytes()
    }

    pub fn url(&self) -> String {
        let scheme = self.0.authority.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}/mcp?a=b", self.0.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    pub fn trick(&self, trick: Trick) {
        self.0.tricks.lock().unwrap().push_back(trick);
    }

    pub fn stream(&self) {
        *self.0.is_streaming.lock().unwrap() = true;
    }

    pub fn give_ids(&self, ids: &[&str]) {
        *self.0.id.lock().unwrap() = Some(ids.iter().map(|&id| id.to_owned()).collect());
    }

    /// Every session is forgotten.
    pub fn forget(&self) {
        self.0.sessions.lock().unwrap().clear();
    }

    pub fn describe(&self, tool: &str, description: &str) {
        let mut tools = self.0.tools.lock().unwrap();
        tools.insert(tool.to_owned(), description.to_owned());
    }

    pub fn forget_answers(&self) {
        self.0.seen.lock().unwrap().answers.clear();
    }

    pub fn open_sessions(&self) -> usize {
        self.0.sessions.lock().unwrap().len()
    }

    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.0.seen.lock().unwrap())
    }

    /// How often this was asked: an MCP method, or `call <tool>`, or `DELETE`.
    pub fn count(&self, what: &str) -> usize {
        self.seen(|seen| seen.requests.iter().filter(|(w, _)| w == what).count())
    }
}

async fn handle(
    State(web): State<Web>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path() == "/token" {
        let form = String::from_utf8_lossy(&body).into_owned();
        return web.token(&form, headers);
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = message["params"]["name"].as_str();
    let what = match (message["method"].as_str(), name) {
        (Some("tools/call"), Some(name)) => format!("call {name}"),
        (Some(asked), _) => asked.to_owned(),
        (None, _) if method == Method::POST => "answer".to_owned(),
        (None, _) => method.to_string(),
    };
    {
        let mut seen = web.0.seen.lock().unwrap();
        if what == "answer" {
            seen.answers.push(message.clone());
        }
        seen.requests.push((what.clone(), headers.clone()));
    }
    let id = message["id"].clone();
    let session = headers.get("mcp-session-id");
    let session = session.map(|id| id.to_str().unwrap().to_owned());
    if what == "initialize" {
        return web.initialize(&id);
    }
    {
        let mut sessions = web.0.sessions.lock().unwrap();
        let known = session.filter(|id| sessions.contains(id));
        let Some(known) = known else {
            return answer(404, &[], Body::empty());
        };
        if method == Method::DELETE {
            sessions.retain(|id| *id != known);
            return answer(200, &[], Body::empty());
        }
    }
    if id.is_null() || what == "answer" {
        return answer(202, &[], Body::empty());
    }
    let trick = what
        .starts_with("call ")
        .then(|| web.0.tricks.lock().unwrap().pop_front());
    if let Some(trick) = trick.flatten() {
        return web.play(trick, &id);
    }
    let result = match what.as_str() {
        "tools/list" => {
            let tools = web.0.tools.lock().unwrap();
            let tool = |(name, description): (&String, &String)| {
                json!({"name": name, "description": description,
                       "inputSchema": {"type": "object"}})
            };
            json!({"tools": tools.iter().map(tool).collect::<Vec<_>>()})
        }
        "ping" => json!({}),
        _ => text(&format!("{what} {}", message["params"]["arguments"])),
    };
    web.reply(&id, &result, &[])
}

impl Web {
    /// One for a second, the number of which is how often one was asked for.
    fn token(&self, form: &str, headers: HeaderMap) -> Response {
        let mut seen = self.0.seen.lock().unwrap();
        seen.requests.push((format!("token {form}"), headers));
        let asked = |(what, _): &&(String, HeaderMap)| what.starts_with("token ");
        let number = seen.requests.iter().filter(asked).count();
        let answer_with = |status: u16, body: Value| {
            let json = [("content-type", "application/json".to_owned())];
            answer(status, &json, Body::from(body.to_string()))
        };
        let known = ["files", "mcp-t--token"].map(|name| format!("client_secret=Bearer+of+{name}"));
        if !known.iter().any(|secret| form.contains(secret)) {
            return answer_with(401, json!({"error": "invalid_client", "said": form}));
        }
        let token = format!("token-{number}");
        let token = json!({"access_token": token, "token_type": "bearer", "expires_in": 1});
        answer_with(200, token)
    }

    fn initialize(&self, id: &Value) -> Response {
        let given = self.0.id.lock().unwrap().clone();
        let ids = given.unwrap_or_else(|| {
            let count = self.seen(|seen| seen.requests.len());
            vec![format!("session-{count}")]
        });
        self.0.sessions.lock().unwrap().extend(ids.clone());
        let result = json!({
            "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
            "serverInfo": {"name": "web", "version": "1"},
        });
        let ids: Vec<_> = ids.into_iter().map(|id| ("mcp-session-id", id)).collect();
        let mut headers = vec![("set-cookie", "a=b".to_owned())];
        headers.extend(ids);
        self.reply(id, &result, &headers)
    }

    fn reply(&self, id: &Value, result: &Value, headers: &[(&str, String)]) -> Response {
        let message = json!({"jsonrpc": "2.0", "id": id, "result": result});
        let (kind, body) = if *self.0.is_streaming.lock().unwrap() {
            let noise = json!({"jsonrpc": "2.0", "method": "notifications/message",
                               "params": {"level": "info", "data": "noise"}});
            let body =
                format!(": hello\n\nid: 1\ndata: {noise}\n\nevent: message\ndata: {message}\n\n");
            ("text/event-stream", body)
        } else {
            ("application/json; charset=utf-8", message.to_string())
        };
        let mut all = vec![("content-type", kind.to_owned())];
        all.extend(headers.iter().cloned());
        answer(200, &all, Body::from(body))
    }

    fn play(&self, trick: Trick, id: &Value) -> Response {
        let with = |kind: &str, body: Body| answer(200, &[("content-type", kind.to_owned())], body);
        match trick {
            Trick::Status(status, headers) => answer(status, &headers, Body::empty()),
            Trick::Body(kind, bytes) => with(kind, Body::from(bytes)),
            Trick::Hangs(bytes) => with("text/event-stream", endless(bytes, None)),
            Trick::Drips => {
                let dripping = endless(b"d".to_vec(), Some(Duration::from_millis(20)));
                with("application/json", dripping)
            }
            Trick::Floods(kind, bytes) => with(kind, endless(bytes, Some(Duration::ZERO))),
            Trick::Asks => {
                let form =
                    json!({"type": "object", "properties": {"decision": {"type": "string"}}});
                let question = json!({"jsonrpc": "2.0", "id": 77, "method": "elicitation/create",
                    "params": {"message": "Sure?", "requestedSchema": form}});
                let sampling = json!({"jsonrpc": "2.0", "id": 78, "method": "sampling/createMessage",
                    "params": {"messages": [], "maxTokens": 1}});
                let web = self.clone();
                let (id, asked) = (
                    id.clone(),
                    format!("data: {question}\n\ndata: {sampling}\n\n"),
                );
                let events = stream::iter([Ok::<_, Infallible>(asked)]);
                let last = stream::once(async move {
                    while web.seen(|seen| seen.answers.len()) < 2 {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    let said = web.seen(|seen| seen.answers.clone());
                    let said = json!(said).to_string();
                    let message = json!({"jsonrpc": "2.0", "id": id, "result": text(&said)});
                    Ok(format!("data: {message}\n\n"))
                });
                with("text/event-stream", Body::from_stream(events.chain(last)))
            }
        }
    }
}

/// The bytes once and no end, or again and again.
fn endless(bytes: Vec<u8>, again: Option<Duration>) -> Body {
    Body::from_stream(stream::unfold(0usize, move |count| {
        let bytes = bytes.clone();
        async move {
            match again {
                None if count > 0 => std::future::pending().await,
                Some(pause) if count > 0 && !pause.is_zero() => tokio::time::sleep(pause).await,
                _ => {}
            }
            Some((Ok::<_, Infallible>(Bytes::from(bytes)), count + 1))
        }
    }))
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn answer(status: u16, headers: &[(&str, String)], body: Body) -> Response {
    let mut answer = Response::builder().status(StatusCode::from_u16(status).unwrap());
    for (name, value) in headers {
        answer = answer.header(*name, value);
    }
    answer.body(body).unwrap()
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            // Who does not trust us ends the handshake.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
