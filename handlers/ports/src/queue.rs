//! The work queue: at-least-once delivery of opaque text messages.
//!
//! The contract is that of Azure Storage Queues, so that the embedded queue
//! and the cloud's can stand in for each other (and pass one conformance
//! suite): a message that was received stays invisible for a while, comes back
//! unless it is deleted, and every receipt is good for one change only.

use std::time::Duration;

use async_trait::async_trait;

/// Longest message that a queue takes, in bytes of UTF-8 (Storage Queues: 64 KiB
/// raw; the promise S11 keeps work items below 48 KiB).
pub const MAX_MESSAGE_BYTES: usize = 48 * 1024;

/// Why a queue operation failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue cannot be reached now; the operation may or may not have
    /// happened. Trying again is safe: delivery is at least once anyway.
    #[error("the work queue does not answer: {0}")]
    Unavailable(String),
    /// The message is longer than [`MAX_MESSAGE_BYTES`]. Trying again is useless.
    #[error("a queue message of {0} bytes is above the limit of {MAX_MESSAGE_BYTES}")]
    TooLarge(usize),
    /// The queue does not do this: it holds no such character, or whoever asks is
    /// not let in. Nothing has happened; trying again is useless until somebody
    /// changes what is told.
    #[error("the work queue refuses: {0}")]
    Refused(String),
}

/// One delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message's own id, the same at every delivery.
    pub id: String,
    /// Proof of this delivery; good for one renewal or one deletion, and void
    /// once the message was received again.
    pub receipt: String,
    /// The text as it was enqueued.
    pub body: String,
    /// How often the message has been received, this time included (first: 1).
    pub dequeue_count: u32,
    /// When the message was enqueued, Unix milliseconds.
    pub inserted_at_ms: i64,
    /// When the message is dropped unread, Unix milliseconds.
    pub expires_at_ms: i64,
    /// When the message becomes visible again, Unix milliseconds.
    pub next_visible_at_ms: i64,
}

/// A set of named queues.
///
/// - Delivery is at least once, in no promised order, possibly late.
/// - A queue that nobody made yet behaves as an empty one.
/// - Every operation is durable when it returns `Ok`.
/// - All operations are safe from several processes at once.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Adds `body` to `queue`, invisible for `delay`. Returns the message id.
    async fn enqueue(&self, queue: &str, body: &str, delay: Duration)
    -> Result<String, QueueError>;

    /// Takes at most `max` (1–32) visible messages, each hidden for
    /// `visibility`, its dequeue count raised by one.
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// Hides a received message for `visibility` from now (zero: shows it at
    /// once). `Ok(Some(receipt))` is the receipt to use from here on,
    /// `Ok(None)` says that `receipt` is void: somebody else has the message,
    /// or it is gone.
    async fn renew(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<Option<String>, QueueError>;

    /// Deletes a received message. `Ok(false)` says that `receipt` is void.
    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<bool, QueueError>;

    /// How many messages `queue` holds, hidden ones included (approximate on
    /// Azure, exact in the embedded form).
    async fn depth(&self, queue: &str) -> Result<u64, QueueError>;
}
