//! Conversations, turns, messages, results and events.
//!
//! The model is that of one Cosmos DB container with one logical partition per
//! conversation ([`ConversationKey`]): items carry an etag, a batch inside one
//! partition is atomic, and nothing spans partitions.

use std::fmt;

use async_trait::async_trait;
use azimuth_domain::conversation::{Conversation, Message, Shelf};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;

/// Version of one stored item; equal only to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(pub String);

/// An item and the version that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The item.
    pub item: T,
    /// Its version.
    pub etag: Etag,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// No item of that id exists.
    New,
    /// The item still has this version.
    Matches(Etag),
}

/// One guarded write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write<T> {
    /// What to write.
    pub item: T,
    /// Under which condition.
    pub when: Precondition,
}

/// Everything that one action changes in one conversation; all of it happens or
/// nothing. Messages are created, or replaced by the same id (they are written
/// only by the holder of a claim, which the turn's etag guards).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The header.
    pub conversation: Option<Write<Conversation>>,
    /// A turn.
    pub turn: Option<Write<Turn>>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Events, each a create of `{turn}:{seq}`. A store may keep them together, so that
    /// only the first number of what was written together is sure to collide: whoever
    /// writes events begins where such a group has ended.
    pub events: Vec<TurnEvent>,
}

/// The versions that a batch made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// New version of the header, when the batch wrote it.
    pub conversation: Option<Etag>,
    /// New version of the turn, when the batch wrote it.
    pub turn: Option<Etag>,
}

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The header's precondition does not hold. Nothing was written.
    #[error("the conversation changed in the meantime")]
    ConversationChanged,
    /// The turn's precondition does not hold. Nothing was written.
    #[error("the turn changed in the meantime")]
    TurnChanged,
    /// An event with that sequence number exists. Nothing was written.
    #[error("an event with that sequence number exists")]
    EventExists,
    /// A continuation token is not one of ours.
    #[error("the cursor is not valid")]
    BadCursor,
    /// The store does not answer, or not in time. A write may have happened.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// What is stored cannot be read by this build (a newer version, damage).
    #[error("a stored item cannot be read: {0}")]
    Unreadable(String),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Continue here; `None` at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The same page with every item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

/// Which conversations to list.
#[derive(Debug, Clone, Default)]
pub struct ConversationQuery {
    /// Words that all must occur in the title or in a message (case folded,
    /// substring); `None` lists all.
    pub text: Option<String>,
    /// Those on this shelf.
    pub shelf: Shelf,
    /// At most this many (1–100).
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// Which approvals to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalFilter {
    /// Only turns with a call that awaits a decision now.
    Pending,
    /// Every turn that ever asked for one.
    All,
}

/// The bytes of one tool result.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// The call.
    pub call: CallId,
    /// The attempt that produced it.
    pub attempt: u32,
    /// Media type, `application/json` or `text/plain; charset=utf-8`.
    pub media_type: String,
    /// The bytes, ≤ 8 MiB.
    pub bytes: Vec<u8>,
    /// Whether the tool said more.
    pub truncated: bool,
    /// Whether the tool called it an error.
    pub is_error: bool,
}

impl fmt::Debug for StoredResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredResult")
            .field("call", &self.call)
            .field("attempt", &self.attempt)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Conversations and all that belongs to them.
///
/// Reads see every write that was acknowledged before, in any process. Every
/// write is durable when it returns `Ok`. `Ok(None)` is "not found"; whether
/// that is an error is the caller's business.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Writes `batch` in the partition `key`, all or nothing. All parts must lie
    /// in that partition. On [`StoreError::ConversationChanged`],
    /// [`StoreError::TurnChanged`] and [`StoreError::EventExists`] nothing was
    /// written (the first that fails, in that order, is told).
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Result<Committed, StoreError>;

    /// The header, deleted or not.
    async fn conversation(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError>;

    /// Chat conversations of one user, pinned first, then newest change first. A
    /// search may give a short page, even an empty one, that has a next one.
    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError>;

    /// Removes a conversation and everything in it, for good.
    async fn purge(&self, key: &ConversationKey) -> Result<(), StoreError>;

    /// A turn.
    async fn turn(&self, tenant: &str, id: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError>;

    /// All turns of a conversation, oldest first, at most `limit`.
    async fn turns(&self, key: &ConversationKey, limit: usize) -> Result<Vec<Turn>, StoreError>;

    /// Messages, newest first.
    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError>;

    /// One message.
    async fn message(&self, tenant: &str, id: &MessageId) -> Result<Option<Message>, StoreError>;

    /// Creates one event on its own (text, progress). An event of that number
    /// exists → [`StoreError::EventExists`].
    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Result<(), StoreError>;

    /// Events with `seq > after`, in order, at most `limit`. Empty when there is
    /// none (yet).
    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError>;

    /// Highest sequence number of a turn's events; 0 when there is none.
    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Result<u64, StoreError>;

    /// Stores a result; the same call and attempt again replaces it.
    async fn put_result(&self, tenant: &str, result: StoredResult) -> Result<(), StoreError>;

    /// The result of the newest attempt of a call.
    async fn result(&self, tenant: &str, call: &CallId)
    -> Result<Option<StoredResult>, StoreError>;

    /// Ids of a user's turns that are not terminal or have a refusal that is not on
    /// record yet
    /// ([`Turn::next_due_at`](azimuth_domain::turn::Turn::next_due_at) is there), at
    /// most `limit`.
    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Result<Vec<TurnId>, StoreError>;

    /// A user's turns that wait for a sign-in to Azure, whole or in a call.
    async fn turns_awaiting_sign_in(
        &self,
        tenant: &str,
        owner: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError>;

    /// Turns of a tenant that asked for approvals, newest first; with an `owner`
    /// only this user's, and then the page has no cursor that tells of anybody
    /// else's. A cursor holds no id.
    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Turn>, StoreError>;

    /// Turns of any tenant whose
    /// [`Turn::next_due_at`](azimuth_domain::turn::Turn::next_due_at) lies at or
    /// before `now`: `(tenant, turn)`, longest due first (for the sweeper).
    async fn due_turns(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, TurnId)>, StoreError>;

    /// Deleted conversations of any tenant whose `deleted_at` lies before
    /// `before` and whose turns have nothing to do any more
    /// ([`Turn::next_due_at`](azimuth_domain::turn::Turn::next_due_at) is `None`; for
    /// the sweeper).
    async fn purgeable(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationKey>, StoreError>;

    /// Removes events written before `before`. Returns how many.
    async fn expire_events(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Answers when the store can be read and written.
    async fn ping(&self) -> Result<(), StoreError>;
}
