//! The processes: each with an engine, a vault and a clock of its own.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use azimuth_app::auth::vault::{TokenVault, VaultParts, VaultSettings};
use azimuth_app::models::{ModelOffers, Models};
use azimuth_app::policy::{Policies, PolicySet};
use azimuth_app::quota::{QuotaParts, Quotas};
use azimuth_app::secrets::SecretVault;
use azimuth_app::tools::{Catalogues, SealedServers};
use azimuth_app::turn::{Engine, EnginePorts};
use azimuth_ports::model::ChatModel;

use super::clock::ProcessClock;
use super::provider::{NothingInAzure, PlainSealer};
use super::{Ground, World};
use crate::crash::line::{Fate, Life, Line, Outside};
use crate::crash::memory::MemoryConfig;

/// How long it takes until a lost process is replaced.
const REPLACED_AFTER: Duration = Duration::from_secs(5);

/// No tenant has policies or limits of its own: what they are read from is no part of the
/// protocol.
static BUILT_IN: LazyLock<Arc<PolicySet>> =
    LazyLock::new(|| Arc::new(PolicySet::default_set().unwrap()));

/// One process.
pub struct Worker {
    /// Its engine.
    pub engine: Arc<Engine>,
    /// Its way out.
    pub line: Line,
    /// What it takes for the time.
    pub clock: Arc<ProcessClock>,
}

/// The process died before it was done.
#[derive(Debug)]
pub struct Lost;

impl Worker {
    fn new(ground: &Ground, fate: &Arc<Fate>) -> Self {
        let line = Line {
            fate: fate.clone(),
            life: Arc::new(Life::new()),
        };
        let clock = ProcessClock::right(&ground.clock);
        let vault = TokenVault::new(
            VaultSettings::new("https://management.azure.com", &[]),
            VaultParts {
                store: Outside::new(&line, ground.tokens.clone()),
                sealer: Arc::new(PlainSealer),
                exchange: Outside::new(&line, ground.exchange.clone()),
                clock: clock.clone(),
                random: ground.random.clone(),
            },
        );
        let quotas = Quotas::new(QuotaParts {
            usage: Outside::new(&line, ground.usage.clone()),
            config: Arc::new(MemoryConfig::default()),
            clock: clock.clone(),
            is_on: true,
            prices: BTreeMap::new(),
        });
        let tools = SealedServers::over(Outside::new(&line, ground.tools.clone()));
        let model: Arc<dyn ChatModel> = Outside::new(&line, ground.model.clone());
        let engine = Engine::new(
            EnginePorts {
                store: Outside::new(&line, ground.store.clone()),
                queue: Outside::new(&line, ground.queue.clone()),
                audit: Outside::new(&line, ground.audit.clone()),
                users: Outside::new(&line, ground.users.clone()),
                catalogues: Catalogues::new(
                    tools.clone(),
                    Arc::new(MemoryConfig::default()),
                    clock.clone(),
                ),
                tools,
                azure: Arc::new(NothingInAzure),
                secrets: Arc::new(SecretVault::new(
                    Outside::new(&line, ground.tokens.clone()),
                    Arc::new(PlainSealer),
                    clock.clone(),
                )),
                clock: clock.clone(),
                random: ground.random.clone(),
            },
            Arc::new(vault),
            Arc::new(Policies::new(
                BUILT_IN.clone(),
                Arc::new(MemoryConfig::default()),
                clock.clone(),
            )),
            ModelOffers::new(
                Models::new(vec![model], None).unwrap(),
                Arc::new(MemoryConfig::default()),
                clock.clone(),
            ),
            quotas,
        );
        Self {
            engine,
            line,
            clock,
        }
    }

    /// Runs `work` in this process. Dropping the future leaves the work running, as
    /// a caller that hangs up does.
    pub async fn run<T: Send + 'static>(
        &self,
        world: &World,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Lost> {
        let mut task = tokio::spawn(work);
        tokio::select! {
            biased;
            done = &mut task => done.map_err(|error| {
                world.findings.note(format!("a process panicked: {error}"));
                Lost
            }),
            () = self.line.life.ended() => {
                task.abort();
                Err(Lost)
            }
        }
    }
}

/// The processes that there are.
pub struct Fleet {
    slots: Vec<Mutex<Option<Arc<Worker>>>>,
    next: AtomicUsize,
}

impl Fleet {
    /// So many places for processes, all empty.
    pub fn new(slots: usize) -> Self {
        Self {
            slots: (0..slots).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Keeps a process in place `slot` until this is dropped.
    pub async fn keep(&self, slot: usize, ground: &Ground, fate: &Arc<Fate>) {
        loop {
            let worker = Arc::new(Worker::new(ground, fate));
            *self.slot(slot) = Some(worker.clone());
            worker.line.life.ended().await;
            *self.slot(slot) = None;
            tokio::time::sleep(REPLACED_AFTER).await;
        }
    }

    fn slot(&self, slot: usize) -> std::sync::MutexGuard<'_, Option<Arc<Worker>>> {
        self.slots[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// All that are alive and at work.
    pub fn well(&self) -> Vec<Arc<Worker>> {
        (0..self.slots.len())
            .filter_map(|slot| self.slot(slot).clone())
            .filter(|worker| worker.line.life.is_well())
            .collect()
    }

    /// The next one in turn; waits for one.
    pub async fn any(&self) -> Arc<Worker> {
        loop {
            let well = self.well();
            if !well.is_empty() {
                let turn = self.next.fetch_add(1, Ordering::SeqCst);
                return well[turn % well.len()].clone();
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}
