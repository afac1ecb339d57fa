//! One request and its answer, over a connection of their own: so it is known whether
//! anything was sent, and no connection is anybody else's.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;

use super::endpoint::Endpoint;
use crate::egress::target::Host;
use crate::egress::{Connection, EgressProxy, Pass};

/// Longest head of an answer, bytes.
const MAX_HEAD: usize = 64 * 1024;

/// Who vouches for servers: the system's authorities, and those in the PEM text.
#[derive(Clone, Default)]
pub(crate) struct Trust {
    authorities: Vec<u8>,
    config: Arc<OnceLock<Result<Arc<ClientConfig>, String>>>,
}

impl Trust {
    pub(crate) fn new(authorities: Vec<u8>) -> Self {
        Self {
            authorities,
            config: Arc::default(),
        }
    }

    /// Reading the system's authorities takes tens of milliseconds, once.
    fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let read = || self.read().map_err(|error| error.to_string());
        self.config.get_or_init(read).clone()
    }

    fn read(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let extra = CertificateDer::pem_slice_iter(&self.authorities).filter_map(Result::ok);
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// How a session reaches its server.
pub(super) struct Way {
    pub(super) proxy: EgressProxy,
    pub(super) pass: Pass,
    pub(super) trust: Trust,
    /// The connections, which end with the pass.
    pub(super) tasks: TaskTracker,
}

/// A connection over which nothing was sent yet.
pub(super) struct Opened(SendRequest<Full<Bytes>>);

impl Way {
    /// Connects to `endpoint`; the error is for people, and nothing was sent then.
    pub(super) async fn open(&self, endpoint: &Endpoint) -> Result<Opened, String> {
        let target = endpoint.target();
        let (stream, connection) = self.proxy.connect(&self.pass, target).await?;
        if !endpoint.is_https() {
            return self.shake(stream, connection).await;
        }
        let name = match &target.host {
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| format!("{name} is no name that a certificate could have."))?,
            Host::Address(address) => ServerName::from(*address),
        };
        let connector = TlsConnector::from(self.trust.config()?);
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| format!("{target} does not speak TLS with us: {error}."))?;
        self.shake(stream, connection).await
    }

    async fn shake(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        connection: Connection,
    ) -> Result<Opened, String> {
        let opened = hyper::client::conn::http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, driving) = opened.map_err(|error| format!("The server hung up: {error}."))?;
        self.tasks.spawn(async move {
            tokio::select! {
                // However it ended, whoever reads the answer sees it.
                _ended = driving => {}
                () = connection.ended() => {}
            }
        });
        Ok(Opened(sender))
    }
}

impl Opened {
    /// Sends the request and gives the head of its answer. From here on the server may
    /// have got it.
    pub(super) async fn send(
        mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, String> {
        self.0
            .send_request(request)
            .await
            .map_err(|error| format!("gave no answer: {error}"))
    }
}

/// The whole body, of at most `max` bytes.
pub(super) async fn read(mut body: Incoming, max: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(piece) = next(&mut body).await? {
        if bytes.len() + piece.len() > max {
            return Err(too_long(max));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The next piece of a body; `None` at its end.
pub(super) async fn next(body: &mut Incoming) -> Result<Option<Bytes>, String> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("broke its answer off: {error}"))?;
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

pub(super) fn too_long(max: usize) -> String {
    format!("answered with more than {} KiB", max / 1024)
}
