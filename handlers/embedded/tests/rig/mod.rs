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
use azimuth_ports::conformance::Rig;
use azimuth_ports::conformance::digests::Sealed;
use azimuth_ports::conformance::samples::NOON;
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use azimuth_ports::users::UserStore;
use tempfile::TempDir;

pub struct ManualClock(AtomicI64);

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
            clock: Arc::new(ManualClock(AtomicI64::new(NOON.0))),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn queue(&self) -> SqliteQueue {
        let random = Arc::new(SystemRandom::new(self.clock.clone()));
        SqliteQueue::open_with(self.path(), self.clock.clone(), random).unwrap()
    }

    pub fn store(&self) -> SqliteStore {
        let random = Arc::new(SystemRandom::new(self.clock.clone()));
        SqliteStore::open(self.path(), self.clock.clone(), random).unwrap()
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
rig!(dyn UserStore, store);
rig!(dyn TokenStore, store);
rig!(Sealed, sealed);
