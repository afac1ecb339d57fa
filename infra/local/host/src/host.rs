use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::handler::{Handler, HandlerState, Stopped, Supervisor};
use crate::http::{Admin, Front, HttpFunction, serve};
use crate::info_file;
use crate::invocation::Invoker;
use crate::log::Log;
use crate::queue::{Connections, MessageProcessor, QueueListener, Queues, QueuesError};
use crate::settings::{Function, ScriptRoot, SettingsError, Trigger};
use crate::timer::TimerRunner;
use crate::timing::Timing;

const DEFAULT_PORT: u16 = 7071;

/// What a host is started with.
#[derive(Debug, Clone)]
pub struct HostOptions {
    pub script_root: PathBuf,
    /// 0: any free port. `None`: `Host.LocalHttpPort`, else 7071.
    pub port: Option<u16>,
    pub group: Group,
    pub info_file: Option<PathBuf>,
    /// The host's own environment variables.
    pub environment: BTreeMap<String, String>,
}

/// Which functions an instance listens for. On Azure each group scales on its
/// own, so that HTTP and queue functions never share a process; `All` is the
/// single instance of a local run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    All,
    Http,
    Function(String),
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not \"all\", \"http\" or \"function:NAME\"")]
pub struct UnknownGroup(String);

impl FromStr for Group {
    type Err = UnknownGroup;

    fn from_str(text: &str) -> Result<Self, UnknownGroup> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            None if text == "http" => Ok(Self::Http),
            Some(("function", name)) if !name.is_empty() => Ok(Self::Function(name.to_owned())),
            _ => Err(UnknownGroup(text.to_owned())),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Http => f.write_str("http"),
            Self::Function(name) => write!(f, "function:{name}"),
        }
    }
}

impl Group {
    fn holds(&self, function: &Function) -> bool {
        match self {
            Self::All => true,
            Self::Http => matches!(function.trigger, Trigger::Http(_)),
            Self::Function(name) => {
                !matches!(function.trigger, Trigger::Http(_))
                    && function.name.eq_ignore_ascii_case(name)
            }
        }
    }
}

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("--group {0}: there is no such function")]
    EmptyGroup(Group),
    #[error("port {port} on 127.0.0.1 cannot be listened on: {error}")]
    Port { port: u16, error: io::Error },
    #[error("customHandler.port: no port for the handler: {0}")]
    HandlerPort(io::Error),
    #[error("a queue trigger's connection: {0}")]
    Queues(#[from] QueuesError),
}

/// A running host. Dropping it stops everything, without a wait.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    handler: Arc<Handler>,
    stop: CancellationToken,
    supervisor: Option<JoinHandle<Stopped>>,
}

impl Host {
    /// Starts listener, handler and triggers. Returns before the handler is ready.
    pub async fn start(
        options: HostOptions,
        queues: Queues,
        timing: Timing,
        log: Log,
    ) -> Result<Self, StartError> {
        let root = ScriptRoot::read(&options.script_root, options.environment.clone())?;
        let functions: Vec<Function> = root
            .functions
            .iter()
            .filter(|function| options.group.holds(function))
            .cloned()
            .collect();
        if functions.is_empty() && options.group != Group::All {
            return Err(StartError::EmptyGroup(options.group));
        }
        let names = functions
            .iter()
            .filter_map(|function| match &function.trigger {
                Trigger::Queue(trigger) => Some(trigger.connection.as_str()),
                Trigger::Http(_) | Trigger::Timer(_) => None,
            });
        let connections = Connections::open(&queues, names, &root.environment)?;
        report(&root, &options.group, &log);

        let port = options
            .port
            .or(root.local.http_port)
            .unwrap_or(DEFAULT_PORT);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|error| StartError::Port { port, error })?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError::Port { port, error })?;

        let target_group = (options.group != Group::All).then(|| options.group.to_string());
        let (supervisor, handler) =
            Supervisor::new(&root, target_group.as_deref(), timing.clone(), log.clone())
                .map_err(StartError::HandlerPort)?;
        let stop = CancellationToken::new();
        let supervisor = tokio::spawn(supervisor.run(stop.clone()));
        let host = Self {
            address,
            handler: Arc::clone(&handler),
            stop: stop.clone(),
            supervisor: Some(supervisor),
        };
        if let Some(file) = options.info_file {
            tokio::spawn(keep_info_file(
                file,
                host.api(),
                options.group,
                handler,
                log.clone(),
            ));
        }
        let triggers = Triggers {
            root: &root,
            handler: &host.handler,
            connections,
            timing,
            log,
            stop,
        };
        triggers.start(listener, functions);
        Ok(host)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn api(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn handler(&self) -> &Arc<Handler> {
        &self.handler
    }

    /// Waits until the host stops by itself.
    pub async fn stopped(&mut self) -> Stopped {
        let stopped = match self.supervisor.as_mut() {
            // A supervisor that panicked has dropped, and so killed, its child.
            Some(supervisor) => supervisor.await.unwrap_or(Stopped::Asked),
            None => Stopped::Asked,
        };
        self.supervisor = None;
        self.stop.cancel();
        stopped
    }

    /// Kills the handler, waits at most [`Timing::kill_wait`] for it, and closes
    /// everything.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.stopped().await;
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(supervisor) = &self.supervisor {
            // Drops the child process, which is killed by that.
            supervisor.abort();
        }
    }
}

