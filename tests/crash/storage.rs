//! Where a deployment keeps everything, open to the checks: they look past the ports.

use std::sync::Arc;

use azimuth_domain::audit::{AuditEntry, AuditRecord};
use azimuth_domain::ids::{ConversationKey, TurnId};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::UserStore;
use tokio::sync::futures::Notified;

use super::cosmos::{Account, Bridge, Looks};
use super::flaw::Flaw;
use super::memory::{MemoryAudit, MemoryStore, MemoryTokens, MemoryUsage, MemoryUsers};
use super::world::clock::TrueClock;

/// Which adapters a deployment stands on.
pub enum Storage {
    /// In memory, with this flaw.
    Memory(Option<Flaw>),
    /// On Cosmos DB, in an account that nobody else uses meanwhile.
    Cosmos(Arc<Account>, Looks),
}

/// The adapters of one deployment.
pub struct Shelves {
    /// Conversations.
    pub store: Arc<dyn OpenStore>,
    /// The audit.
    pub audit: Arc<dyn OpenAudit>,
    /// User records.
    pub users: Arc<dyn UserStore>,
    /// What people have used.
    pub usage: Arc<dyn UsageStore>,
    /// Sealed tokens.
    pub tokens: Arc<dyn OpenTokens>,
}

impl Storage {
    /// What is wrong with it.
    pub fn flaw(&self) -> Option<Flaw> {
        match self {
            Self::Memory(flaw) => *flaw,
            Self::Cosmos(..) => None,
        }
    }

    /// Removes what earlier deployments left in it.
    pub fn empty(&self) {
        match self {
            // It went with them.
            Self::Memory(_) => {}
            Self::Cosmos(account, _) => account.empty(),
        }
    }

    /// The adapters, on this clock.
    pub fn open(&self, clock: &Arc<TrueClock>) -> Shelves {
        match self {
            Self::Memory(flaw) => Shelves {
                store: Arc::new(MemoryStore::with(*flaw)),
                audit: Arc::new(MemoryAudit::with(*flaw)),
                users: Arc::new(MemoryUsers::default()),
                usage: Arc::new(MemoryUsage::new(clock.clone())),
                tokens: Arc::new(MemoryTokens::new(clock.clone())),
            },
            Self::Cosmos(account, looks) => {
                let bridge = Arc::new(Bridge::new(account, clock, *looks));
                Shelves {
                    store: bridge.clone(),
                    audit: bridge.clone(),
                    users: bridge.clone(),
                    usage: bridge.clone(),
                    tokens: bridge,
                }
            }
        }
    }
}

/// A store that can be looked into.
pub trait OpenStore: ConversationStore {
    /// Every turn.
    fn all_turns(&self) -> Vec<Turn>;

    /// Whether every turn has ended.
    fn all_have_ended(&self) -> bool;

    /// Shows a turn as it stands, when there is one.
    fn show(&self, id: &TurnId, see: &mut dyn FnMut(&Turn));

    /// Returns when a turn has changed since this was called, awaited or not.
    fn changed(&self) -> Notified<'_>;

    /// Committed history that was changed afterwards (I6).
    fn rewritten(&self) -> Vec<String>;

    /// Removes only a part of a conversation that is removed: what a removal that broke
    /// off leaves behind.
    fn purge_partly(&self, key: &ConversationKey);

    /// Looks at everything anew before it is judged.
    fn look_again(&self) {}
}

impl dyn OpenStore {
    /// What somebody sees in a turn as it stands.
    pub fn look<T>(&self, id: &TurnId, see: impl FnOnce(&Turn) -> T) -> Option<T> {
        let mut see = Some(see);
        let mut seen = None;
        self.show(id, &mut |turn| seen = see.take().map(|see| see(turn)));
        seen
    }

    /// A turn as it stands.
    pub fn peek(&self, id: &TurnId) -> Option<Turn> {
        self.look(id, Turn::clone)
    }
}

/// An audit that can be looked into.
pub trait OpenAudit: AuditLog {
    /// Every record, chain by chain.
    fn records(&self) -> Vec<AuditRecord>;

    /// A record of any chain.
    fn peek(&self, id: &str) -> Option<AuditRecord>;

    /// Whether appending this is more than one write.
    fn appends_in_parts(&self, _entry: &AuditEntry) -> bool {
        false
    }

    /// Makes only the first of the writes of an append.
    fn append_partly(
        &self,
        _tenant: &str,
        _chain: &str,
        _id: &str,
        _at: Timestamp,
        _entry: AuditEntry,
    ) {
    }
}

/// Sealed tokens and secrets, some of which can be forgotten.
pub trait OpenTokens: TokenStore + SecretStore {
    /// Removes only one entry of a user: what a removal that broke off leaves behind.
    fn forget_partly(&self, user: &UserKey);
}
