//! What people have used today, as the store has it.
//!
//! **Invariant:** a day is written under the version that was read. However old what is
//! known here is, a write over it either holds or is made again over what is there; only
//! what is *checked* against may be [`FRESH_MS`] old.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::usage::{Counts, Day, REMEMBERED_TURNS, TurnUse, UsageDay};
use azimuth_ports::clock::Clock;
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azimuth_ports::usage::UsageStore;
use moka::sync::Cache;

use crate::tenant_documents::is_within;
use crate::turn::lanes::Lanes;

/// How long counters are not read again.
const FRESH_MS: i64 = 15_000;
/// Most people whose counters are known.
const PEOPLE: u64 = 10_000;
/// How often a day is written again because another process was faster.
const TRIES: usize = 8;

/// A day as it was read or written last.
#[derive(Clone)]
struct Known {
    usage: Arc<UsageDay>,
    /// Of the stored version; `None` where there is none.
    etag: Option<Etag>,
    at: Timestamp,
}

pub(super) struct Counters {
    store: Arc<dyn UsageStore>,
    clock: Arc<dyn Clock>,
    known: Cache<UserKey, Known>,
    /// Turns that have ended and are not counted.
    waiting: Mutex<HashMap<UserKey, Vec<TurnUse>>>,
    writing: Lanes<UserKey>,
}

impl Counters {
    pub(super) fn new(store: Arc<dyn UsageStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            known: Cache::new(PEOPLE),
            waiting: Mutex::default(),
            writing: Lanes::default(),
        }
    }

    /// What somebody has used today.
    pub(super) async fn today(&self, user: &UserKey) -> Result<Counts, StoreError> {
        let now = self.clock.now();
        let known = self
            .known
            .get(user)
            .filter(|known| known.usage.day == Day::of(now) && is_within(now, known.at, FRESH_MS));
        let known = match known {
            Some(known) => known,
            None => self.read(user, Day::of(now)).await?,
        };
        Ok(known.usage.total)
    }

    /// Counts a turn. Turns of one person that end together are counted in one write.
    pub(super) async fn add(&self, user: &UserKey, turn: TurnUse) {
        self.waiting().entry(user.clone()).or_default().push(turn);
        let _lane = self.writing.enter(user).await;
        let Some(turns) = self.waiting().remove(user) else {
            // Whoever was in the lane before has counted it.
            return;
        };
        if let Err(error) = self.write(user, &turns).await {
            tracing::warn!(%error, "a turn could not be counted; it is with the next one of its asker");
            // What is here may be from before a write whose reply was lost.
            self.known.invalidate(user);
            let mut waiting = self.waiting();
            let later = waiting.entry(user.clone()).or_default();
            later.splice(0..0, turns);
            // Of more it could not be told which were counted.
            let old = later.len().saturating_sub(REMEMBERED_TURNS);
            later.drain(..old);
        }
    }

    async fn write(&self, user: &UserKey, turns: &[TurnUse]) -> Result<(), StoreError> {
        let day = Day::of(self.clock.now());
        let mut known = self.known.get(user).filter(|known| known.usage.day == day);
        for _ in 0..TRIES {
            let Known { usage, etag, .. } = match known.take() {
                Some(known) => known,
                None => self.read(user, day).await?,
            };
            let mut usage = UsageDay::clone(&usage);
            let mut is_new = false;
            for turn in turns {
                is_new |= usage.count(turn);
            }
            if !is_new {
                return Ok(());
            }
            if let Some(etag) = self.store.put_usage(&usage, etag.as_ref()).await? {
                self.keep(usage, Some(etag));
                return Ok(());
            }
        }
        let busy = "the counters of a person change all the time";
        Err(StoreError::Unavailable(busy.to_owned()))
    }

    async fn read(&self, user: &UserKey, day: Day) -> Result<Known, StoreError> {
        Ok(match self.store.usage(user, day).await? {
            Some(Versioned { item, etag }) => self.keep(item, Some(etag)),
            None => self.keep(UsageDay::new(user.clone(), day), None),
        })
    }

    fn keep(&self, usage: UsageDay, etag: Option<Etag>) -> Known {
        let user = usage.user.clone();
        let known = Known {
            usage: Arc::new(usage),
            etag,
            at: self.clock.now(),
        };
        self.known.insert(user, known.clone());
        known
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<UserKey, Vec<TurnUse>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
