//! An emulator, and the adapter connected to it.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use azimuth_azure::cosmos::{CosmosAuth, CosmosSettings, CosmosStore};
use azimuth_azure::egress::Egress;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::tokens::Secret;
use azimuth_stack::cosmos::{Charge, Cosmos, KEY};
use tokio::runtime::{Builder, Runtime};

use crate::crash::world::clock::Counter;

/// One account, for one run after the other.
pub struct Account {
    emulator: Cosmos,
    clock: Arc<Told>,
    runtime: Runtime,
}

/// The adapter, connected to an account.
pub struct Connection {
    account: Arc<Account>,
    /// The adapter.
    pub store: CosmosStore,
}

/// The time that was last told: the adapter's runtime has another clock than a run.
#[derive(Default)]
struct Told(AtomicI64);

impl Clock for Told {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl Account {
    /// Starts an emulator.
    pub fn start() -> Arc<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let emulator = runtime.block_on(Cosmos::start(folder.path(), &[]));
        Arc::new(Self {
            emulator: emulator.unwrap_or_else(|failure| panic!("{failure}")),
            clock: Arc::default(),
            runtime,
        })
    }

    /// The adapter of a deployment. Each has one of its own: it remembers what it wrote,
    /// and none of it is there any more once the account was emptied.
    pub fn connect(self: &Arc<Self>) -> Connection {
        let settings = CosmosSettings {
            endpoint: self.emulator.endpoint().to_owned(),
            database: self.emulator.database().to_owned(),
            auth: CosmosAuth::Key(Secret::new(KEY)),
            egress: Egress::default(),
        };
        let random = Arc::new(Counter::default());
        let store = CosmosStore::connect(&settings, self.clock.clone(), random);
        let store = self.wait(store).unwrap_or_else(|error| panic!("{error}"));
        Connection {
            account: self.clone(),
            store,
        }
    }

    /// Removes everything that lies in it.
    pub fn empty(&self) {
        self.wait(self.emulator.empty()).unwrap();
    }

    /// What was done in it since [`Self::forget_charges`], and what it would cost.
    pub fn charges(&self) -> Vec<Charge> {
        self.wait(self.emulator.charges()).unwrap()
    }

    /// Counts anew from here on.
    pub fn forget_charges(&self) {
        self.wait(self.emulator.forget_charges()).unwrap();
    }

    /// Makes a call and stands still until it is done.
    fn wait<T: Send>(&self, call: impl Future<Output = T> + Send) -> T {
        // On a thread of its own: whoever calls is inside a runtime already.
        let done = thread::scope(|scope| scope.spawn(|| self.runtime.block_on(call)).join());
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl Connection {
    /// What time it is for the adapter from now on.
    pub fn tell(&self, now: Timestamp) {
        self.account.clock.0.store(now.0, Ordering::SeqCst);
    }

    /// Makes a call and stands still until it is done.
    pub fn wait<T: Send>(&self, call: impl Future<Output = T> + Send) -> T {
        self.account.wait(call)
    }

    /// Makes a call by somebody who is gone after their first write.
    pub fn cut<T: Send>(&self, call: impl Future<Output = T> + Send) {
        let emulator = &self.account.emulator;
        self.wait(async {
            emulator.refuse_after(1).await.unwrap();
            call.await;
            emulator.relent().await.unwrap();
        });
    }
}
