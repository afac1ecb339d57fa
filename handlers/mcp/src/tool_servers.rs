//! The configured tool servers as the product sees them.

mod calling;
mod learning;
mod offers;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::tool::{Availability, ToolRef, ToolSpec};
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::UserTokens;
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, Catalogue, Confinement, ServerHealth,
    ServerOffer, ToolError, ToolServers,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::offers::Looks;
use crate::added::AddRules;
use crate::broker::Broker;
use crate::catalogue;
use crate::confine::walls::Offer;
use crate::egress::allow::{AllowList, PatternError};
use crate::egress::{self, EgressProxy};
use crate::folder;
use crate::launcher::{Launcher, Verified};
use crate::limits::PoolLimits;
use crate::pool::Pool;
use crate::programs::Programs;
use crate::remote::Trust;
use crate::secrets::Secrets;
use crate::servers::{HostEnvironment, Identity, Runs, ServerConfig};

/// Sessions with servers elsewhere, of all servers and users together.
const MAX_SESSIONS: usize = 256;

/// How the tool servers are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Words put before every server's command, `["/proc/self/exe", "confine"]` in
    /// production (see [`crate::confine`]); walls and `--` follow. Empty: the command is
    /// started itself; then nobody ends it when the handler is killed, and no walls are
    /// around it.
    pub wrapper: Vec<OsString>,
    /// What of our own environment the servers may have.
    pub host: HostEnvironment,
    /// Variables for servers that act as the asker, below their own `env`: the way to
    /// Azure.
    pub environment: BTreeMap<String, String>,
    /// What servers that act as the asker may reach where they name no hosts
    /// themselves, as [patterns](crate::egress::allow::AllowList::parse).
    pub hosts: Vec<String>,
    /// `host:port` of a proxy through which every connection goes.
    pub proxy: Option<String>,
    /// A folder of ours, hidden from the servers where the kernel can do that; pins go to
    /// `tools/` in it, unpacked programs to `bundle/`, copies of those that may not be
    /// executed where they are to `programs/`, and the folders in which processes run to
    /// `processes/`.
    pub work_dir: PathBuf,
    /// Audiences for which servers may have tokens of their user.
    pub audiences: Vec<String>,
    /// Bounds.
    pub limits: PoolLimits,
    /// What tenants may add.
    pub addable: AddRules,
    /// Where values that name a secret are looked up.
    pub secrets: Secrets,
    /// Authorities, as PEM, that vouch for servers elsewhere beside those of the system.
    pub authorities: Vec<u8>,
}

