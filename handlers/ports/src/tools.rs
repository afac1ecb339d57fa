//! Tool servers: who they act for, what they offer, one call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::principal::UserKey;
use azimuth_domain::tool::{EffectClass, ToolRef, ToolSpec};
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use serde_json::Value;

/// One call to make.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// On whose behalf; the server process acts under this identity only.
    pub user: UserKey,
    /// The tool.
    pub tool: ToolRef,
    /// As what the tenant's administrators accepted it, where they did: then that holds
    /// and not the pin of the catalogue.
    pub accepted: Option<Acceptance>,
    /// The tool's server, where the tenant added it; its tools run only as accepted.
    pub added: Option<Arc<TenantServer>>,
    /// Its arguments.
    pub arguments: Value,
    /// Ends the call when it has passed.
    pub deadline: Duration,
    /// Whether the server may be told "accept" when it asks for consent: the
    /// turn's state allows the call. Everything else is declined.
    pub consent: bool,
    /// Ties the call to audit and log.
    pub correlation_id: String,
    /// Tells the caller whether the call has begun.
    pub begun: Begun,
    /// Tells the caller which token the server was given.
    pub token: TokenUsed,
    /// Tells the caller which hosts the server reached.
    pub hosts: HostsReached,
}

/// As what a tool was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// A server that offers another runs nothing.
    pub hash: String,
    /// Effect class without regard to arguments.
    pub effect: EffectClass,
}

/// What a tenant may add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addable {
    /// Programs.
    pub commands: Vec<String>,
    /// Hosts, as patterns.
    pub hosts: Vec<String>,
    /// What the names of secrets begin with that it may name; `None`: none.
    pub secrets: Option<String>,
}

/// Why a server may not be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedFault {
    /// Path of the field of [`AddedServer`], `args/0` for instance.
    pub field: String,
    /// What is wrong with it, and which setting decides where one does.
    pub detail: String,
}

/// Set by the adapter immediately before the first byte of the call can reach the
/// server, and never unset. Until then, dropping the call's future guarantees that
/// the tool did not run and will not run.
#[derive(Debug, Clone, Default)]
pub struct Begun(Arc<AtomicBool>);

