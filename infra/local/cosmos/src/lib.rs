//! Microsoft's in-memory Cosmos DB emulator behind a port on loopback, with what it
//! leaves out and the product rests on.
//!
//! ```text
//! front.rs   HTTP in, emulator, HTTP out
//!   access.rs   one accepted token (optional)
//!   faults.rs   answers that a test asked for
//!   rules.rs    create-only containers, characters of ids
//! expiry.rs  removes items whose time to live has passed
//! ```
//! Invariants: it listens on 127.0.0.1 only and connects nowhere; what it holds is gone
//! when it ends. The emulator comes from the SDK's driver by a feature that its authors
//! call internal: it is pinned to one version and used nowhere else.
#![cfg(feature = "emulator")]

mod access;
mod answer;
pub mod definition;
mod expiry;
mod faults;
mod front;
mod rules;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use azure_core::http::{Method, Request};
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, VirtualAccountConfig, VirtualRegion, WriteMode,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use access::Access;
use definition::Definition;
use expiry::Expiry;
use front::Front;

/// The one region.
const REGION: &str = "Korea Central";

/// How to start an emulator.
#[derive(Debug)]
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
        let emulator = Arc::new(account(&options, &base)?);
        seed(&emulator, &base, &options).await?;
        let expiry = Expiry::new(emulator.clone(), &base, &options);
        let access = Access::new(options.token);
        let front = Front::new(emulator, base, access, options.containers);
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

/// Makes the database and its containers.
async fn seed(
    emulator: &InMemoryEmulatorHttpClient,
    base: &Url,
    options: &Options,
) -> Result<(), StartError> {
    emulator.store().create_database(&options.database);
    let containers = base.join(&format!("dbs/{}/colls", options.database))?;
    for container in &options.containers {
        let mut request = Request::new(containers.clone(), Method::Post);
        request.set_body(container.properties().to_string());
        let answer = emulator.execute_request(&request).await;
        let answer = answer.map_err(StartError::account)?;
        if !answer.status().is_success() {
            return Err(StartError::Container(container.name.clone()));
        }
    }
    Ok(())
}

fn account(options: &Options, base: &Url) -> Result<InMemoryEmulatorHttpClient, StartError> {
    let region = VirtualRegion::new(REGION, base.clone());
    let account = VirtualAccountConfig::new(vec![region]).map_err(StartError::account)?;
    let mode = if options.is_multi_write {
        WriteMode::Multi
    } else {
        WriteMode::Single
    };
    let account = account
        .with_consistency(level(&options.consistency)?)
        .with_write_mode(mode);
    InMemoryEmulatorHttpClient::try_new(account).map_err(StartError::account)
}

fn level(name: &str) -> Result<ConsistencyLevel, StartError> {
    Ok(match name {
        "Strong" => ConsistencyLevel::Strong,
        "BoundedStaleness" => ConsistencyLevel::BoundedStaleness,
        "Session" => ConsistencyLevel::Session,
        "ConsistentPrefix" => ConsistencyLevel::ConsistentPrefix,
        "Eventual" => ConsistencyLevel::Eventual,
        other => return Err(StartError::Consistency(other.to_owned())),
    })
}
