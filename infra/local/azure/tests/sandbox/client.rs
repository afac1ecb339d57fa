//! What a test holds: a sandbox, its clock, and the clients that a handler and a tool server are.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use azimuth_sandbox::clock::Clock;
use azimuth_sandbox::directory::{API_CLIENT, API_CLIENT_SECRET, user};
use azimuth_sandbox::{Options, Sandbox};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub const PROD: &str = azimuth_sandbox::directory::CONTOSO_PROD;
pub const DEV: &str = azimuth_sandbox::directory::CONTOSO_DEV;
pub const ARM: &str = "https://management.azure.com";
pub const VAULT: &str = "https://vault.azure.net";

/// An answer: its body as JSON where it is that, else as a text.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `error.code` of an Azure refusal.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// `error` and AADSTS number of an Entra refusal.
    pub fn refusal(&self) -> (&str, u64) {
        (
            self.body["error"].as_str().unwrap_or_default(),
            self.body["error_codes"][0].as_u64().unwrap_or_default(),
        )
    }

    /// Names of a list's items.
    pub fn names(&self) -> Vec<&str> {
        let items = self.body["value"]
            .as_array()
            .or(self.body["data"].as_array());
        items
            .into_iter()
            .flatten()
            .map(|item| {
                item["displayName"]
                    .as_str()
                    .or(item["name"].as_str())
                    .unwrap_or_default()
            })
            .collect()
    }
}

pub struct Running {
    sandbox: Sandbox,
    clock: Arc<AtomicI64>,
    dir: TempDir,
}

impl Running {
    pub async fn start() -> Self {
        let clock = Arc::new(AtomicI64::new(1_795_000_000_000));
        let dir = TempDir::new().unwrap();
        Self {
            sandbox: open(dir.path(), &clock).await,
            clock,
            dir,
        }
    }

    /// Ends the sandbox and starts another in the same folder.
    pub async fn restart(self) -> Self {
        self.sandbox.stop().await;
        Self {
            sandbox: open(self.dir.path(), &self.clock).await,
            clock: self.clock,
            dir: self.dir,
        }
    }

    pub fn advance(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn description(&self) -> Value {
        let text = std::fs::read_to_string(self.dir().join("sandbox.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// A request to the control port.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let stream = TcpStream::connect(self.sandbox.control).await.unwrap();
        exchange(stream, &self.sandbox.control.to_string(), request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Full::default()).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    pub async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(body))
            .unwrap();
        self.send(request).await
    }

    /// `items` of a control endpoint.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).await.body["items"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// A user's token for our API.
    pub async fn api_token(&self, name: &str) -> String {
        let answer = self.post("/sandbox/token", &json!({"user": name})).await;
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    /// The on-behalf-of exchange of our API for `assertion`.
    pub async fn exchange(&self, tenant: &str, assertion: &str, resource: &str) -> Answer {
        let scope = format!("{resource}/.default offline_access");
        self.form(
            &format!("/{tenant}/oauth2/v2.0/token"),
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("requested_token_use", "on_behalf_of"),
                ("client_id", API_CLIENT),
                ("client_secret", API_CLIENT_SECRET),
                ("assertion", assertion),
                ("scope", &scope),
            ],
        )
        .await
    }

    /// A user's token for an Azure service, as our API gets it.
    pub async fn azure_token(&self, name: &str, resource: &str) -> String {
        let assertion = self.api_token(name).await;
        let answer = self
            .exchange(user(name).unwrap().tenant, &assertion, resource)
            .await;
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    /// A request to Azure through the proxy, as a tool server sends it.
    pub async fn azure(&self, host: &str, request: Request<Full<Bytes>>) -> Answer {
        exchange(self.tunnel(host).await, host, request).await
    }

    /// As `name`, to Resource Manager.
    pub async fn arm(
        &self,
        name: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let token = self.azure_token(name, ARM).await;
        self.azure(
            "management.azure.com",
            arm_request(&token, method, path, body),
        )
        .await
    }

    /// As `name`, to a key vault.
    pub async fn vault(&self, name: &str, vault: &str, path: &str) -> Answer {
        let token = self.azure_token(name, VAULT).await;
        let request = arm_request(&token, Method::GET, path, None);
        self.azure(&format!("{vault}.vault.azure.net"), request)
            .await
    }

    /// The proxy's answer to CONNECT: the open stream, or the status line of a refusal.
    pub async fn connect(&self, target: &str) -> Result<TcpStream, String> {
        let mut stream = TcpStream::connect(self.sandbox.proxy).await.unwrap();
        let head = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let line = String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .unwrap()
            .to_owned();
        if line.contains(" 200 ") {
            Ok(stream)
        } else {
            Err(line)
        }
    }

    /// TLS to a host inside the proxy, trusting nothing but the sandbox's authority.
    pub async fn tunnel(&self, host: &str) -> impl AsyncRead + AsyncWrite + Unpin + Send + use<> {
        let stream = self.connect(&format!("{host}:443")).await.unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.dir().join("ca.pem")).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap()
    }
}

async fn open(dir: &Path, clock: &Arc<AtomicI64>) -> Sandbox {
    Sandbox::start(Options {
        data: dir.to_owned(),
        port: 0,
        operation_ms: 1000,
        clock: Clock::Manual(Arc::clone(clock)),
    })
    .await
    .unwrap()
}

pub fn arm_request(
    token: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Request<Full<Bytes>> {
    let query = if path.contains('?') { "&" } else { "?" };
    Request::builder()
        .method(method)
        .uri(format!("{path}{query}api-version=2024-01-01"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("x-ms-client-request-id", "test-client-request")
        .body(
            body.map(|body| Full::from(body.to_string()))
                .unwrap_or_default(),
        )
        .unwrap()
}

/// One request on one connection.
pub async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    mut request: Request<Full<Bytes>>,
) -> Answer {
    let headers = request.headers_mut();
    headers.insert("host", host.parse().unwrap());
    headers.insert("connection", "close".parse().unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    connection.abort();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}
