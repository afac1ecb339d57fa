//! Queues in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_ports::clock::Clock;
use azimuth_ports::queue::{Delivery, MAX_MESSAGE_BYTES, QueueError, WorkQueue};
use tokio::sync::Notify;

use crate::crash::flaw::Flaw;

/// Seven days, as in Storage Queues.
const LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

#[derive(Default)]
struct Queues {
    made: u64,
    receipts: u64,
    by_name: BTreeMap<String, Vec<Held>>,
}

struct Held {
    delivery: Delivery,
    /// Void until the message was received.
    receipt: Option<String>,
}

/// The queues.
pub struct MemoryQueue {
    queues: Mutex<Queues>,
    clock: Arc<dyn Clock>,
    changed: Notify,
    flaw: Option<Flaw>,
}

impl MemoryQueue {
    /// Queues without messages, with this flaw.
    pub fn new(clock: Arc<dyn Clock>, flaw: Option<Flaw>) -> Self {
        Self {
            queues: Mutex::default(),
            clock,
            changed: Notify::new(),
            flaw,
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next message of `queue` can be received; `None` when it is empty.
    pub fn next_visible_ms(&self, queue: &str) -> Option<i64> {
        let queues = self.queues();
        let held = queues.by_name.get(queue)?;
        held.iter().map(|h| h.delivery.next_visible_at_ms).min()
    }

    /// Returns when a queue has changed since this was called, awaited or not.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Messages in all queues, hidden ones included.
    pub fn left(&self) -> usize {
        self.queues().by_name.values().map(Vec::len).sum()
    }

    /// Changes what lies in `queue`: `Some(ms)` hides a message until then, `None`
    /// loses it.
    pub fn disturb(&self, queue: &str, mut fate: impl FnMut(&str, i64) -> Option<i64>) {
        let mut queues = self.queues();
        let held = queues.by_name.entry(queue.to_owned()).or_default();
        held.retain_mut(
            |held| match fate(&held.delivery.id, held.delivery.next_visible_at_ms) {
                Some(ms) => {
                    held.delivery.next_visible_at_ms = ms;
                    true
                }
                None => false,
            },
        );
        self.changed.notify_waiters();
    }
}

impl Queues {
    fn receipt(&mut self) -> String {
        self.receipts += 1;
        format!("r{}", self.receipts)
    }

    fn position(&self, queue: &str, id: &str, receipt: &str) -> Option<usize> {
        self.by_name
            .get(queue)?
            .iter()
            .position(|held| held.delivery.id == id && held.receipt.as_deref() == Some(receipt))
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[async_trait]
impl WorkQueue for MemoryQueue {
    async fn enqueue(
        &self,
        queue: &str,
        body: &str,
        delay: Duration,
    ) -> Result<String, QueueError> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::TooLarge(body.len()));
        }
        let now = self.clock.now().0;
        let mut queues = self.queues();
        queues.made += 1;
        let id = format!("m{}", queues.made);
        let delivery = Delivery {
            id: id.clone(),
            receipt: String::new(),
            body: body.to_owned(),
            dequeue_count: 0,
            inserted_at_ms: now,
            expires_at_ms: now + LIFE_MS,
            next_visible_at_ms: now + ms(delay),
        };
        let held = Held {
            delivery,
            receipt: None,
        };
        if self.flaw != Some(Flaw::NobodyLooksAgain) {
            queues
                .by_name
                .entry(queue.to_owned())
                .or_default()
                .push(held);
        }
        self.changed.notify_waiters();
        Ok(id)
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let now = self.clock.now().0;
        let mut queues = self.queues();
        let mut taken = Vec::new();
        while taken.len() < max.min(32) {
            let receipt = queues.receipt();
            let Some(held) = queues.by_name.get_mut(queue).and_then(|all| {
                all.iter_mut()
                    .filter(|h| h.delivery.next_visible_at_ms <= now)
                    .min_by_key(|h| h.delivery.next_visible_at_ms)
            }) else {
                break;
            };
            held.receipt = Some(receipt.clone());
            held.delivery.receipt = receipt;
            held.delivery.dequeue_count += 1;
            held.delivery.next_visible_at_ms = now + ms(visibility).max(1);
            taken.push(held.delivery.clone());
        }
        Ok(taken)
    }

    async fn renew(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<Option<String>, QueueError> {
        let now = self.clock.now().0;
        let mut queues = self.queues();
        let Some(position) = queues.position(queue, id, receipt) else {
            return Ok(None);
        };
        let fresh = queues.receipt();
        if let Some(held) = queues.by_name.get_mut(queue).map(|q| &mut q[position]) {
            held.receipt = Some(fresh.clone());
            held.delivery.next_visible_at_ms = now + ms(visibility);
        }
        self.changed.notify_waiters();
        Ok(Some(fresh))
    }

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<bool, QueueError> {
        let mut queues = self.queues();
        let Some(position) = queues.position(queue, id, receipt) else {
            return Ok(false);
        };
        if let Some(held) = queues.by_name.get_mut(queue) {
            held.remove(position);
        }
        Ok(true)
    }

    async fn depth(&self, queue: &str) -> Result<u64, QueueError> {
        let queues = self.queues();
        Ok(queues
            .by_name
            .get(queue)
            .map_or(0, |held| held.len() as u64))
    }
}
