//! A connection to a target: looked up once, every address judged, and made to an
//! address that was judged. Nobody looks the name up a second time, so nobody can give
//! another answer to that.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::allow::{Verdict, refusal};
use super::target::{Host, Target};

/// Addresses of a name that are tried.
const MAX_ADDRESSES: usize = 8;
/// Longest answer of the proxy above ours to a `CONNECT`, bytes.
const MAX_HEAD: usize = 8 * 1024;

/// Finds the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The system's resolver.
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// How connections are made.
pub(super) struct Dialer {
    pub(super) lookup: Lookup,
    /// Every connection goes through this proxy, which looks names up itself.
    pub(super) above: Option<String>,
    /// Look-up and connection together.
    pub(super) patience: Duration,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoConnection {
    /// It must not be made.
    #[error("{0}")]
    Refused(String),
    /// It cannot be made.
    #[error("{0}")]
    Failed(String),
}

impl Dialer {
    /// A connection to `target`, about which the list says `verdict`.
    pub(super) async fn dial(
        &self,
        verdict: Verdict,
        target: &Target,
    ) -> Result<TcpStream, NoConnection> {
        let failed = |why: String| NoConnection::Failed(format!("{target} is not reached: {why}"));
        match timeout(self.patience, self.connect(verdict, target)).await {
            Ok(Ok(stream)) => {
                // Small pieces of TLS would wait for each other.
                let _delayed = stream.set_nodelay(true);
                Ok(stream)
            }
            Ok(Err(Refusal::Closed(why))) => {
                Err(NoConnection::Refused(format!("{target} is refused: {why}")))
            }
            Ok(Err(Refusal::Io(error))) => Err(failed(error.to_string())),
            Err(_) => Err(failed("no connection in time".to_owned())),
        }
    }

    async fn connect(&self, verdict: Verdict, target: &Target) -> Result<TcpStream, Refusal> {
        if let (Some(above), Host::Name(_)) = (&self.above, &target.host) {
            if verdict == Verdict::Refused {
                return Err(Refusal::Closed("not on the list"));
            }
            return Ok(through(above, target).await?);
        }
        let addresses = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => (self.lookup)(name.clone()).await?,
        };
        if let Some(why) = addresses.iter().find_map(|a| refusal(verdict, target, *a)) {
            return Err(Refusal::Closed(why));
        }
        if let Some(above) = &self.above {
            return Ok(through(above, target).await?);
        }
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            match TcpStream::connect(SocketAddr::new(address, target.port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }
}

enum Refusal {
    Closed(&'static str),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A tunnel to `target` through the proxy at `above` (`host:port`).
async fn through(above: &str, target: &Target) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(above).await?;
    let ask = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut head = Vec::new();
    // Byte by byte: what comes behind the head belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    let status = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if status.starts_with(b"2") {
        return Ok(stream);
    }
    let status = String::from_utf8_lossy(status);
    Err(io::Error::other(format!(
        "the proxy above answered {}",
        status.chars().take(3).collect::<String>()
    )))
}
