//! Sessions: the logins of people.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Page, StoreError};

/// How long a session is kept in which nothing happens: 90 days.
pub const SESSION_TTL_MS: i64 = 90 * 24 * 3_600_000;

/// Version of [`SessionRecord`] that this build writes.
pub const SESSION_VERSION: u32 = 1;

/// A login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Version of this shape.
    pub v: u32,
    /// Whose.
    pub user: UserKey,
    /// Which.
    pub id: SessionId,
    /// When it was first seen here.
    pub began_at: Timestamp,
    /// When it was last seen here, to within minutes.
    pub last_seen_at: Timestamp,
}

impl SessionRecord {
    /// Whether the store keeps it no longer.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= SESSION_TTL_MS
    }
}

/// Sessions, kept for [`SESSION_TTL_MS`] after they were last seen. Whether one was
/// revoked is told by the user's record alone. Reads see every acknowledged write.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// A session.
    async fn session(
        &self,
        user: &UserKey,
        id: &SessionId,
    ) -> Result<Option<SessionRecord>, StoreError>;

    /// Writes a session, whether there is one of that id or not.
    async fn put_session(&self, record: &SessionRecord) -> Result<(), StoreError>;

    /// A person's sessions, by id; at most `limit`, 1–100.
    /// [`StoreError::BadCursor`] for a cursor that this list did not give.
    async fn sessions(
        &self,
        user: &UserKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<SessionRecord>, StoreError>;

    /// Removes a session; nothing happens when there is none.
    async fn forget_session(&self, user: &UserKey, id: &SessionId) -> Result<(), StoreError>;
}
