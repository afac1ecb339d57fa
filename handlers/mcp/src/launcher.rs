//! How a process of a server, or a session with one elsewhere, is started for an identity: its environment, its folder,
//! its ticket at the broker, its pass at the proxy, the walls around it, and what it
//! offers.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use azimuth_domain::principal::UserKey;
use azimuth_ports::clock::Random;
use tokio_util::task::TaskTracker;

use crate::broker::Broker;
use crate::bundle::{self, Bundle};
use crate::catalogue::is_built_in;
use crate::child::{Child, Offered, Start};
use crate::confine::walls::{Files, Offer, Ports, Walls};
use crate::egress::EgressProxy;
use crate::egress::allow::AllowList;
use crate::folder::OwnFolder;
use crate::limits::PoolLimits;
use crate::pool::Room;
use crate::programs::Programs;
use crate::remote::{self, Open, Remote, Trust};
use crate::secrets::Secrets;
use crate::servers::{HostEnvironment, Identity, Program, Runs, ServerConfig};

/// In the folder that `func` starts the handler in.
const SETTINGS: &str = "local.settings.json";
/// Where programs keep what somebody signed in with, in a home folder.
const SIGN_INS: [&str; 10] = [
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/gh",
    ".docker",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".netrc",
    ".ssh",
];

