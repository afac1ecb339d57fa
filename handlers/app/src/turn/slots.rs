//! The slots of one executor are shared among people: whoever has calls in progress
//! here steps back behind the others, and never has all slots.
//!
//! A message that steps back is put into the queue again, and only then taken out of
//! its place: it may be there twice, as every message may.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azimuth_domain::ids::OwnerKey;
use azimuth_domain::limits::EXECUTOR_SLOTS;
use azimuth_domain::work::{TOOL_CALLS_QUEUE, WorkItem};

use super::Engine;
use crate::triggers::TriggerError;

/// Calls of one person that begin as they come; more step back once, behind what
/// others have in the queue.
const AT_ONCE: usize = EXECUTOR_SLOTS / 2;

/// Calls of one person that are in progress here at most: one slot is the others'.
const AT_MOST: usize = EXECUTOR_SLOTS - 1;

/// First pause of a message that finds its person at the most; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(2);

type Person = (String, OwnerKey);

/// What is in progress in this process, by person.
#[derive(Default)]
pub(super) struct Slots(Mutex<HashMap<Person, usize>>);

/// One slot; dropping it gives it back.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    person: Person,
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, HashMap<Person, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for `person`, unless they have `most`.
    fn take(self: &Arc<Self>, person: Person, most: usize) -> Option<Slot> {
        {
            let mut taken = self.lock();
            let count = taken.entry(person.clone()).or_default();
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        Some(Slot {
            slots: Arc::clone(self),
            person,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        if let Some(count) = taken.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.person);
            }
        }
    }
}

impl Engine {
    /// A slot for a message of the `tool-calls` queue; `None` when it stepped back. A
    /// message that comes again after a failure never does, so that its deliveries
    /// are counted.
    pub(crate) async fn slot(
        &self,
        item: &WorkItem,
        dequeue_count: u32,
    ) -> Result<Option<Slot>, TriggerError> {
        let most = match (dequeue_count, item.stepped_back) {
            (2.., _) => usize::MAX,
            (_, 0) => AT_ONCE,
            _ => AT_MOST,
        };
        let person = (item.tenant.clone(), item.user.clone());
        if let Some(slot) = self.slots.take(person, most) {
            return Ok(Some(slot));
        }
        let back = WorkItem {
            stepped_back: item.stepped_back.saturating_add(1),
            ..item.clone()
        };
        self.try_enqueue(TOOL_CALLS_QUEUE, &back, self.pause(item.stepped_back))
            .await?;
        Ok(None)
    }

    fn pause(&self, stepped_back: u32) -> Duration {
        match stepped_back.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => {
                let pause = FIRST_PAUSE.saturating_mul(1 << doublings.min(10));
                self.jittered(pause.min(MAX_PAUSE))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use azimuth_domain::principal::UserKey;

    fn person(name: &str) -> Person {
        ("t".to_owned(), UserKey::new("t", name).owner())
    }

    #[test]
    fn a_slot_comes_back_and_is_nobody_elses() {
        let slots = Arc::new(Slots::default());
        let first = slots.take(person("a"), 2).unwrap();
        let second = slots.take(person("a"), 2).unwrap();
        assert!(slots.take(person("a"), 2).is_none());
        assert!(slots.take(person("a"), 3).is_some(), "and given back");
        assert!(slots.take(person("b"), 2).is_some());
        drop(first);
        assert!(slots.take(person("a"), 2).is_some());
        drop(second);
        assert!(slots.lock().is_empty(), "nobody is remembered");
    }

    /// What this file calls the slots of an executor is what the host is told.
    #[test]
    fn the_host_gives_as_many_slots() {
        let text = include_str!("../../../../host.json");
        let host: serde_json::Value = serde_json::from_str(text).unwrap();
        let queues = &host["extensions"]["queues"];
        let given =
            queues["batchSize"].as_u64().unwrap() + queues["newBatchThreshold"].as_u64().unwrap();
        assert_eq!(usize::try_from(given).unwrap(), EXECUTOR_SLOTS);
    }
}
