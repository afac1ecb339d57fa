//! The adapters over an emulator of their own, on a clock that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_azure::cosmos::{CosmosDigests, CosmosSettings, CosmosStore};
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::config::ConfigStore;
use azimuth_ports::conformance::digests::Sealed;
use azimuth_ports::conformance::samples::NOON;
use azimuth_ports::conformance::{Rig, Shared};
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::sessions::SessionStore;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::UserStore;

use crate::emulator::{Emulator, settings};

pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(NOON.0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Never the same twice in this process; nothing here needs more.
pub struct Counted;

static COUNT: AtomicU64 = AtomicU64::new(1);

impl Random for Counted {
    fn ulid(&self) -> String {
        format!("{:026}", COUNT.fetch_add(1, Ordering::SeqCst))
    }

    fn bytes32(&self) -> [u8; 32] {
        // An odd multiplier spreads the counts over all bits.
        let next = COUNT.fetch_add(1, Ordering::SeqCst);
        let spread = next.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&spread.rotate_left(32).to_be_bytes());
        bytes
    }
}

pub struct Cosmos {
    pub emulator: Emulator,
    clock: Arc<ManualClock>,
}

impl Cosmos {
    pub async fn new() -> Self {
        Self {
            emulator: Emulator::start(&[]).await,
            clock: Arc::default(),
        }
    }

    /// Another client, as another process would have it.
    pub async fn store(&self) -> Arc<CosmosStore> {
        store(&self.emulator.settings(), self.clock.clone()).await
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    async fn sealed(&self) -> Arc<Sealed> {
        let store = self.store().await;
        Arc::new(Sealed {
            log: store.clone(),
            digests: Arc::new(CosmosDigests::new(store)),
        })
    }
}

async fn store(settings: &CosmosSettings, clock: Arc<ManualClock>) -> Arc<CosmosStore> {
    let store = CosmosStore::connect(settings, clock, Arc::new(Counted)).await;
    Arc::new(store.unwrap_or_else(|error| panic!("{error}")))
}

macro_rules! rig {
    ($port:ty, $open:ident) => {
        #[async_trait]
        impl Rig<$port> for Cosmos {
            async fn open(&self) -> Arc<$port> {
                self.$open().await
            }

            async fn advance(&self, by: Duration) {
                let ms = i64::try_from(by.as_millis()).unwrap();
                self.clock.0.fetch_add(ms, Ordering::SeqCst);
            }

            fn now(&self) -> Timestamp {
                self.clock.now()
            }
        }
    };
}

rig!(dyn ConversationStore, store);
rig!(dyn AuditLog, store);
rig!(dyn ConfigStore, store);
rig!(dyn UsageStore, store);
rig!(dyn UserStore, store);
rig!(dyn SecretStore, store);
rig!(dyn SessionStore, store);
rig!(dyn TokenStore, store);
rig!(Sealed, sealed);

macro_rules! shared {
    ($port:ty) => {
        #[async_trait]
        impl Shared<$port> for Cosmos {
            fn place(&self) -> String {
                self.emulator.place()
            }

            async fn open_at(place: &str) -> Arc<$port> {
                store(&settings(place), Arc::default()).await
            }
        }
    };
}

shared!(dyn ConversationStore);
shared!(dyn AuditLog);
shared!(dyn TokenStore);
