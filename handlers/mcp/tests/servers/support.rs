//! A pool over the fake server, for the tests of this crate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{EffectClass, ToolRef};
use azimuth_mcp::servers::{HostEnvironment, Identity, Program, Runs, ServerConfig};
use azimuth_mcp::{AddRules, McpServers, Options, PoolLimits, Secrets};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::{AccessToken, Secret, TokenError, UserTokens};
use azimuth_ports::tools::{
    Begun, CallOutput, CallRequest, HostsReached, TokenUsed, ToolError, ToolServers,
};
use serde_json::{Value, json};

pub const FAKE: &str = env!("CARGO_BIN_EXE_azimuth-fake-mcp");
pub const AUDIENCE: &str = "https://management.azure.test";

/// Tools of the fake server that tests may call as reads and as changes; `grow`
/// comes on request.
const READS: [&str; 17] = [
    "echo",
    "whoami",
    "token",
    "slow",
    "hang",
    "crash",
    "die_silently",
    "farewell",
    "garbage",
    "line",
    "big",
    "fail",
    "refuse",
    "ask",
    "meet",
    "switch",
    "try",
];
const CHANGES: [&str; 4] = ["consent", "form", "change", "late"];

pub struct World(pub AtomicU8);

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }
}

impl Random for World {
    fn ulid(&self) -> String {
        unreachable!("this crate makes no ids")
    }

    fn bytes32(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::SeqCst); 32]
    }
}

#[async_trait]
impl UserTokens for World {
    async fn access_token(&self, user: &UserKey, _: &str) -> Result<AccessToken, TokenError> {
        Ok(AccessToken {
            token: Secret::new(format!("token of {}", user.oid)),
            expires_at: Timestamp(1_800_003_600_000),
        })
    }
}

/// What to start; then [`Plan::start`].
pub struct Plan {
    pub folder: Option<tempfile::TempDir>,
    pub flags: Vec<String>,
    pub identity: Identity,
    pub env: BTreeMap<String, String>,
    pub limits: PoolLimits,
    pub wrapped: bool,
    pub command: PathBuf,
    pub grow: bool,
    pub server: &'static str,
    pub hosts: Option<Vec<String>>,
    /// `None`: the folder of the whole rig.
    pub writes: Option<Vec<PathBuf>>,
    /// Of whoever runs the handler.
    pub home: String,
    pub secrets: Secrets,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            folder: None,
            flags: Vec::new(),
            identity: Identity::None,
            env: BTreeMap::new(),
            limits: PoolLimits {
                stop_grace: Duration::from_millis(500),
                start_timeout: Duration::from_secs(20),
                ..PoolLimits::default()
            },
            wrapped: true,
            command: FAKE.into(),
            grow: false,
            server: "fake",
            hosts: None,
            writes: None,
            home: "/home/somebody".to_owned(),
            secrets: Secrets::default(),
        }
    }
}

impl Plan {
    pub fn flags(flags: &[&str]) -> Self {
        Self {
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            ..Self::default()
        }
    }

    pub async fn start(self) -> Rig {
        let folder = self.folder.unwrap_or_else(|| tempfile::tempdir().unwrap());
        let log = folder.path().join("log");
        let mut args = vec!["serve".into(), "--log".into(), log.display().to_string()];
        args.extend(self.flags);
        let reads = READS.map(|name| (name.to_owned(), EffectClass::ReadOnly));
        let changes = CHANGES.map(|name| (name.to_owned(), EffectClass::Mutating));
        let mut tools: BTreeMap<String, EffectClass> = reads.into_iter().chain(changes).collect();
        if self.grow {
            tools.insert("grow".into(), EffectClass::Mutating);
        }
        let server = ServerConfig {
            name: self.server.into(),
            runs: Runs::Here(Program {
                command: self.command,
                args,
                env: self.env,
                // The log of what it does is there.
                writes: self
                    .writes
                    .unwrap_or_else(|| vec![folder.path().to_owned()]),
            }),
            identity: self.identity,
            tools,
            hosts: self.hosts,
        };
        let wrapper = if self.wrapped {
            vec![FAKE.into(), "confine".into()]
        } else {
            vec![]
        };
        let options = Options {
            wrapper,
            host: HostEnvironment {
                path: "/usr/bin:/bin".into(),
                home: Some(self.home.clone()),
            },
            environment: BTreeMap::from([("SSL_CERT_DIR".into(), "/nonexistent".into())]),
            hosts: vec!["management.azure.test".into()],
            proxy: None,
            work_dir: folder.path().to_owned(),
            audiences: vec![AUDIENCE.into()],
            limits: self.limits,
            addable: AddRules {
                commands: vec![FAKE.into()],
                hosts: Vec::new(),
                secrets: None,
            },
            secrets: self.secrets,
            authorities: Vec::new(),
        };
        let world = Arc::new(World(AtomicU8::new(1)));
        let servers =
            McpServers::start(vec![server], options, world.clone(), world.clone(), world).await;
        Rig {
            servers: Arc::new(servers.unwrap()),
            folder: Some(folder),
        }
    }
}