/// What the listeners of a host share.
struct Triggers<'a> {
    root: &'a ScriptRoot,
    handler: &'a Arc<Handler>,
    connections: Connections,
    timing: Timing,
    log: Log,
    stop: CancellationToken,
}

impl Triggers<'_> {
    fn start(self, listener: TcpListener, functions: Vec<Function>) {
        let function_timeout = self.root.host.function_timeout;
        let invoker = Arc::new(Invoker::new(
            Arc::clone(self.handler),
            function_timeout,
            self.log.clone(),
        ));
        let mut http_functions = Vec::new();
        for Function { name, trigger } in functions {
            match trigger {
                Trigger::Http(trigger) => http_functions.push(HttpFunction { name, trigger }),
                Trigger::Queue(trigger) => {
                    // Each was opened before.
                    let Some(queue) = self.connections.queue(&trigger.connection) else {
                        continue;
                    };
                    let processor = Arc::new(MessageProcessor {
                        function: name,
                        trigger,
                        settings: self.root.host.queues.clone(),
                        queue,
                        invoker: Arc::clone(&invoker),
                        timing: self.timing.clone(),
                        log: self.log.clone(),
                    });
                    tokio::spawn(QueueListener { processor }.run(self.stop.clone()));
                }
                Trigger::Timer(trigger) => {
                    let runner = TimerRunner {
                        function: name,
                        trigger,
                        invoker: Arc::clone(&invoker),
                    };
                    tokio::spawn(runner.run(self.stop.clone()));
                }
            }
        }
        let environment = &self.root.environment;
        let front = Front {
            functions: http_functions,
            forwarder: crate::http::Forwarder::new(
                Arc::clone(self.handler),
                function_timeout,
                self.timing,
                self.log,
            ),
            admin: Admin {
                // Only listeners belong to a group; any function can be started by hand.
                functions: self.root.functions.clone(),
                invoker,
            },
            has_home_page: !environment.is_true("AzureWebJobsDisableHomepage"),
        };
        tokio::spawn(serve(listener, Arc::new(front), self.stop));
    }
}

fn report(root: &ScriptRoot, group: &Group, log: &Log) {
    log.information(
        "Host.Startup",
        "azimuth-host: a stand-in for the Azure Functions host, for development and tests. This is not the real host.",
    );
    log.information(
        "Host.Startup",
        format_args!("Script root {}, group {group}", root.path.display()),
    );
    if root.functions.is_empty() {
        log.warning("Host.Startup", "No job functions found.");
    }
    for function in &root.functions {
        let listens = if group.holds(function) {
            ""
        } else {
            " (not in this group)"
        };
        let trigger = match &function.trigger {
            Trigger::Http(trigger) if trigger.auth_level == "anonymous" => "httpTrigger".to_owned(),
            Trigger::Http(trigger) => format!(
                "httpTrigger, key of level {} not asked for",
                trigger.auth_level
            ),
            Trigger::Queue(trigger) => format!("queueTrigger on {}", trigger.queue),
            Trigger::Timer(_) => "timerTrigger".to_owned(),
        };
        log.information(
            "Host.Startup",
            format_args!("{}: {trigger}{listens}", function.name),
        );
    }
}

async fn keep_info_file(file: PathBuf, api: String, group: Group, handler: Arc<Handler>, log: Log) {
    let mut state = handler.state();
    loop {
        let current = *state.borrow_and_update();
        match current {
            HandlerState::Ready { pid, .. } => {
                if let Err(error) = info_file::write(&file, &api, pid, &group.to_string()) {
                    log.error(
                        "Host.Startup",
                        format_args!("--info-file {}: {error}", file.display()),
                    );
                }
            }
            HandlerState::Starting => {}
            HandlerState::Stopped => return,
        }
        if state.changed().await.is_err() {
            return;
        }
    }
}
