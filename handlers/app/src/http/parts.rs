//! What the wiring crate gives the HTTP layer, once.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::config::ConfigStore;
use azimuth_ports::digests::{DigestLog, DigestSigner};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::sessions::SessionStore;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenError;
use azimuth_ports::users::UserStore;
use futures::future::BoxFuture;

use super::caller::NewPeople;
use crate::auth::verifier::TokenVerifier;
use crate::digests::AuditSigner;
use crate::models::ModelOffers;
use crate::policy::Policies;
use crate::quota::Quotas;
use crate::tools::SealedServers;
use crate::turn::Engine;

/// Whether the product holds a grant of this user for Azure. It asks the vault
/// only, never the identity provider, so that every page may show it.
pub type AzureGrantLookup =
    Arc<dyn Fn(UserKey) -> BoxFuture<'static, Result<bool, TokenError>> + Send + Sync>;

/// Everything that [`crate::routes::router`] is built from. Routers get small
/// states made from it (`states.rs`), never the whole.
#[derive(Clone)]
pub struct ApiParts {
    /// Accepts, cancels and decides; runs what triggers deliver.
    pub engine: Arc<Engine>,
    /// Conversations, turns, messages, results, events.
    pub store: Arc<dyn ConversationStore>,
    /// The audit.
    pub audit: Arc<dyn AuditLog>,
    /// Its digests.
    pub digests: Arc<dyn DigestLog>,
    /// Who signs them.
    pub signer: Arc<dyn DigestSigner>,
    /// Has them made and archived, when the timer says so.
    pub audit_signer: Arc<AuditSigner>,
    /// Profiles and settings.
    pub users: Arc<dyn UserStore>,
    /// Logins.
    pub sessions: Arc<dyn SessionStore>,
    /// Tool servers: the catalogue, and their health.
    pub tools: SealedServers,
    /// The work queue, for its health only.
    pub queue: Arc<dyn WorkQueue>,
    /// Checks bearer tokens.
    pub verifier: Arc<TokenVerifier>,
    /// What tenants have settled for themselves.
    pub tenant_settings: Arc<dyn ConfigStore>,
    /// What callers may see and do, by tenant.
    pub policies: Arc<Policies>,
    /// How much callers may use, and what is stopped.
    pub quotas: Arc<Quotas>,
    /// The models, and who is offered which.
    pub models: Arc<ModelOffers>,
    /// Whether a user's grant for Azure is there.
    pub azure_grant: AzureGrantLookup,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub random: Arc<dyn Random>,
    /// Settings of the HTTP layer.
    pub config: HttpConfig,
}

/// Settings of the HTTP layer.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Origins that browsers may call from; empty switches the CORS layer off
    /// (on Azure the platform answers preflights).
    pub cors_origins: Vec<String>,
    /// Whether the trigger routes are served. Only behind the Functions host,
    /// which lets nobody outside reach them; never in the standalone form.
    pub triggers: bool,
    /// Longest time until a response begins.
    pub request_deadline: Duration,
    /// Longest time that one trigger invocation may take; shorter than the
    /// host's `functionTimeout`, which kills the whole process.
    pub trigger_deadline: Duration,
    /// How event streams behave.
    pub stream: StreamTimings,
    /// Whether people who were never here before are let in.
    pub new_people: NewPeople,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            triggers: true,
            request_deadline: Duration::from_mins(1),
            trigger_deadline: Duration::from_mins(9),
            stream: StreamTimings::default(),
            new_people: NewPeople::default(),
        }
    }
}

/// Times of an event stream (`design/api.md`, "Events of a turn").
#[derive(Debug, Clone, Copy)]
pub struct StreamTimings {
    /// A comment line after this long without an event.
    pub heartbeat: Duration,
    /// The stream ends itself with a `reconnect` event after this long.
    pub planned_end: Duration,
    /// How often the log is read while events come.
    pub poll_min: Duration,
    /// How often it is read when nothing has come for a while.
    pub poll_max: Duration,
    /// How often the reader's account is looked at again.
    pub recheck: Duration,
    /// How long a stream goes on after its token has expired.
    pub expiry_grace: Duration,
}

impl Default for StreamTimings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(15),
            planned_end: Duration::from_secs(200),
            poll_min: Duration::from_millis(200),
            poll_max: Duration::from_secs(1),
            recheck: Duration::from_secs(15),
            expiry_grace: Duration::from_secs(30),
        }
    }
}