/// Why the tool servers cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The built-in catalogue does not read; a build error.
    #[error("the built-in catalogue does not read: {0}")]
    Catalogue(#[from] serde_json::Error),
    /// The work folder has no absolute path.
    #[error("the work folder of the tool servers cannot be used: {0}")]
    Folder(std::io::Error),
    /// The broker cannot listen on loopback.
    #[error("the token broker cannot listen: {0}")]
    Broker(std::io::Error),
    /// The egress proxy cannot listen on loopback.
    #[error("the egress proxy cannot listen: {0}")]
    Proxy(std::io::Error),
    /// A host that servers may reach is none.
    #[error("a host that tool servers may reach {0}")]
    Hosts(#[from] PatternError),
}

/// The tool servers of this process. [`Self::shutdown`] ends their processes in
/// order; dropping it ends them too, without waiting.
pub struct McpServers {
    shared: Arc<Shared>,
}

struct Shared {
    servers: BTreeMap<String, Arc<ServerConfig>>,
    /// What tenants may add.
    addable: AddRules,
    /// Processes.
    pool: Arc<Pool>,
    /// Sessions with servers elsewhere.
    sessions: Arc<Pool>,
    catalogue: RwLock<Arc<Catalogue>>,
    known: Mutex<Known>,
    looks: Looks,
    /// Tools of servers with a built-in catalogue that may ask for consent.
    prompting: BTreeSet<ToolRef>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// The broker's own, since it ends after the processes that ask it.
    broker_tasks: TaskTracker,
    broker_stop: CancellationToken,
}

#[derive(Default)]
struct Known {
    tools: BTreeMap<String, Vec<ToolSpec>>,
    /// Why the tools of a server are not known.
    problems: BTreeMap<String, String>,
    /// What servers offer, as far as they were asked.
    offers: BTreeMap<String, ServerOffer>,
}

impl Known {
    fn offers_of(
        &self,
        servers: &BTreeMap<String, Arc<ServerConfig>>,
    ) -> BTreeMap<String, ServerOffer> {
        let offers = self.offers.iter();
        offers
            .filter(|(name, _)| servers.contains_key(*name))
            .map(|(name, offer)| (name.clone(), offer.clone()))
            .collect()
    }
}

impl McpServers {
    /// Starts the broker and learns the tools of servers that were never pinned,
    /// which takes up to the pool's start time-out; a server that fails stays
    /// without tools, is reported by [`ToolServers::health`] and tried again.
    pub async fn start(
        servers: Vec<ServerConfig>,
        options: Options,
        tokens: Arc<dyn UserTokens>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StartError> {
        let (tasks, broker_tasks) = (TaskTracker::new(), TaskTracker::new());
        let (stopping, broker_stop) = (CancellationToken::new(), CancellationToken::new());
        let broker = if servers
            .iter()
            .any(|server| server.identity == Identity::User)
        {
            let stop = broker_stop.clone();
            let started =
                Broker::start(tokens, clock, &options.audiences, &broker_tasks, stop).await;
            Some(started.map_err(StartError::Broker)?)
        } else {
            None
        };
        let settings = egress::Settings {
            lookup: egress::dial::system_lookup(),
            above: options.proxy,
            limits: egress::Limits::default(),
        };
        // As the broker it ends after the processes that ask it.
        let proxy = EgressProxy::start(settings, &broker_tasks, broker_stop.clone())
            .await
            .map_err(StartError::Proxy)?;
        let mut known = Known::default();
        let mut prompting = BTreeSet::new();
        for server in servers
            .iter()
            .filter(|server| catalogue::is_built_in(&server.name))
        {
            let file = catalogue::azure()?;
            prompting.extend(catalogue::prompting(server, &file));
            let specs = catalogue::built_in_specs(server, file, catalogue::azure_previews()?);
            known.tools.insert(server.name.clone(), specs);
        }
        // A server runs in this folder, so a relative path would mean another one.
        let work_dir = std::path::absolute(&options.work_dir).map_err(StartError::Folder)?;
        folder::remove_orphans(&work_dir);
        let offer = if options.wrapper.is_empty() {
            Offer::default()
        } else {
            Offer::of_this_kernel()
        };
        let max_processes = options.limits.max_processes;
        let launcher = Arc::new(Launcher {
            wrapper: options.wrapper,
            offer,
            host: options.host,
            programs: Programs::of(&work_dir),
            work_dir,
            environment: options.environment,
            broker,
            proxy,
            azure: AllowList::parse(&options.hosts)?,
            random,
            limits: options.limits,
            tasks: tasks.clone(),
            secrets: options.secrets,
            trust: Trust::new(options.authorities),
            verified: Verified::default(),
        });
        let shared = Arc::new(Shared {
            servers: servers
                .into_iter()
                .map(|s| (s.name.clone(), Arc::new(s)))
                .collect(),
            addable: options.addable,
            pool: Pool::start(Arc::clone(&launcher), max_processes, stopping.clone()),
            sessions: Pool::start(launcher, MAX_SESSIONS, stopping.clone()),
            catalogue: RwLock::new(Arc::new(catalogue::assemble(&known.tools))),
            known: Mutex::new(known),
            looks: Looks::default(),
            prompting,
            tasks,
            stopping,
            broker_tasks,
            broker_stop,
        });
        learning::learn_all(&shared).await;
        Ok(Self { shared })
    }

    /// Ends all processes and waits until they have ended or were killed. Calls in
    /// flight end as unclear, later ones are refused.
    pub async fn shutdown(&self) {
        self.shared.stop_all();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.shared.broker_stop.cancel();
        self.shared.broker_tasks.close();
        self.shared.broker_tasks.wait().await;
    }
}

impl Drop for McpServers {
    fn drop(&mut self) {
        self.shared.stop_all();
        self.shared.broker_stop.cancel();
    }
}

#[async_trait]
impl ToolServers for McpServers {
    async fn call(&self, request: CallRequest) -> Result<CallOutput, ToolError> {
        self.shared.call(request).await
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(
            &self
                .shared
                .catalogue
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    async fn look(&self) {
        self.shared.look().await;
    }

    fn is_taken(&self, server: &str) -> bool {
        catalogue::is_built_in(server) || self.shared.servers.contains_key(server)
    }

    fn addable(&self, tenant: &str) -> Addable {
        self.shared.addable.told(tenant)
    }

    fn check_added(&self, server: &AddedServer) -> Result<(), AddedFault> {
        // Who adds it is of the tenant that it is added for.
        self.shared.addable.check(&server.by.tid, server)
    }

    fn added_offer(&self, server: &TenantServer) -> Option<ServerOffer> {
        self.shared.known().offers.get(&server.key()).cloned()
    }

    async fn look_at(&self, server: &TenantServer) {
        self.shared.look_at(server).await;
    }

    fn acting_identity(&self, server: &str) -> ActingIdentity {
        match self
            .shared
            .servers
            .get(server)
            .map(|server| server.identity)
        {
            Some(Identity::User) => ActingIdentity::User,
            Some(Identity::None) | None => ActingIdentity::None,
        }
    }

    async fn health(&self) -> Vec<ServerHealth> {
        self.shared
            .servers
            .values()
            .map(|server| self.shared.health_of(server))
            .collect()
    }
}

impl Shared {
    fn publish(&self, known: &Known) {
        let catalogue = Arc::new(Catalogue {
            // What tenants added is nobody else's.
            offers: known.offers_of(&self.servers),
            ..catalogue::assemble(&known.tools)
        });
        *self
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner) = catalogue;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn health_of(&self, server: &ServerConfig) -> ServerHealth {
        let (processes, busy) = self.pool_of(server).count(&server.name);
        let problem = self
            .known()
            .problems
            .get(&server.name)
            .cloned()
            .or_else(|| match &server.runs {
                Runs::Here(program) if !program.command.is_file() => {
                    Some(format!("{} is missing", program.command.display()))
                }
                Runs::Here(_) | Runs::Elsewhere(_) => None,
            });
        let what = match &server.runs {
            Runs::Here(_) => "processes",
            Runs::Elsewhere(_) => "sessions",
        };
        let changed = self.changed_tools(&server.name);
        let detail = problem.clone().unwrap_or_else(|| match changed {
            0 => format!("{what}: {processes}, busy: {busy}"),
            n => {
                format!("{what}: {processes}, busy: {busy}, tools that differ from their pins: {n}")
            }
        });
        ServerHealth {
            server: server.name.clone(),
            ok: problem.is_none(),
            detail,
            hosts: self.pool.launcher().allowed(server).patterns().collect(),
            confinement: self.confinement(server),
        }
    }

    fn pool_of(&self, server: &ServerConfig) -> &Arc<Pool> {
        match &server.runs {
            Runs::Here(_) => &self.pool,
            Runs::Elsewhere(_) => &self.sessions,
        }
    }

    fn stop_all(&self) {
        self.pool.stop_all();
        self.sessions.stop_all();
    }

    fn confinement(&self, server: &ServerConfig) -> Confinement {
        if matches!(server.runs, Runs::Elsewhere(_)) {
            // Nothing of it runs here.
            return Confinement {
                files: true,
                connections: true,
                why: String::new(),
            };
        }
        let launcher = self.pool.launcher();
        let Offer { files, connections } = launcher.offer;
        let why = match (launcher.wrapper.is_empty(), files, connections) {
            (true, ..) => "it is started without the wrapper that puts up walls",
            (_, true, true) => "",
            (_, true, false) => {
                "this kernel forbids writing and reading files, but not connecting (Landlock before Linux 6.7)"
            }
            (_, false, true) => "this kernel forbids connecting, but not writing and reading files",
            (_, false, false) => "this kernel has no Landlock, or an old one",
        };
        Confinement {
            files,
            connections,
            why: why.to_owned(),
        }
    }

    fn changed_tools(&self, server: &str) -> usize {
        let known = self.known();
        let specs = known.tools.get(server).into_iter().flatten();
        specs
            .filter(|spec| spec.availability == Availability::Changed)
            .count()
    }
}
