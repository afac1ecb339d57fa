//! A server on loopback that ends with its value, and a standing clock.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use tokio::task::JoinSet;

pub struct Loopback {
    address: std::net::SocketAddr,
    _server: JoinSet<()>,
}

impl Loopback {
    pub async fn serving(router: axum::Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            _server: server,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A loopback port that nobody listens on.
pub async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

pub const NOW: Timestamp = Timestamp(1_795_525_509_000);

pub struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// `body` as text of exactly this many bytes, with white space behind it.
pub fn padded(body: &serde_json::Value, bytes: usize) -> String {
    let body = body.to_string();
    let space = " ".repeat(bytes - body.len());
    body + &space
}
