//! The way out of tool servers: a proxy on loopback, in this process, that knows which
//! process asks and which hosts it may reach.
//!
//! A process shows its pass by credentials; one whose client sends none has a port of its
//! own.
//!
//! **Invariants:** without a pass there is no connection; a connection is made only to an
//! address that was judged, never to a name; a pass ends with its process, and its
//! connections with it. The proxy does not look into TLS: it judges hosts, not paths.
//!
//! Where the configuration names a proxy above ours, that one looks names up: then the
//! list of hosts is judged here, and addresses only where they are written as such.

pub mod address;
pub mod allow;
pub mod azure;
pub mod dial;
pub mod target;

mod passes;
mod proxy;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod tunnel;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::principal::UserKey;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::allow::AllowList;
use self::dial::{Dialer, Lookup};
pub use self::passes::Pass;
pub(crate) use self::passes::Reached;
use self::passes::{Activity, Holder, Passes};
use self::proxy::Proxy;
use self::target::Target;

/// How the proxy reaches the world.
#[derive(Clone)]
pub struct Settings {
    /// Finds the addresses of names.
    pub lookup: Lookup,
    /// `host:port` of a proxy above ours.
    pub above: Option<String>,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections to the proxy, of all processes together.
    pub connections: usize,
    /// Longest wait for a request's head, for a place, and for a connection.
    pub connect: Duration,
    /// A tunnel through which nothing goes for this long is ended.
    pub idle: Duration,
    /// Longest exchange that is not a tunnel.
    pub exchange: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connect: Duration::from_secs(15),
            idle: Duration::from_mins(5),
            exchange: Duration::from_mins(5),
        }
    }
}

/// What has to live as long as a connection that was made in this process.
pub(crate) struct Connection {
    holder: Arc<Holder>,
    activity: Arc<Activity>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    /// Waits until the pass that it was made for ends, and it must end too.
    pub(crate) async fn ended(&self) {
        self.holder.ended.cancelled().await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.holder.touch(&self.activity);
    }
}

/// A running proxy. Clones share one table of passes; it stops with its token.
#[derive(Clone)]
pub struct EgressProxy {
    passes: Arc<Passes>,
    proxy: Arc<Proxy>,
    address: SocketAddr,
}

impl EgressProxy {
    /// Listens on a loopback port of the system's choice.
    pub async fn start(
        settings: Settings,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let passes = Arc::<Passes>::default();
        let proxy = Arc::new(Proxy {
            passes: Arc::clone(&passes),
            dialer: Dialer {
                lookup: settings.lookup,
                above: settings.above,
                patience: settings.limits.connect,
            },
            limits: settings.limits,
            tasks: tasks.clone(),
            stop,
        });
        tasks.spawn(Arc::clone(&proxy).serve(listener, None));
        Ok(Self {
            passes,
            proxy,
            address,
        })
    }

    /// Opens a port for `pass` alone, which ends with it: for clients that send no
    /// credentials to a proxy. Whoever reaches the port is taken for the holder, so the
    /// walls of other processes must not let them.
    pub async fn open(&self, pass: &Pass) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = Arc::clone(&self.proxy).serve(listener, Some(pass.holder()));
        self.proxy.tasks.spawn(serving);
        Ok(address)
    }

    /// Lets the holder of the pass reach what `allow` names. `secret` must be fresh from
    /// the system's random generator.
    pub fn admit(
        &self,
        server: &str,
        user: Option<&UserKey>,
        allow: AllowList,
        secret: [u8; 32],
    ) -> Pass {
        self.passes.admit(server, user, allow, secret)
    }

    /// A connection for the holder of `pass` without going over loopback: what this
    /// process itself says to a tool server is judged, counted and remembered by the same
    /// rules. The error is for people.
    pub(crate) async fn connect(
        &self,
        pass: &Pass,
        target: &Target,
    ) -> Result<(TcpStream, Connection), String> {
        let way = self.proxy.way(pass.holder(), target).await;
        let way = way.map_err(|closed| closed.why)?;
        let connection = Connection {
            holder: way.holder,
            activity: way.activity,
            _place: way.place,
        };
        Ok((way.server, connection))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL by which the holder of `pass` reaches it; it holds the credentials.
    pub fn url(&self, pass: &Pass) -> String {
        pass.url(self.address)
    }
}
