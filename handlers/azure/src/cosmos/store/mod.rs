//! The ports' adapters over one client.

mod audit;
mod audit_query;
mod commit;
mod config;
mod conversations;
mod documents;
mod events;
mod keys;
mod listing;
mod messages;
mod results;
mod secrets;
mod sessions;
mod sweep;
mod tokens;
mod turns;
mod unclosed;
mod usage;
mod users;

use std::sync::Arc;
use std::time::Duration;

use azimuth_ports::clock::{Clock, Random};
use moka::sync::Cache;

pub(super) use audit::newest as newest_record;
pub(super) use keys::{chain as chain_key, tenant as tenant_scope};
pub(super) use sweep::{PRODUCT, product_key};

use super::account::CosmosSettings;
use super::charges::Charges;
use super::container::Container;
use super::lanes::Lanes;
use super::startup::{self, CosmosStartError};

/// Most chains whose newest record is known.
const MOST_CHAINS: u64 = 1_000;
/// How long it is known of a chain that nobody writes to.
const USED_LATELY: Duration = Duration::from_mins(2);

/// `ConversationStore`, `AuditLog`, `ConfigStore`, `UserStore`, `UsageStore`, `SessionStore`,
/// `SecretStore` and `TokenStore` in one Cosmos DB database, which any number of processes may use at once.
pub struct CosmosStore {
    pub(super) conversations: Container,
    pub(super) audit: Container,
    pub(super) config: Container,
    users: Container,
    tokens: Container,
    /// Appends of this process to one chain.
    appends: Lanes,
    /// By tenant and chain.
    heads: Cache<(String, String), audit::Head>,
    read_up_to: events::ReadUpTo,
    charges: Arc<Charges>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl CosmosStore {
    /// Connects, and checks that account and containers are as the code needs them.
    /// `clock` decides when a sealed token has ended; `random` spreads retries.
    pub async fn connect(
        settings: &CosmosSettings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, CosmosStartError> {
        let charges = Arc::new(Charges::default());
        let [conversations, audit, users, tokens, config] =
            startup::open(settings, charges.clone(), &*clock).await?;
        Ok(Self {
            conversations,
            audit,
            config,
            users,
            tokens,
            appends: Lanes::default(),
            heads: Cache::builder()
                .max_capacity(MOST_CHAINS)
                .time_to_idle(USED_LATELY)
                .build(),
            read_up_to: events::ReadUpTo::default(),
            charges,
            clock,
            random,
        })
    }

    /// What the operations of this store have cost so far.
    pub fn charges(&self) -> &Charges {
        &self.charges
    }

    /// A random number of milliseconds below `most` (at least 1).
    fn jitter_ms(&self, most: u64) -> u64 {
        let bytes = self.random.bytes32();
        let mut half = [0; 8];
        half.copy_from_slice(&bytes[..8]);
        u64::from_be_bytes(half) % most.max(1)
    }
}
