//! A whole deployment on a clock that only moves when everybody sleeps: storage,
//! two processes behind their lines, the host beside them, and people.

pub mod clock;
pub mod effects;
pub mod fleet;
pub mod host;
pub mod people;
pub mod provider;
pub mod speaker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_app::triggers::QueueFunction;
use azimuth_domain::conversation::{Conversation, ConversationKind};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::model::ChatModel;
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::{Batch, Precondition, Write};
use azimuth_ports::tokens::TokenExchange;
use azimuth_ports::tools::ToolServers;
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::UserStore;

use clock::{Counter, Findings, TrueClock};
use effects::{Effects, Manner};
use fleet::Fleet;
use people::Told;
use provider::Provider;
use speaker::{Said, Speaker};

use super::line::{Fate, Plan};
use super::memory::MemoryQueue;
use super::storage::{OpenAudit, OpenStore, OpenTokens, Shelves, Storage};

/// What lies outside the processes.
pub struct Ground {
    /// The true time.
    pub clock: Arc<TrueClock>,
    /// Ids and secrets.
    pub random: Arc<dyn Random>,
    /// Conversations.
    pub store: Arc<dyn OpenStore>,
    /// The audit.
    pub audit: Arc<dyn OpenAudit>,
    /// The queues.
    pub queue: Arc<dyn WorkQueue>,
    /// User records.
    pub users: Arc<dyn UserStore>,
    /// What people have used.
    pub usage: Arc<dyn UsageStore>,
    /// Sealed tokens.
    pub tokens: Arc<dyn OpenTokens>,
    /// The identity provider.
    pub exchange: Arc<dyn TokenExchange>,
    /// Tool servers.
    pub tools: Arc<dyn ToolServers>,
    /// The model.
    pub model: Arc<dyn ChatModel>,
}

/// A deployment.
pub struct World {
    /// The true time.
    pub clock: Arc<TrueClock>,
    /// Conversations as they are, for people and checks.
    pub store: Arc<dyn OpenStore>,
    /// The audit as it is.
    pub audit: Arc<dyn OpenAudit>,
    /// The queues as they are.
    pub queue: Arc<MemoryQueue>,
    /// What tools did.
    pub effects: Arc<Effects>,
    /// The identity provider.
    pub provider: Arc<Provider>,
    /// What must not be.
    pub findings: Arc<Findings>,
    /// What becomes of calls.
    pub fate: Arc<Fate>,
    /// The processes.
    pub fleet: Fleet,
    /// Everything as processes reach it.
    pub ground: Ground,
    told: Mutex<Told>,
    twice: Mutex<Box<dyn FnMut() -> bool + Send>>,
}

/// Processes at a time.
const PROCESSES: usize = 2;

impl World {
    /// A deployment whose model says this, whose tools behave so, on this storage.
    pub fn new(
        says: &'static [&'static [Said]],
        manner: Manner,
        plan: Plan,
        storage: &Storage,
    ) -> Arc<Self> {
        let clock = TrueClock::start();
        let flaw = storage.flaw();
        let Shelves {
            store,
            audit,
            users,
            usage,
            tokens,
        } = storage.open(&clock);
        let queue = Arc::new(MemoryQueue::new(clock.clone(), flaw));
        let findings = Arc::new(Findings::default());
        let effects = Arc::new(Effects::new(flaw, manner, &store, &audit, &findings));
        let provider = Arc::new(Provider::new(clock.clone()));
        let ground = Ground {
            clock: clock.clone(),
            random: Arc::new(Counter::default()),
            store: store.clone(),
            audit: audit.clone(),
            queue: queue.clone(),
            users,
            usage,
            tokens,
            exchange: provider.clone(),
            tools: effects.clone(),
            model: Arc::new(Speaker::new(says, &findings)),
        };
        Arc::new(Self {
            clock,
            store,
            audit,
            queue,
            effects,
            provider,
            findings,
            fate: Arc::new(Fate::new(plan)),
            fleet: Fleet::new(PROCESSES),
            ground,
            told: Mutex::default(),
            twice: Mutex::new(Box::new(|| false)),
        })
    }

    /// Processes, host and timer, until the set is dropped.
    pub fn start(self: &Arc<Self>, sweeps: bool) -> tokio::task::JoinSet<()> {
        let mut tasks = tokio::task::JoinSet::new();
        for slot in 0..PROCESSES {
            let world = self.clone();
            tasks.spawn(async move {
                world.fleet.keep(slot, &world.ground, &world.fate).await;
            });
        }
        for function in QueueFunction::ALL {
            tasks.spawn(host::listen(self.clone(), function));
        }
        if sweeps {
            tasks.spawn(host::keep_time(self.clone()));
        }
        tasks
    }

    /// Makes alice's conversation of that number.
    pub async fn make_chat(&self, number: u32) {
        let id = people::chat(number);
        let user = people::alice().user;
        let chat = Conversation::new(id, user, ConversationKind::Chat, self.clock.now());
        let key = chat.key();
        let batch = Batch {
            conversation: Some(Write {
                item: chat,
                when: Precondition::New,
            }),
            ..Batch::default()
        };
        self.store.commit(&key, batch).await.unwrap();
    }

    /// What people were told.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this decides which messages are delivered twice at once.
    pub fn deliver_twice(&self, when: impl FnMut() -> bool + Send + 'static) {
        *self.twice.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(when);
    }

    /// Whether the message that was just received is delivered twice.
    pub fn delivers_twice(&self) -> bool {
        (self.twice.lock().unwrap_or_else(PoisonError::into_inner))()
    }
}
