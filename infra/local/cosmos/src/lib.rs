//! Microsoft's in-memory Cosmos DB emulator behind a port on loopback, with what it
//! leaves out and the product rests on.
//!
//! ```text
//! front.rs   HTTP in, emulator, HTTP out
//!   account.rs  what answers; an empty one in its place
//!   access.rs   one accepted token (optional)
//!   faults.rs   answers that a test asked for
//!   ledger.rs   what was done with items, and what it would cost
//!     units.rs    request units by published figures
//!   rules.rs    create-only containers, characters of ids
//! expiry.rs  removes items whose time to live has passed
//! ```
//! Invariants: it listens on 127.0.0.1 only and connects nowhere; what it holds is gone
//! when it ends. The emulator comes from the SDK's driver by a feature that its authors
//! call internal: it is pinned to one version and used nowhere else.
#![cfg(feature = "emulator")]

mod access;
mod account;
mod answer;
pub mod definition;
mod expiry;
mod faults;
mod front;
mod ledger;
mod rules;
mod units;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use access::Access;
use account::Account;
use definition::Definition;
use expiry::Expiry;
use front::Front;

/// How to start an emulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes any.
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// What is in it.
    pub containers: Vec<Definition>,
    /// The account's consistency level: `Strong`, `BoundedStaleness`, `Session`,
    /// `ConsistentPrefix` or `Eventual`.
    pub consistency: String,
    /// Whether the account takes writes in every region.
    pub is_multi_write: bool,
    /// The only token that is let in; `None` lets in everybody.
    pub token: Option<String>,
}

/// Why it cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port.
    #[error("the port cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// The address.
    #[error("the address cannot be used: {0}")]
    Url(#[from] url::ParseError),
    /// The emulator.
    #[error("the emulator does not take this account: {0}")]
    Account(String),
    /// A definition.
    #[error("the emulator does not take the container {0:?}")]
    Container(String),
    /// The level.
    #[error("there is no consistency level {0:?}")]
    Consistency(String),
}

impl StartError {
    #[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
    fn account(error: impl ToString) -> Self {
        Self::Account(error.to_string())
    }
}

/// A running emulator. Dropping it ends it.
#[derive(Debug)]
pub struct Emulator {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Emulator {
    /// Listens; when this returns, everything answers.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let base = Url::parse(&format!("http://{address}/"))?;
        let account = Arc::new(Account::new(options.clone(), base.clone()).await?);
        let expiry = Expiry::new(account.clone(), &base, &options);
        let access = Access::new(options.token);
        let front = Front::new(account, base, access, options.containers);
        let mut tasks = JoinSet::new();
        tasks.spawn(front.serve(listener));
        tasks.spawn(expiry.run());
        Ok(Self { address, tasks })
    }

    /// Ends the listener; requests under way are cut.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}
