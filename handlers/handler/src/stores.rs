//! The stores and the queue of a configuration.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azimuth_azure::cosmos::{
    CosmosAuth, CosmosDigests, CosmosSettings, CosmosStartError, CosmosStore,
};
use azimuth_azure::egress::Egress;
use azimuth_azure::queue::AzureQueue;
use azimuth_embedded::{SqliteDigests, SqliteQueue, SqliteStore};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::config::ConfigStore;
use azimuth_ports::digests::DigestLog;
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::sessions::SessionStore;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::UserStore;

use crate::config::{CosmosAccess, QueueConfig, StorageConfig};
use crate::wire::{WiringError, fails};

/// How often an account that does not answer is asked again at start, and when.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// Everything that is kept, but the queue.
pub struct Stores {
    pub conversations: Arc<dyn ConversationStore>,
    pub audit: Arc<dyn AuditLog>,
    pub users: Arc<dyn UserStore>,
    pub usage: Arc<dyn UsageStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub tokens: Arc<dyn TokenStore>,
    pub secrets: Arc<dyn SecretStore>,
    pub config: Arc<dyn ConfigStore>,
    pub digests: Arc<dyn DigestLog>,
    /// All of it, where it is in Cosmos DB.
    pub cosmos: Option<Arc<CosmosStore>>,
}

impl Stores {
    fn over<S>(store: Arc<S>, digests: impl DigestLog + 'static) -> Self
    where
        S: ConversationStore
            + AuditLog
            + UserStore
            + UsageStore
            + SessionStore
            + TokenStore
            + SecretStore
            + ConfigStore
            + 'static,
    {
        Self {
            conversations: store.clone(),
            audit: store.clone(),
            users: store.clone(),
            usage: store.clone(),
            sessions: store.clone(),
            tokens: store.clone(),
            secrets: store.clone(),
            config: store,
            digests: Arc::new(digests),
            cosmos: None,
        }
    }
}

/// Opens the stores; those of the embedded form lie in `data`.
pub async fn open(
    storage: &StorageConfig,
    data: &Path,
    egress: &Egress,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Stores, WiringError> {
    match storage {
        StorageConfig::Embedded => {
            let store = SqliteStore::open(data, Arc::clone(clock), Arc::clone(random))
                .map_err(|e| fails("the store cannot be opened")(&e))?;
            let store = Arc::new(store);
            let digests = SqliteDigests::open(data, store.clone())
                .map_err(|e| fails("the digests of the audit cannot be opened")(&e))?;
            Ok(Stores::over(store, digests))
        }
        StorageConfig::Azure(cosmos) => {
            let fails = fails("AZIMUTH_COSMOS_URL");
            let auth = match &cosmos.access {
                CosmosAccess::Key(key) => CosmosAuth::Key(key.clone()),
                CosmosAccess::Identity(identity) => {
                    CosmosAuth::Token(identity.credential(egress).map_err(|e| fails(&e))?)
                }
            };
            let settings = CosmosSettings {
                endpoint: cosmos.url.clone(),
                database: cosmos.database.clone(),
                auth,
                egress: egress.clone(),
            };
            let store = connect(&settings, clock, random)
                .await
                .map_err(|e| fails(&e))?;
            let store = Arc::new(store);
            let digests = CosmosDigests::new(store.clone());
            Ok(Stores {
                cosmos: Some(store.clone()),
                ..Stores::over(store, digests)
            })
        }
    }
}

/// An account may be away for a moment just when an instance starts.
async fn connect(
    settings: &CosmosSettings,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<CosmosStore, CosmosStartError> {
    for _ in 1..TRIES {
        match CosmosStore::connect(settings, Arc::clone(clock), Arc::clone(random)).await {
            Err(CosmosStartError::NoAnswer(why)) => {
                tracing::warn!(why, "Cosmos DB does not answer yet");
                tokio::time::sleep(PAUSE).await;
            }
            other => return other,
        }
    }
    CosmosStore::connect(settings, Arc::clone(clock), Arc::clone(random)).await
}

/// Opens the work queue; the embedded form lies in `data`.
pub fn open_queue(
    queue: &QueueConfig,
    data: &Path,
    egress: &Egress,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn WorkQueue>, WiringError> {
    let fails = fails("the work queue cannot be opened");
    Ok(match queue {
        QueueConfig::Embedded => Arc::new(SqliteQueue::open(data).map_err(|e| fails(&e))?),
        QueueConfig::Azure(connection) => Arc::new(
            AzureQueue::open(connection, egress, Arc::clone(clock)).map_err(|e| fails(&e))?,
        ),
    })
}
