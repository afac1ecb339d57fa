//! How a process of a server is started for an identity: its environment, its
//! ticket at the broker, and what it offers.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use azimuth_domain::principal::UserKey;
use azimuth_ports::clock::Random;
use tokio_util::task::TaskTracker;

use crate::broker::Broker;
use crate::catalogue::is_built_in;
use crate::child::{Child, Offered, Start};
use crate::limits::PoolLimits;
use crate::pool::Room;
use crate::programs::Programs;
use crate::servers::{HostEnvironment, Identity, ServerConfig};

/// Starts processes.
pub(crate) struct Launcher {
    pub(crate) wrapper: Vec<OsString>,
    pub(crate) host: HostEnvironment,
    pub(crate) programs: Programs,
    pub(crate) work_dir: PathBuf,
    /// For servers with a user's identity, below their own `env`.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) broker: Option<Broker>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) limits: PoolLimits,
    pub(crate) tasks: TaskTracker,
    pub(crate) verified: Verified,
}

/// What the programs of servers with a built-in catalogue offer. Such a program is
/// one file, so it is asked once for each state of that file; listing its tools
/// costs half a second of processor time.
#[derive(Default)]
pub(crate) struct Verified(Mutex<HashMap<String, (Fingerprint, Arc<Offered>)>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Launcher {
    /// Starts a process that acts as `user` (nobody, when the server has no user's
    /// identity or only its tools are wanted) and learns what it offers.
    pub(crate) async fn launch(
        &self,
        server: &ServerConfig,
        user: Option<&UserKey>,
        room: Option<Room>,
    ) -> Result<Arc<Child>, String> {
        self.make_folders().map_err(|error| {
            format!(
                "The folder {} cannot be made: {error}.",
                self.work_dir.display()
            )
        })?;
        let command = self.programs.startable(&server.command).await;
        let server = &ServerConfig {
            command: command.map_err(|error| {
                format!(
                    "The tool server's program {} cannot be copied to where it may run: {error}.",
                    server.command.display()
                )
            })?,
            ..server.clone()
        };
        let ticket = match (server.identity, user, &self.broker) {
            (Identity::User, Some(user), Some(broker)) => {
                Some(broker.admit(user, self.random.bytes32()))
            }
            _ => None,
        };
        let mut environment = self.base_environment(server);
        if let (Some(ticket), Some(broker)) = (&ticket, &self.broker) {
            for (name, value) in [
                ("IDENTITY_ENDPOINT", broker.endpoint()),
                ("IDENTITY_HEADER", ticket.header().to_owned()),
                (
                    "AZURE_TOKEN_CREDENTIALS",
                    "ManagedIdentityCredential".to_owned(),
                ),
            ] {
                environment.insert(name.to_owned(), value);
            }
        }
        let child = Child::start(Start {
            server,
            wrapper: &self.wrapper,
            environment: environment
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect(),
            folder: &self.work_dir,
            limits: &self.limits,
            tasks: &self.tasks,
            ticket,
            room,
        })
        .await?;
        match self.learn_offer(server, &child).await {
            Ok(()) => Ok(child),
            Err(problem) => {
                child.stop_now();
                Err(format!(
                    "The tool server {} cannot be used: {problem}.",
                    server.name
                ))
            }
        }
    }

    fn base_environment(&self, server: &ServerConfig) -> BTreeMap<String, String> {
        let path_in = |name: &str| self.work_dir.join(name).display().to_string();
        let mut environment = BTreeMap::from([
            ("PATH".to_owned(), self.host.path.clone()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            (
                "DOTNET_BUNDLE_EXTRACT_BASE_DIR".to_owned(),
                path_in("bundle"),
            ),
            ("AZURE_MCP_COLLECT_TELEMETRY".to_owned(), "false".to_owned()),
            (
                "AZURE_MCP_COLLECT_TELEMETRY_MICROSOFT".to_owned(),
                "false".to_owned(),
            ),
        ]);
        let home = match server.identity {
            Identity::User => {
                environment.extend(self.environment.clone());
                // A folder that is not there: a real one would offer the sign-ins and
                // the default subscription of whoever runs the handler.
                Some(path_in("no-home"))
            }
            Identity::None => self.host.home.clone(),
        };
        environment.extend(home.map(|home| ("HOME".to_owned(), home)));
        environment.extend(server.env.clone());
        environment
    }

    fn make_folders(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.work_dir.join("bundle"))
    }

    async fn learn_offer(&self, server: &ServerConfig, child: &Child) -> Result<(), String> {
        let fingerprint = is_built_in(&server.name)
            .then(|| fingerprint(&server.command))
            .flatten();
        if let Some(known) = fingerprint.and_then(|print| self.verified.get(&server.name, print)) {
            child.set_offered(known);
            return Ok(());
        }
        let offered = child.relearn(self.limits.start_timeout).await?;
        if let Some(print) = fingerprint {
            self.verified.put(&server.name, print, &offered);
        }
        Ok(())
    }
}

impl Verified {
    fn get(&self, server: &str, print: Fingerprint) -> Option<Arc<Offered>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(server)
            .filter(|(at, _)| *at == print)
            .map(|(_, offered)| Arc::clone(offered))
    }

    fn put(&self, server: &str, print: Fingerprint, offered: &Arc<Offered>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(server.to_owned(), (print, Arc::clone(offered)));
    }
}

fn fingerprint(program: &Path) -> Option<Fingerprint> {
    let meta = program.metadata().ok()?;
    Some(Fingerprint {
        device: meta.dev(),
        inode: meta.ino(),
        size: meta.size(),
        modified: (meta.mtime(), meta.mtime_nsec()),
    })
}
