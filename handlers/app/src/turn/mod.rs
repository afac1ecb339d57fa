//! The driver of turns: it performs what `domain::turn` decides.
//!
//! Every public method is safe to call twice and from several processes. What
//! one of them leaves undone, a watchdog message or the sweeper finds.

mod accept;
mod advance;
mod approvals;
mod cancel;
mod commit;
mod execute;
mod history;
mod hub;
mod model_step;
mod poison;
mod reclaim;
mod sign_in;
mod sweep;

use std::sync::Arc;

use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tools::ToolServers;
use azimuth_ports::users::UserStore;

use crate::auth::vault::TokenVault;
use crate::models::Models;
use crate::policy::PolicySet;

pub use accept::{AcceptError, Accepted, ChatRequest, ConsoleRequest};
pub use approvals::{ApprovalDecisionRequest, DecideError};
pub use cancel::CancelError;
pub use hub::{Subscription, TurnHub};
pub use sign_in::SignInError;

/// What the engine works with.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct EnginePorts {
    pub store: Arc<dyn ConversationStore>,
    pub queue: Arc<dyn WorkQueue>,
    pub audit: Arc<dyn AuditLog>,
    pub users: Arc<dyn UserStore>,
    pub tools: Arc<dyn ToolServers>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

/// Accepts, drives, executes and ends turns.
pub struct Engine {
    ports: EnginePorts,
    vault: Arc<TokenVault>,
    policy: Arc<PolicySet>,
    models: Models,
    hub: Arc<TurnHub>,
    /// Whether quotas are enforced.
    quotas: bool,
}
