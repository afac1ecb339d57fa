use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azimuth_host::invocation::guid;
use azimuth_ports::queue::{Delivery, MAX_MESSAGE_BYTES, QueueError, WorkQueue};

/// Messages are dropped after a week, as Storage Queues do by default.
const TTL_MS: i64 = 7 * 24 * 3600 * 1000;

/// A work queue in memory that keeps the port's contract, and tells a test what
/// happened to it.
#[derive(Default)]
pub struct MemoryQueue(Mutex<State>);

#[derive(Default)]
struct State {
    queues: BTreeMap<String, Vec<Delivery>>,
    /// `(queue, max)` of each look that was taken.
    looks: Vec<(String, usize)>,
    /// `(old receipt, new receipt, visibility)` of each renewal that succeeded.
    renewals: Vec<(String, String, Duration)>,
    failing_renewals: usize,
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis().try_into().unwrap()
}

fn millis(duration: Duration) -> i64 {
    duration.as_millis().try_into().unwrap()
}

fn new_message(body: &str, delay: Duration) -> Delivery {
    let now = now_ms();
    Delivery {
        id: guid(),
        receipt: guid(),
        body: body.to_owned(),
        dequeue_count: 0,
        inserted_at_ms: now,
        expires_at_ms: now + TTL_MS,
        next_visible_at_ms: now + millis(delay),
    }
}

impl MemoryQueue {
    pub async fn put(&self, queue: &str, body: &str) -> String {
        self.enqueue(queue, body, Duration::ZERO).await.unwrap()
    }

    /// Puts `count` messages in at once, so that no look sees only some of them.
    pub fn put_all(&self, queue: &str, count: usize) {
        let mut state = self.0.lock().unwrap();
        let messages = state.queues.entry(queue.to_owned()).or_default();
        messages.extend((0..count).map(|number| new_message(&number.to_string(), Duration::ZERO)));
    }

    /// All messages of a queue, hidden ones included.
    pub fn messages(&self, queue: &str) -> Vec<Delivery> {
        self.0
            .lock()
            .unwrap()
            .queues
            .get(queue)
            .cloned()
            .unwrap_or_default()
    }

    pub fn bodies(&self, queue: &str) -> Vec<String> {
        self.messages(queue)
            .into_iter()
            .map(|message| message.body)
            .collect()
    }

    /// Puts a message in as if it had been received `count` times.
    pub async fn put_dequeued(&self, queue: &str, body: &str, count: u32) {
        let id = self.put(queue, body).await;
        let mut state = self.0.lock().unwrap();
        let messages = state.queues.get_mut(queue).unwrap();
        let message = messages
            .iter_mut()
            .find(|message| message.id == id)
            .unwrap();
        message.dequeue_count = count;
    }

    pub fn looks(&self, queue: &str) -> Vec<usize> {
        let state = self.0.lock().unwrap();
        let looks = state.looks.iter().filter(|(looked, _)| looked == queue);
        looks.map(|(_, max)| *max).collect()
    }

    pub fn renewals(&self) -> Vec<(String, String, Duration)> {
        self.0.lock().unwrap().renewals.clone()
    }

    pub fn fail_next_renewals(&self, count: usize) {
        self.0.lock().unwrap().failing_renewals = count;
    }
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
        let message = new_message(body, delay);
        let id = message.id.clone();
        let mut state = self.0.lock().unwrap();
        state
            .queues
            .entry(queue.to_owned())
            .or_default()
            .push(message);
        Ok(id)
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let now = now_ms();
        let mut state = self.0.lock().unwrap();
        state.looks.push((queue.to_owned(), max));
        let messages = state.queues.entry(queue.to_owned()).or_default();
        messages.retain(|message| message.expires_at_ms > now);
        let visible = messages
            .iter_mut()
            .filter(|message| message.next_visible_at_ms <= now)
            .take(max);
        Ok(visible
            .map(|message| {
                message.receipt = guid();
                message.dequeue_count += 1;
                message.next_visible_at_ms = now + millis(visibility);
                message.clone()
            })
            .collect())
    }

    async fn renew(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<Option<String>, QueueError> {
        let mut state = self.0.lock().unwrap();
        if state.failing_renewals > 0 {
            state.failing_renewals -= 1;
            return Err(QueueError::Unavailable("told to fail".into()));
        }
        let messages = state.queues.entry(queue.to_owned()).or_default();
        let held = messages
            .iter_mut()
            .find(|message| message.id == id && message.receipt == receipt);
        let Some(message) = held else {
            return Ok(None);
        };
        message.receipt = guid();
        message.next_visible_at_ms = now_ms() + millis(visibility);
        let fresh = message.receipt.clone();
        state
            .renewals
            .push((receipt.to_owned(), fresh.clone(), visibility));
        Ok(Some(fresh))
    }

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<bool, QueueError> {
        let mut state = self.0.lock().unwrap();
        let messages = state.queues.entry(queue.to_owned()).or_default();
        let before = messages.len();
        messages.retain(|message| message.id != id || message.receipt != receipt);
        Ok(messages.len() < before)
    }

    async fn depth(&self, queue: &str) -> Result<u64, QueueError> {
        Ok(self.messages(queue).len() as u64)
    }
}
