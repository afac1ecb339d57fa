//! The sandbox Azure: Entra, Resource Manager, Resource Graph and Key Vault on loopback.
//!
//! ```text
//! control port (http)                 proxy port (CONNECT, TLS ends here)
//!   /{tenant}/…      entra/             management.azure.com   azure/arm/
//!   /msi/token       entra/             *.vault.azure.net      azure/vault.rs, vault_keys.rs
//!   /sandbox/…       control.rs         any other host         403, logged
//!            \                          /
//!             world.rs: clock, keys, store (state.rs over journal), request log, faults
//! ```
//! Invariants: it listens on 127.0.0.1 only and connects nowhere; no token is written to disk; an
//! accepted change and its effect are one journal line, written before the answer.

mod azure;
mod certificates;
pub mod clock;
mod control;
mod description;
pub mod directory;
mod entra;
mod faults;
mod keys;
mod random;
mod requests;
mod resource;
mod seed;
mod state;
mod store;
mod tokens;
mod vault_keys;
mod world;

use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use certificates::{CertificateError, Certificates};
use clock::Clock;
use keys::{KeyError, SigningKeys};
use store::Store;
use world::World;

/// How to start a sandbox.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything it keeps lies here; made if absent.
    pub data: PathBuf,
    /// Control port; 0 takes that of the last run in `data` if it is free, else any.
    pub port: u16,
    /// How long a long-running operation of Azure takes, in milliseconds.
    pub operation_ms: u32,
    pub clock: Clock,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the data folder or a port cannot be used: {0}")]
    Io(#[from] std::io::Error),
    #[error("another sandbox runs in this data folder")]
    InUse,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// A running sandbox. Dropping it ends its listeners and frees its data folder.
#[derive(Debug)]
pub struct Sandbox {
    pub control: SocketAddr,
    pub proxy: SocketAddr,
    tasks: JoinSet<()>,
    _lock: File,
}

impl Sandbox {
    /// Listens, then writes `sandbox.json`; when this returns, everything answers.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&options.data)?;
        let dir = options.data.canonicalize()?;
        let lock = lock(&dir)?;
        let former = description::former_ports(&dir);
        let wanted = if options.port == 0 {
            former.map(|ports| ports.0)
        } else {
            None
        };
        let control = listen(options.port, wanted).await?;
        let proxy = listen(0, former.map(|ports| ports.1)).await?;
        let (control_at, proxy_at) = (control.local_addr()?, proxy.local_addr()?);

        let certificates = Arc::new(Certificates::open(&dir)?);
        let world = Arc::new(world(&dir, &options, control_at)?);
        let router = entra::routes()
            .merge(control::routes())
            .with_state(Arc::clone(&world));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = axum::serve(control, router).await {
                tracing::error!(%error, "the control port ended");
            }
        });
        tasks.spawn(azure::serve_proxy(proxy, world, certificates));
        description::write(&dir, control_at, proxy_at)?;
        Ok(Self {
            control: control_at,
            proxy: proxy_at,
            tasks,
            _lock: lock,
        })
    }

    /// Ends the listeners; Azure requests under way are cut.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

fn world(dir: &Path, options: &Options, control: SocketAddr) -> Result<World, StartError> {
    Ok(World {
        clock: options.clock.clone(),
        base_url: format!("http://{control}"),
        keys: SigningKeys::open(&dir.join("signing-key.pem"))?,
        store: Store::open(&dir.join("journal.ndjson"))?,
        vault_keys: vault_keys::VaultKeys::new(dir),
        codes: entra::codes::Codes::default(),
        requests: requests::RequestLog::default(),
        faults: faults::Faults::default(),
        operation_ms: options.operation_ms.into(),
    })
}

/// One sandbox for one folder: two would write into one journal.
fn lock(dir: &Path) -> Result<File, StartError> {
    let lock = File::create(dir.join("lock"))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StartError::InUse,
        TryLockError::Error(error) => error.into(),
    })?;
    Ok(lock)
}

/// Loopback only. A former port that is taken meanwhile is no reason to fail.
async fn listen(port: u16, former: Option<u16>) -> std::io::Result<TcpListener> {
    if let Some(former) = former
        && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, former)).await
    {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}