/// A running pool.
pub struct Rig {
    pub servers: Arc<McpServers>,
    folder: Option<tempfile::TempDir>,
}

pub fn request(user: &str, tool: &str, arguments: Value) -> CallRequest {
    CallRequest {
        user: UserKey::new("tid", user),
        tool: ToolRef::new("fake", tool),
        accepted: None,
        added: None,
        arguments,
        deadline: Duration::from_secs(20),
        consent: false,
        correlation_id: "correlation".into(),
        begun: Begun::default(),
        token: TokenUsed::default(),
        hosts: HostsReached::default(),
    }
}

impl Rig {
    pub fn path(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    pub async fn call(
        &self,
        user: &str,
        tool: &str,
        arguments: Value,
    ) -> Result<CallOutput, ToolError> {
        self.servers.call(request(user, tool, arguments)).await
    }

    /// The text of a call that must succeed.
    pub async fn text(&self, user: &str, tool: &str, arguments: Value) -> String {
        text(self.call(user, tool, arguments).await)
    }

    /// The process that serves `user` now, and its environment.
    pub async fn whoami(&self, user: &str) -> (u64, Value) {
        let answer: Value =
            serde_json::from_str(&self.text(user, "whoami", json!({})).await).unwrap();
        (answer["pid"].as_u64().unwrap(), answer["env"].clone())
    }

    pub fn log(&self) -> Vec<String> {
        read_log(&self.path().join("log"))
    }

    pub fn count(&self, prefix: &str) -> usize {
        self.log()
            .iter()
            .filter(|line| line.starts_with(prefix))
            .count()
    }

    /// A call in a task of its own, once the server has it.
    pub async fn calling(
        &self,
        call: CallRequest,
    ) -> tokio::task::JoinHandle<Result<CallOutput, ToolError>> {
        let prefix = format!("call {} ", call.tool.name);
        let before = self.count(&prefix);
        let servers = Arc::clone(&self.servers);
        let task = tokio::spawn(async move { servers.call(call).await });
        until("the server has the call", || self.count(&prefix) > before).await;
        task
    }

    /// Ends the pool; no process may be left.
    pub async fn end(mut self) -> tempfile::TempDir {
        self.servers.shutdown().await;
        // A killed process needs a moment to be gone.
        let left = pids(&self.log());
        let gone = || left.iter().all(|pid| is_gone(*pid));
        within(Duration::from_secs(2), "no process is left behind", gone).await;
        self.folder.take().unwrap()
    }
}

pub fn text(result: Result<CallOutput, ToolError>) -> String {
    String::from_utf8(result.unwrap().bytes).unwrap()
}

pub fn not_started(result: Result<CallOutput, ToolError>) -> String {
    match result {
        Err(ToolError::NotStarted(text)) => text,
        other => panic!("expected NotStarted, got {other:?}"),
    }
}

pub fn unclear(result: Result<CallOutput, ToolError>) -> String {
    match result {
        Err(ToolError::Unclear(text)) => text,
        other => panic!("expected Unclear, got {other:?}"),
    }
}

pub fn read_log(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Processes that the log tells of.
pub fn pids(log: &[String]) -> Vec<u64> {
    log.iter()
        .filter_map(|line| line.strip_prefix("started ")?.parse().ok())
        .collect()
}

/// A zombie is gone; it only waits for whoever inherited it.
pub fn is_gone(pid: u64) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return true;
    };
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| rest.starts_with('Z'))
}

/// Waits for a condition, at most 20 s.
pub async fn until(what: &str, condition: impl FnMut() -> bool) {
    within(Duration::from_secs(20), what, condition).await;
}

pub async fn within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
