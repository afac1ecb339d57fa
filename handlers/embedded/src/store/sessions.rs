//! Sessions.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::cursor;
use azimuth_ports::sessions::{SESSION_TTL_MS, SessionRecord, SessionStore};
use azimuth_ports::store::{Page, StoreError};
use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use super::documents::{decode, encode};
use crate::database::Fault;

const LIST: &str = "sessions";
const LONGEST_PAGE: usize = 100;

/// Sessions in this migration: what nobody has seen for long is found by its index.
pub(super) const SESSIONS: &str = "
    CREATE TABLE sessions (
        tid TEXT NOT NULL,
        oid TEXT NOT NULL,
        id TEXT NOT NULL,
        last_seen_at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (tid, oid, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
";

#[async_trait]
impl SessionStore for SqliteStore {
    async fn session(
        &self,
        user: &UserKey,
        id: &SessionId,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let (user, id, over) = (user.clone(), id.to_string(), self.over());
        self.database
            .read_short(move |connection| {
                let body: Option<String> = connection
                    .prepare_cached(
                        "SELECT body FROM sessions
                         WHERE tid = ? AND oid = ? AND id = ? AND last_seen_at > ?",
                    )?
                    .query_row(params![user.tid, user.oid, id, over.0], |row| row.get(0))
                    .optional()?;
                body.as_deref().map(decode).transpose()
            })
            .await
    }

    async fn put_session(&self, record: &SessionRecord) -> Result<(), StoreError> {
        let (record, over) = (record.clone(), self.over());
        self.database
            .write(move |connection| {
                connection
                    .prepare_cached("DELETE FROM sessions WHERE last_seen_at <= ?")?
                    .execute([over.0])?;
                let body = encode(&record)?;
                connection
                    .prepare_cached(
                        "INSERT INTO sessions (tid, oid, id, last_seen_at, body)
                         VALUES (?, ?, ?, ?, ?)
                         ON CONFLICT (tid, oid, id) DO UPDATE
                         SET last_seen_at = excluded.last_seen_at, body = excluded.body",
                    )?
                    .execute(params![
                        record.user.tid,
                        record.user.oid,
                        record.id.as_str(),
                        record.last_seen_at.0,
                        body,
                    ])?;
                Ok(())
            })
            .await
    }

    async fn sessions(
        &self,
        user: &UserKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<SessionRecord>, StoreError> {
        let behind: String = match cursor {
            Some(text) => cursor::read(LIST, text).ok_or(StoreError::BadCursor)?,
            None => String::new(),
        };
        let limit = limit.clamp(1, LONGEST_PAGE);
        let (user, over) = (user.clone(), self.over());
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT body FROM sessions
                     WHERE tid = ? AND oid = ? AND id > ? AND last_seen_at > ?
                     ORDER BY id LIMIT ?",
                )?;
                let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
                let found = params![user.tid, user.oid, behind, over.0, most];
                let mut rows = statement.query(found)?;
                let mut items: Vec<SessionRecord> = Vec::new();
                while let Some(row) = rows.next()? {
                    let body: String = row.get(0)?;
                    items.push(decode(&body)?);
                }
                let next_cursor =
                    cursor::cut(&mut items, limit).and_then(|last| cursor::write(LIST, &last.id));
                Ok::<_, Fault<StoreError>>(Page { items, next_cursor })
            })
            .await
    }

    async fn forget_session(&self, user: &UserKey, id: &SessionId) -> Result<(), StoreError> {
        let (user, id) = (user.clone(), id.to_string());
        self.database
            .write(move |connection| {
                connection
                    .prepare_cached("DELETE FROM sessions WHERE tid = ? AND oid = ? AND id = ?")?
                    .execute(params![user.tid, user.oid, id])?;
                Ok(())
            })
            .await
    }
}

impl SqliteStore {
    /// Sessions last seen then or earlier are over.
    fn over(&self) -> Timestamp {
        self.clock.now().plus_ms(-SESSION_TTL_MS)
    }
}
