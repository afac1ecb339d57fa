//! The states of the routers: each holds the gate and at most five ports more.

use std::sync::Arc;

use axum::extract::FromRef;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::config::ConfigStore;
use azimuth_ports::digests::{DigestLog, DigestSigner};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::users::UserStore;
use tokio::sync::Semaphore;

use super::admin::{People, Recorder};
use super::caller::Gate;
use super::health::Readiness;
use super::logins::Logins;
use super::parts::{ApiParts, AzureGrantLookup, StreamTimings};
use crate::models::ModelOffers;
use crate::policy::Policies;
use crate::quota::Quotas;
use crate::tools::{Catalogues, SealedServers};
use crate::turn::Engine;

macro_rules! gated {
    ($($state:ident),+) => {
        $(impl FromRef<$state> for Gate {
            fn from_ref(state: &$state) -> Self {
                state.gate.clone()
            }
        })+
    };
}

gated!(
    AccountState,
    AdminState,
    PickerState,
    DataState,
    SessionState,
    ConversationState,
    TurnState,
    ToolState,
    AuditState,
    PolicyState,
    CatalogueState,
    LimitState,
    ModelState
);

/// Who I am, and my settings.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct AccountState {
    pub gate: Gate,
    pub people: People,
    pub users: Arc<dyn UserStore>,
    pub store: Arc<dyn ConversationStore>,
    pub engine: Arc<Engine>,
    pub models: Arc<ModelOffers>,
    pub azure_grant: AzureGrantLookup,
    pub quotas: Arc<Quotas>,
}

/// My logins.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct SessionState {
    pub gate: Gate,
    pub people: People,
}

/// Administration.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct AdminState {
    pub gate: Gate,
    pub people: People,
    pub tenant_settings: Arc<dyn ConfigStore>,
}

/// What is kept of the caller.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct DataState {
    pub gate: Gate,
    pub conversations: ConversationState,
    pub people: People,
}

/// What pickers offer.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct PickerState {
    pub gate: Gate,
    pub models: Arc<ModelOffers>,
    pub engine: Arc<Engine>,
}

/// Conversations and their messages.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct ConversationState {
    pub gate: Gate,
    pub store: Arc<dyn ConversationStore>,
    pub engine: Arc<Engine>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

/// Turns, their events, results and approvals.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct TurnState {
    pub gate: Gate,
    pub store: Arc<dyn ConversationStore>,
    pub engine: Arc<Engine>,
    pub clock: Arc<dyn Clock>,
    pub timings: StreamTimings,
}

/// Tools and calls without a model.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct ToolState {
    pub gate: Gate,
    pub engine: Arc<Engine>,
    pub policies: Arc<Policies>,
}

/// The audit.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct AuditState {
    pub gate: Gate,
    pub audit: Arc<dyn AuditLog>,
    pub digests: Arc<dyn DigestLog>,
    pub signer: Arc<dyn DigestSigner>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

/// Policies, for administrators.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct PolicyState {
    pub gate: Gate,
    pub policies: Arc<Policies>,
    pub catalogues: Arc<Catalogues>,
    pub recorder: Recorder,
    pub clock: Arc<dyn Clock>,
    pub simulations: Arc<Semaphore>,
}

/// Tool servers and what they offer, for administrators.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct CatalogueState {
    pub gate: Gate,
    pub catalogues: Arc<Catalogues>,
    pub servers: SealedServers,
    pub recorder: Recorder,
    pub clock: Arc<dyn Clock>,
}

/// Limits, kill switch and usage.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct LimitState {
    pub gate: Gate,
    pub quotas: Arc<Quotas>,
    pub recorder: Recorder,
    pub clock: Arc<dyn Clock>,
}

/// Which models are offered to whom.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct ModelState {
    pub gate: Gate,
    pub models: Arc<ModelOffers>,
    pub quotas: Arc<Quotas>,
    pub recorder: Recorder,
    pub clock: Arc<dyn Clock>,
}

/// What readiness looks at.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct HealthState {
    pub store: Arc<dyn ConversationStore>,
    pub queue: Arc<dyn WorkQueue>,
    pub tools: SealedServers,
    pub models: Arc<ModelOffers>,
    pub clock: Arc<dyn Clock>,
    pub readiness: Arc<Readiness>,
}