/// Starts processes.
pub(crate) struct Launcher {
    pub(crate) wrapper: Vec<OsString>,
    /// What the kernel can hold up; nothing without a wrapper.
    pub(crate) offer: Offer,
    pub(crate) host: HostEnvironment,
    pub(crate) programs: Programs,
    pub(crate) work_dir: PathBuf,
    /// For servers with a user's identity, below their own `env`.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) broker: Option<Broker>,
    pub(crate) proxy: EgressProxy,
    /// What servers that act as their user may reach, where they say nothing else.
    pub(crate) azure: AllowList,
    /// Where values that name a secret are looked up.
    pub(crate) secrets: Secrets,
    /// Who vouches for servers elsewhere.
    pub(crate) trust: Trust,
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
        match &server.runs {
            Runs::Here(program) => Box::pin(self.start(server, program, user, room)).await,
            Runs::Elsewhere(remote) => Box::pin(self.open(server, remote, user, room)).await,
        }
    }

    /// Opens a session with a server elsewhere.
    async fn open(
        &self,
        server: &ServerConfig,
        remote: &Remote,
        user: Option<&UserKey>,
        room: Option<Room>,
    ) -> Result<Arc<Child>, String> {
        let secret = self.random.bytes32();
        let pass = self
            .proxy
            .admit(&server.name, user, self.allowed(server), secret);
        let reached = pass.reached();
        let open = remote::open(Open {
            remote,
            secrets: &self.secrets,
            proxy: self.proxy.clone(),
            pass,
            trust: self.trust.clone(),
            limits: &self.limits,
            tasks: self.tasks.clone(),
        });
        let open = open.await?;
        let child = Child::of_session(&server.name, open, reached, &self.tasks, room);
        self.learn_offer(server, None, &child).await?;
        Ok(child)
    }

    /// Starts a process.
    async fn start(
        &self,
        server: &ServerConfig,
        program: &Program,
        user: Option<&UserKey>,
        room: Option<Room>,
    ) -> Result<Arc<Child>, String> {
        let command = self.programs.startable(&program.command).await;
        let mut program = Program {
            command: command.map_err(|error| {
                format!(
                    "The tool server's program {} cannot be copied to where it may run: {error}.",
                    program.command.display()
                )
            })?,
            ..program.clone()
        };
        for value in program.env.values_mut() {
            let secret = self.secrets.in_place_of(value).await?;
            secret.expose().clone_into(value);
        }
        let program = &program;
        let ticket = match (server.identity, user, &self.broker) {
            (Identity::User, Some(user), Some(broker)) => {
                Some(broker.admit(user, self.random.bytes32()))
            }
            _ => None,
        };
        let unmade = |error: std::io::Error| {
            format!(
                "A folder in {} cannot be made: {error}.",
                self.work_dir.display()
            )
        };
        let unique = hex::encode(&self.random.bytes32()[..8]);
        let folder = OwnFolder::make(&self.work_dir, &unique).map_err(unmade)?;
        let mut environment = self.base_environment(server, program);
        let bundle = Bundle::of(&program.command, &environment).map_err(unmade)?;
        let pass = self.proxy.admit(
            &server.name,
            user,
            self.allowed(server),
            self.random.bytes32(),
        );
        // The Azure MCP Server's client sends a proxy no credentials.
        let (url, port) = if is_built_in(&server.name) {
            let own = self.proxy.open(&pass).await;
            let own = own.map_err(|error| format!("No port is left for a process: {error}."))?;
            (format!("http://{own}"), own.port())
        } else {
            (self.proxy.url(&pass), self.proxy.address().port())
        };
        environment.extend(way_out(url, &folder));
        if let (Some(ticket), Some(broker)) = (&ticket, &self.broker) {
            environment.extend(own([
                ("IDENTITY_ENDPOINT", broker.endpoint()),
                ("IDENTITY_HEADER", ticket.header().to_owned()),
                (
                    "AZURE_TOKEN_CREDENTIALS",
                    "ManagedIdentityCredential".to_owned(),
                ),
            ]));
        }
        let walls = self.walls(program, &environment, &folder, bundle.as_ref(), port);
        let child = Child::start(Start {
            server: &server.name,
            program,
            wrapper: self.wrapped(&walls),
            environment: environment
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect(),
            folder,
            limits: &self.limits,
            tasks: &self.tasks,
            ticket,
            pass,
            room,
        })
        .await?;
        self.learn_offer(server, Some(program), &child).await?;
        if let Some(bundle) = bundle.filter(|bundle| !bundle.is_unpacked()) {
            bundle.set_unpacked();
        }
        Ok(child)
    }

    /// The hosts that a server may reach.
    pub(crate) fn allowed(&self, server: &ServerConfig) -> AllowList {
        match (&server.hosts, &server.runs, server.identity) {
            // It was read when the configuration was; nothing is allowed otherwise.
            (Some(hosts), ..) => AllowList::parse(hosts).unwrap_or_default(),
            (None, Runs::Elsewhere(remote), _) => {
                AllowList::parse(remote.patterns()).unwrap_or_default()
            }
            (None, Runs::Here(_), Identity::User) => self.azure.clone(),
            (None, Runs::Here(_), Identity::None) => AllowList::default(),
        }
    }

    /// What is before the command.
    fn wrapped(&self, walls: &Walls) -> Vec<OsString> {
        let mut words = self.wrapper.clone();
        if !words.is_empty() {
            words.extend(walls.words());
            words.push("--".into());
        }
        words
    }

    /// The walls that the kernel can hold up around a process.
    fn walls(
        &self,
        program: &Program,
        environment: &BTreeMap<String, String>,
        folder: &OwnFolder,
        bundle: Option<&Bundle>,
        proxy: u16,
    ) -> Walls {
        let mut read = vec![self.programs.folder().to_owned()];
        read.extend(environment.get("SSL_CERT_FILE").map(PathBuf::from));
        let hidden = self.hidden();
        read.extend(
            hidden
                .iter()
                .filter_map(|path| inside(path, &program.command)),
        );
        let mut write = program.writes.clone();
        if let Some(bundle) = bundle {
            let list = if bundle.is_unpacked() {
                &mut read
            } else {
                &mut write
            };
            list.push(bundle.folder.clone());
        }
        let files = Files {
            own: folder.path().to_owned(),
            hidden,
            read,
            write,
        };
        let ports = Ports {
            proxy,
            broker: self.broker.as_ref().map(Broker::port),
        };
        Walls {
            files: self.offer.files.then_some(files),
            ports: self.offer.connections.then_some(ports),
        }
    }

    /// What no server may read: our folder, the settings that the Functions host has for us
    /// on a developer's machine, and the sign-ins of whoever runs the handler.
    fn hidden(&self) -> Vec<PathBuf> {
        let settings = std::env::current_dir().map(|folder| folder.join(SETTINGS));
        let home = self.host.home.as_ref().map(PathBuf::from);
        let sign_ins = home
            .iter()
            .flat_map(|home| SIGN_INS.iter().map(|name| home.join(name)));
        let ours = [self.work_dir.clone()].into_iter();
        ours.chain(settings).chain(sign_ins).collect()
    }

    fn base_environment(
        &self,
        server: &ServerConfig,
        program: &Program,
    ) -> BTreeMap<String, String> {
        let bundle = self.work_dir.join("bundle").join(&server.name);
        let mut environment = own([
            ("PATH", self.host.path.clone()),
            ("LANG", "C.UTF-8".to_owned()),
            (bundle::VARIABLE, bundle.display().to_string()),
            ("AZURE_MCP_COLLECT_TELEMETRY", "false".to_owned()),
            ("AZURE_MCP_COLLECT_TELEMETRY_MICROSOFT", "false".to_owned()),
        ]);
        let home = match server.identity {
            Identity::User => {
                environment.extend(self.environment.clone());
                // A folder that is not there: a real one would offer the sign-ins and
                // the default subscription of whoever runs the handler.
                Some(self.work_dir.join("no-home").display().to_string())
            }
            Identity::None => self.host.home.clone(),
        };
        environment.extend(home.map(|home| ("HOME".to_owned(), home)));
        environment.extend(program.env.clone());
        environment
    }

    /// Learns what the child offers, or ends it.
    async fn learn_offer(
        &self,
        server: &ServerConfig,
        program: Option<&Program>,
        child: &Child,
    ) -> Result<(), String> {
        let fingerprint = program
            .filter(|_| is_built_in(&server.name))
            .and_then(|program| fingerprint(&program.command));
        if let Some(known) = fingerprint.and_then(|print| self.verified.get(&server.name, print)) {
            child.set_offered(known);
            return Ok(());
        }
        let learned = child.relearn(self.limits.start_timeout).await;
        let offered = learned.map_err(|problem| {
            child.stop_now();
            let server = &server.name;
            format!("The tool server {server} cannot be used: {problem}.")
        })?;
        if let Some(print) = fingerprint {
            self.verified.put(&server.name, print, &offered);
        }
        Ok(())
    }
}