impl Begun {
    /// The call begins now.
    pub fn mark(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the call has begun.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Which token the server was given for the call, by the id that the issuer gave it
/// (`uti` of a token of Entra ID, which Azure's log repeats). Set by the adapter before
/// the call's future ends, and never the token itself.
///
/// A server that several calls of one person use at once does not say for which of
/// them it asked; then this is the newest that it was given.
#[derive(Debug, Clone, Default)]
pub struct TokenUsed(Arc<Mutex<Option<String>>>);

impl TokenUsed {
    /// The server was given this one.
    pub fn set(&self, id: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// Its id; `None` when there is none, or none is known.
    pub fn id(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Which hosts the server reached during the call, `host:port` each, sorted. Set by the
/// adapter before the call's future ends; empty where the adapter does not know.
///
/// What a server reaches while several calls of one person use it at once is said of
/// each of them.
#[derive(Debug, Clone, Default)]
pub struct HostsReached(Arc<Mutex<Vec<String>>>);

impl HostsReached {
    /// It reached these.
    pub fn set(&self, hosts: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = hosts;
    }

    /// The hosts.
    pub fn list(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What a tool said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOutput {
    /// `application/json` or `text/plain; charset=utf-8`.
    pub media_type: String,
    /// The bytes, ≤ 8 MiB.
    pub bytes: Vec<u8>,
    /// Whether it said more.
    pub truncated: bool,
    /// Whether it calls this an error.
    pub is_error: bool,
    /// For an error of an Azure tool: the HTTP-like status inside, 401 for
    /// instance.
    pub status: Option<u16>,
}

/// Why a call has no output.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ToolError {
    /// Nothing reached the tool: the call certainly did not run. The text is for
    /// people: it says what is missing or broken.
    #[error("{0}")]
    NotStarted(String),
    /// The request may have reached the tool and the answer is unknown: crash,
    /// hang, cut line. The text is for people.
    #[error("{0}")]
    Unclear(String),
}

/// What a readiness check finds of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHealth {
    /// Name of the server.
    pub server: String,
    /// Whether calls can be expected to work.
    pub ok: bool,
    /// What is wrong, or how many processes run.
    pub detail: String,
    /// Hosts that it may reach, as patterns with a port.
    pub hosts: Vec<String>,
    /// What holds its processes back.
    pub confinement: Confinement,
}

/// What the kernel forbids the processes of a server, whatever they run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// They write only in folders of their own, and read nothing of ours.
    pub files: bool,
    /// They connect only to the proxy that judges hosts, and to the token broker.
    pub connections: bool,
    /// Why not all of that, for people; empty when all of it is.
    pub why: String,
}

impl Confinement {
    /// Whether all of it is enforced. What is not is asked of the processes and kept by
    /// those that are well-behaved.
    pub fn is_enforced(&self) -> bool {
        self.files && self.connections
    }
}

/// The tool servers of this process.
#[async_trait]
pub trait ToolServers: Send + Sync {
    /// Runs one call. Dropping the future cancels the call at the server; before
    /// `request.begun` is set it means that the tool never runs.
    async fn call(&self, request: CallRequest) -> Result<CallOutput, ToolError>;

    /// Every tool of every configured server, as pinned; the same `Arc` as long as
    /// nothing is new.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// Asks those servers what they offer that have not said so for a while, as nobody;
    /// then the catalogue has it. Where one does not answer it has what was known.
    async fn look(&self);

    /// Whether a server of that name is every tenant's, or may come to be.
    fn is_taken(&self, server: &str) -> bool;

    /// What a tenant may add; nothing unless the installation says so.
    fn addable(&self, tenant: &str) -> Addable;

    /// Whether a tenant may add this server. It is asked again before one is started.
    fn check_added(&self, server: &AddedServer) -> Result<(), AddedFault>;

    /// What an added server offered when it said so last to this process; whenever that
    /// changes the catalogue is another `Arc`.
    fn added_offer(&self, server: &TenantServer) -> Option<ServerOffer>;

    /// As [`Self::look`], for an added server.
    async fn look_at(&self, server: &TenantServer);

    /// Under which identity the calls of this server reach their target; none of ours,
    /// where a tenant added it.
    fn acting_identity(&self, server: &str) -> ActingIdentity;

    /// Whether the servers can work.
    async fn health(&self) -> Vec<ServerHealth>;
}

/// What a server offered when it said so last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerOffer {
    /// Hashes of its tools, by name.
    pub hashes: BTreeMap<String, String>,
    /// Tools that the catalogue has otherwise, or not at all, by name, as far as they are
    /// known.
    pub texts: BTreeMap<String, ToolText>,
}

/// A tool as its server offers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolText {
    /// [`tool_hash`](azimuth_domain::tool::tool_hash) of name, description and schema.
    pub hash: String,
    /// Text for people and models.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
}

/// How a tool is offered, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered<'a> {
    /// The server has not been asked.
    Unknown,
    /// The server does not have it.
    Missing,
    /// Under this hash.
    As(&'a str),
}

/// The pinned tools.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// SHA-256 over all hashes; changes when any tool changes.
    pub version: String,
    /// The tools, by server and name.
    pub tools: Vec<ToolSpec>,
    /// What servers offer, by name, as far as this process has asked; no part of the
    /// version.
    pub offers: BTreeMap<String, ServerOffer>,
}

impl Catalogue {
    /// The tool of that name.
    pub fn get(&self, tool: &ToolRef) -> Option<&ToolSpec> {
        self.tools.iter().find(|t| t.tool == *tool)
    }

    /// How the tool of that name is offered.
    pub fn offered(&self, tool: &ToolRef) -> Offered<'_> {
        match self.offers.get(&tool.server) {
            None => Offered::Unknown,
            Some(offer) => match offer.hashes.get(&tool.name) {
                None => Offered::Missing,
                Some(hash) => Offered::As(hash),
            },
        }
    }

    /// The tool of that name as it is offered, or as it is pinned where its server has not
    /// been asked. `None` also where its text is not known.
    pub fn offered_text(&self, tool: &ToolRef) -> Option<ToolText> {
        let pinned = self.get(tool);
        let hash = match self.offered(tool) {
            Offered::Missing => return None,
            Offered::Unknown => pinned?.hash.as_str(),
            Offered::As(hash) => hash,
        };
        if let Some(spec) = pinned.filter(|spec| spec.hash == hash) {
            return Some(ToolText {
                hash: spec.hash.clone(),
                description: spec.description.clone(),
                input_schema: spec.input_schema.clone(),
            });
        }
        let texts = &self.offers.get(&tool.server)?.texts;
        texts
            .get(&tool.name)
            .filter(|text| text.hash == hash)
            .cloned()
    }
}
