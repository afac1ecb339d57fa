//! The driver of turns: it performs what `domain::turn` decides.
//!
//! Every public method is safe to call twice and from several processes. What
//! one of them leaves undone, a watchdog message or the sweeper finds.

mod accept;
mod advance;
mod approvals;
mod cancel;
mod commit;
mod denied;
mod execute;
mod grants;
mod heartbeat;
mod history;
mod hub;
pub(crate) mod lanes;
mod model_step;
mod patience;
mod poison;
mod recent;
mod reclaim;
mod refused;
mod sealing;
mod sign_in;
mod slots;
mod spoken;
mod sweep;
mod text_log;

use std::sync::{Arc, OnceLock};

use azimuth_ports::audit::AuditLog;
use azimuth_ports::azure::AzureDirectory;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::{ConversationStore, StoredResult};
use azimuth_ports::users::UserStore;

use azimuth_domain::event::ResultRef;
use azimuth_domain::search::ToolIndex;
use azimuth_domain::time::Timestamp;
use azimuth_ports::tools::Catalogue;
use moka::sync::Cache;
use tokio_util::task::TaskTracker;

use crate::auth::vault::TokenVault;
use crate::azure_reads::AzureReads;
use crate::models::ModelOffers;
use crate::notices::ApprovalNotices;
use crate::policy::Policies;
use crate::policy::arguments::ArgumentSchemas;
use crate::quota::Quotas;
use crate::secrets::SecretVault;
use crate::tools::pace::AzurePace;
use crate::tools::{Catalogues, SealedServers};

pub use accept::{AcceptError, Accepted, ChatRequest, ConsoleRequest};
pub use approvals::{ApprovalDecisionRequest, DecideError};
pub use cancel::CancelError;
pub(crate) use commit::ApplyError;
pub use grants::RevokeError;
pub(crate) use heartbeat::{Lease, Pulse, StopSign};
pub(crate) use history::cut_text;
pub use hub::{Ahead, News, Readers, Subscription, TurnHub};
pub(crate) use model_step::wire_name;
pub use sign_in::SignInError;
pub use sweep::SweepReport;

/// Search indexes that are kept: catalogues of tenants in use.
const INDEXES: u64 = 8;

/// What the engine works with.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct EnginePorts {
    pub store: Arc<dyn ConversationStore>,
    pub queue: Arc<dyn WorkQueue>,
    pub audit: Arc<dyn AuditLog>,
    pub users: Arc<dyn UserStore>,
    pub tools: SealedServers,
    pub catalogues: Arc<Catalogues>,
    pub azure: Arc<dyn AzureDirectory>,
    pub secrets: Arc<SecretVault>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

/// Accepts, drives, executes and ends turns.
pub struct Engine {
    ports: EnginePorts,
    vault: Arc<TokenVault>,
    policies: Arc<Policies>,
    models: Arc<ModelOffers>,
    hub: Arc<TurnHub>,
    /// Says inside this process that a turn was cancelled, so that its model
    /// call ends at once; other processes look once a second.
    stops: Arc<TurnHub>,
    schemas: ArgumentSchemas,
    azure: AzureReads,
    pace: AzurePace,
    /// By the version of their catalogue.
    indexes: Cache<String, Arc<ToolIndex>>,
    past: history::Past,
    recent: recent::Recent,
    tasks: TaskTracker,
    /// Executors between their look at a turn and their claim.
    claiming: lanes::Lanes,
    /// Executors that write how a call ended.
    finishing: lanes::Lanes,
    quotas: Arc<Quotas>,
    slots: Arc<slots::Slots>,
    notices: OnceLock<Arc<ApprovalNotices>>,
}

impl Engine {
    /// An engine.
    pub fn new(
        ports: EnginePorts,
        vault: Arc<TokenVault>,
        policies: Arc<Policies>,
        models: Arc<ModelOffers>,
        quotas: Arc<Quotas>,
    ) -> Arc<Self> {
        let azure = AzureReads::new(
            Arc::clone(&ports.azure),
            Arc::clone(&ports.audit),
            Arc::clone(&ports.clock),
            Arc::clone(&ports.random),
        );
        Arc::new(Self {
            azure,
            pace: AzurePace::new(),
            ports,
            vault,
            policies,
            models,
            hub: TurnHub::new(),
            stops: TurnHub::new(),
            schemas: ArgumentSchemas::new(),
            indexes: Cache::new(INDEXES),
            past: history::Past::new(),
            recent: recent::Recent::new(),
            tasks: TaskTracker::new(),
            claiming: lanes::Lanes::default(),
            finishing: lanes::Lanes::default(),
            quotas,
            slots: Arc::default(),
            notices: OnceLock::new(),
        })
    }

    /// From now on `notices` hears of every approval that begins to wait. Once.
    pub fn announce_approvals(&self, notices: Arc<ApprovalNotices>) {
        let _ = self.notices.set(notices);
    }

    /// Hints for readers of this process.
    pub fn hub(&self) -> &Arc<TurnHub> {
        &self.hub
    }

    /// Returns when no turn is being driven in the background of this process.
    pub async fn idle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    pub(crate) fn remember_result(
        &self,
        tenant: &str,
        stored: &StoredResult,
        reference: &ResultRef,
    ) {
        self.recent.stored_result(tenant, stored, reference);
    }

    pub(crate) fn finishing(&self) -> &lanes::Lanes {
        &self.finishing
    }

    pub(crate) fn stops(&self) -> &Arc<TurnHub> {
        &self.stops
    }

    pub(crate) fn store(&self) -> &dyn ConversationStore {
        self.ports.store.as_ref()
    }

    pub(crate) fn audit(&self) -> &dyn AuditLog {
        self.ports.audit.as_ref()
    }

    pub(crate) fn users(&self) -> &dyn UserStore {
        self.ports.users.as_ref()
    }

    pub(crate) fn tool_servers(&self) -> &SealedServers {
        &self.ports.tools
    }

    /// Which tools every tenant has.
    pub fn catalogues(&self) -> &Arc<Catalogues> {
        &self.ports.catalogues
    }

    pub(crate) fn azure(&self) -> &AzureReads {
        &self.azure
    }

    pub(crate) fn pace(&self) -> &AzurePace {
        &self.pace
    }

    pub(crate) fn secrets(&self) -> &SecretVault {
        &self.ports.secrets
    }

    pub(crate) fn argument_schemas(&self) -> &ArgumentSchemas {
        &self.schemas
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    pub(crate) fn random(&self) -> &dyn Random {
        self.ports.random.as_ref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The search index of the catalogue, made once per catalogue version.
    pub(crate) fn tool_index(&self, catalogue: &Catalogue) -> Arc<ToolIndex> {
        self.indexes.get_with(catalogue.version.clone(), || {
            Arc::new(ToolIndex::new(&catalogue.tools))
        })
    }
}