/// What of a hidden folder holds the program `command`: the folder that it lies in with
/// what it reads beside it, or itself where that is the hidden one. `None` for a program
/// that lies elsewhere.
fn inside(hidden: &Path, command: &Path) -> Option<PathBuf> {
    let folder = command.parent()?;
    let is_alone = folder == hidden;
    let found = if is_alone { command } else { folder };
    folder.starts_with(hidden).then(|| found.to_owned())
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

/// Variables that no configuration changes: the only way to the network, and the
/// process's own folder.
fn way_out(proxy: String, folder: &OwnFolder) -> BTreeMap<String, String> {
    // The token broker is asked directly.
    let direct = "127.0.0.1".to_owned();
    own([
        ("HTTP_PROXY", proxy.clone()),
        ("HTTPS_PROXY", proxy.clone()),
        ("NO_PROXY", direct.clone()),
        ("http_proxy", proxy.clone()),
        ("https_proxy", proxy),
        ("no_proxy", direct),
        ("NODE_USE_ENV_PROXY", "1".to_owned()),
        // Its sockets would lie where others find them.
        ("DOTNET_EnableDiagnostics", "0".to_owned()),
        ("TMPDIR", folder.temporary().display().to_string()),
    ])
}

fn own<const N: usize>(variables: [(&str, String); N]) -> BTreeMap<String, String> {
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
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
