use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::config::ConfigError;
use crate::log::Log;
use crate::site::{Site, SiteOptions};

/// When the machine has no more file descriptors, for some to be closed.
const BREATH: Duration = Duration::from_millis(10);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("--root {}: {error}", root.display())]
    Root { root: PathBuf, error: io::Error },
    #[error("--overlay {}: {error}", file.display())]
    Overlay { file: PathBuf, error: io::Error },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("port {port} on 127.0.0.1 cannot be listened on: {error}")]
    Port { port: u16, error: io::Error },
}

/// A running server. Dropping it closes everything.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl WebServer {
    /// Listens on 127.0.0.1; port 0 is any.
    pub async fn start(options: SiteOptions, port: u16, log: Log) -> Result<Self, StartError> {
        log.information(
            "azimuth-web: a stand-in for Azure Static Web Apps, for development and tests. This is not the real service.",
        );
        let root = options.root.clone();
        let site = Arc::new(Site::open(options, log.clone())?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|error| StartError::Port { port, error })?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError::Port { port, error })?;
        log.information(format_args!("Serving {}", root.display()));
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&site).warm());
        tasks.spawn(serve(listener, site));
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Accepts connections until it is dropped, and all of them with it.
async fn serve(listener: TcpListener, site: Arc<Site>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&site)));
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, site: Arc<Site>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move {
            let (head, _body) = request.into_parts();
            let answer = site.answer(&head).await;
            Ok::<Response<Full<Bytes>>, Infallible>(answer.map(Full::new))
        }
    });
    // An error is a client that broke off.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