/// All of them, made from the parts.
pub(crate) struct States {
    pub account: AccountState,
    pub admin: AdminState,
    pub session: SessionState,
    pub data: DataState,
    pub picker: PickerState,
    pub conversation: ConversationState,
    pub turn: TurnState,
    pub tool: ToolState,
    pub audit: AuditState,
    pub policy: PolicyState,
    pub catalogue: CatalogueState,
    pub limit: LimitState,
    pub model: ModelState,
    pub health: HealthState,
}

impl States {
    pub fn of(parts: &ApiParts) -> Self {
        let gate = Gate::new(
            Arc::clone(&parts.verifier),
            Arc::clone(&parts.users),
            Logins::new(Arc::clone(&parts.sessions), Arc::clone(&parts.clock)),
            Arc::clone(&parts.clock),
            Arc::clone(&parts.quotas),
            parts.config.new_people,
        );
        let people = People {
            users: Arc::clone(&parts.users),
            sessions: Arc::clone(&parts.sessions),
            recorder: Recorder::new(
                Arc::clone(&parts.audit),
                Arc::clone(&parts.clock),
                Arc::clone(&parts.random),
            ),
            clock: Arc::clone(&parts.clock),
        };
        let conversations = ConversationState {
            gate: gate.clone(),
            store: Arc::clone(&parts.store),
            engine: Arc::clone(&parts.engine),
            audit: Arc::clone(&parts.audit),
            clock: Arc::clone(&parts.clock),
            random: Arc::clone(&parts.random),
        };
        Self {
            account: AccountState {
                gate: gate.clone(),
                people: people.clone(),
                users: Arc::clone(&parts.users),
                store: Arc::clone(&parts.store),
                engine: Arc::clone(&parts.engine),
                models: Arc::clone(&parts.models),
                azure_grant: Arc::clone(&parts.azure_grant),
                quotas: Arc::clone(&parts.quotas),
            },
            admin: AdminState {
                gate: gate.clone(),
                people: people.clone(),
                tenant_settings: Arc::clone(&parts.tenant_settings),
            },
            data: DataState {
                gate: gate.clone(),
                conversations: conversations.clone(),
                people: people.clone(),
            },
            session: SessionState {
                gate: gate.clone(),
                people: people.clone(),
            },
            picker: PickerState {
                gate: gate.clone(),
                models: Arc::clone(&parts.models),
                engine: Arc::clone(&parts.engine),
            },
            conversation: conversations,
            turn: TurnState {
                gate: gate.clone(),
                store: Arc::clone(&parts.store),
                engine: Arc::clone(&parts.engine),
                clock: Arc::clone(&parts.clock),
                timings: parts.config.stream,
            },
            tool: ToolState {
                gate: gate.clone(),
                engine: Arc::clone(&parts.engine),
                policies: Arc::clone(&parts.policies),
            },
            audit: AuditState {
                gate: gate.clone(),
                audit: Arc::clone(&parts.audit),
                digests: Arc::clone(&parts.digests),
                signer: Arc::clone(&parts.signer),
                clock: Arc::clone(&parts.clock),
                random: Arc::clone(&parts.random),
            },
            limit: LimitState {
                gate: gate.clone(),
                quotas: Arc::clone(&parts.quotas),
                recorder: people.recorder.clone(),
                clock: Arc::clone(&parts.clock),
            },
            model: ModelState {
                gate: gate.clone(),
                models: Arc::clone(&parts.models),
                quotas: Arc::clone(&parts.quotas),
                recorder: people.recorder.clone(),
                clock: Arc::clone(&parts.clock),
            },
            catalogue: CatalogueState {
                gate: gate.clone(),
                catalogues: Arc::clone(parts.engine.catalogues()),
                servers: parts.tools.clone(),
                recorder: people.recorder.clone(),
                clock: Arc::clone(&parts.clock),
            },
            policy: PolicyState {
                gate,
                policies: Arc::clone(&parts.policies),
                catalogues: Arc::clone(parts.engine.catalogues()),
                recorder: people.recorder,
                clock: Arc::clone(&parts.clock),
                simulations: Arc::new(Semaphore::new(1)),
            },
            health: HealthState {
                store: Arc::clone(&parts.store),
                queue: Arc::clone(&parts.queue),
                tools: parts.tools.clone(),
                models: Arc::clone(&parts.models),
                clock: Arc::clone(&parts.clock),
                readiness: Arc::default(),
            },
        }
    }
}
