//! The embedded adapters in a folder of their own, on a clock that stands still.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::time::Timestamp;
use azimuth_embedded::{SqliteDigests, SqliteQueue, SqliteStore, SystemRandom};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::ConfigStore;
use azimuth_ports::conformance::digests::Sealed;
use azimuth_ports::conformance::samples::NOON;
use azimuth_ports::conformance::{Rig, Shared};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::sessions::SessionStore;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::UserStore;
use tempfile::TempDir;

pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(NOON.0))
    }
}

impl ManualClock {
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct Embedded {
    folder: TempDir,
    pub clock: Arc<ManualClock>,
}

impl Embedded {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn queue(&self) -> SqliteQueue {
        queue(self.path(), &self.clock)
    }

    pub fn store(&self) -> SqliteStore {
        store(self.path(), &self.clock)
    }

    pub fn sealed(&self) -> Sealed {
        let store = Arc::new(self.store());
        let digests = SqliteDigests::open(self.path(), store.clone()).unwrap();
        Sealed {
            log: store,
            digests: Arc::new(digests),
        }
    }
}

fn queue(folder: &Path, clock: &Arc<ManualClock>) -> SqliteQueue {
    let random = Arc::new(SystemRandom::new(clock.clone()));
    SqliteQueue::open_with(folder, clock.clone(), random).unwrap()
}

fn store(folder: &Path, clock: &Arc<ManualClock>) -> SqliteStore {
    let random = Arc::new(SystemRandom::new(clock.clone()));
    SqliteStore::open(folder, clock.clone(), random).unwrap()
}

macro_rules! rig {
    ($port:ty, $open:ident) => {
        #[async_trait]
        impl Rig<$port> for Embedded {
            async fn open(&self) -> Arc<$port> {
                Arc::new(self.$open())
            }

            async fn advance(&self, by: Duration) {
                self.clock.advance(by);
            }

            fn now(&self) -> Timestamp {
                self.clock.now()
            }
        }
    };
}

rig!(dyn WorkQueue, queue);
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
    ($port:ty, $open:ident) => {
        #[async_trait]
        impl Shared<$port> for Embedded {
            fn place(&self) -> String {
                self.path().to_str().unwrap().to_owned()
            }

            async fn open_at(place: &str) -> Arc<$port> {
                Arc::new($open(Path::new(place), &Arc::default()))
            }
        }
    };
}

shared!(dyn WorkQueue, queue);
shared!(dyn ConversationStore, store);
shared!(dyn AuditLog, store);
shared!(dyn TokenStore, store);
