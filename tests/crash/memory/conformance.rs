//! The adapters in memory against the public contracts of the ports.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::ConfigStore;
use azimuth_ports::conformance::Rig;
use azimuth_ports::conformance::samples::NOON;
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::UserStore;

use super::{
    MemoryAudit, MemoryConfig, MemoryQueue, MemoryStore, MemoryTokens, MemoryUsage, MemoryUsers,
};

struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Every handle is the same one: what lies in memory is shared.
struct Memory<P: ?Sized> {
    clock: Arc<ManualClock>,
    port: Arc<P>,
}

macro_rules! rig {
    ($port:ident, $make:expr) => {
        impl Memory<dyn $port> {
            fn new() -> Self {
                let clock = Arc::new(ManualClock(AtomicI64::new(NOON.0)));
                let make: fn(Arc<ManualClock>) -> Arc<dyn $port> = $make;
                let port = make(clock.clone());
                Self { clock, port }
            }
        }

        #[async_trait]
        impl Rig<dyn $port> for Memory<dyn $port> {
            async fn open(&self) -> Arc<dyn $port> {
                self.port.clone()
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

rig!(WorkQueue, |clock| Arc::new(MemoryQueue::new(clock, None)));
rig!(ConversationStore, |_| Arc::new(MemoryStore::default()));
rig!(AuditLog, |_| Arc::new(MemoryAudit::default()));
rig!(ConfigStore, |_| Arc::new(MemoryConfig::default()));
rig!(UserStore, |_| Arc::new(MemoryUsers::default()));
rig!(UsageStore, |clock| Arc::new(MemoryUsage::new(clock)));
rig!(TokenStore, |clock| Arc::new(MemoryTokens::new(clock)));
rig!(SecretStore, |clock| Arc::new(MemoryTokens::new(clock)));

mod queue {
    azimuth_ports::conformance!(queue, super::Memory::<dyn super::WorkQueue>::new());
}

mod config {
    azimuth_ports::conformance!(config, super::Memory::<dyn super::ConfigStore>::new());
}

mod users {
    azimuth_ports::conformance!(users, super::Memory::<dyn super::UserStore>::new());
}

mod usage {
    azimuth_ports::conformance!(usage, super::Memory::<dyn super::UsageStore>::new());
}

mod secrets {
    azimuth_ports::conformance!(secrets, super::Memory::<dyn super::SecretStore>::new());
}

mod tokens {
    azimuth_ports::conformance!(tokens, super::Memory::<dyn super::TokenStore>::new());
}

mod audit {
    azimuth_ports::conformance!(audit, super::Memory::<dyn super::AuditLog>::new());
}

mod store {
    azimuth_ports::conformance!(store, super::Memory::<dyn super::ConversationStore>::new());
}
