//! Sealed secrets.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::StoreError;
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;

/// Secrets in this migration: what has ended is found by its index.
pub(super) const SECRETS: &str = "
    CREATE TABLE secrets (
        tid TEXT NOT NULL,
        oid TEXT NOT NULL,
        name TEXT NOT NULL,
        sealed BLOB NOT NULL,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (tid, oid, name)
    ) STRICT;
    CREATE INDEX secrets_by_end ON secrets (expires_at);
";

#[async_trait]
impl SecretStore for SqliteStore {
    async fn put_secret(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (user, name, sealed) = (user.clone(), name.to_owned(), sealed.to_owned());
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                drop_ended(connection, now)?;
                connection
                    .prepare_cached(
                        "INSERT INTO secrets (tid, oid, name, sealed, expires_at)
                         VALUES (?, ?, ?, ?, ?)
                         ON CONFLICT (tid, oid, name) DO UPDATE
                         SET sealed = excluded.sealed, expires_at = excluded.expires_at",
                    )?
                    .execute(params![user.tid, user.oid, name, sealed, expires_at.0])?;
                Ok(())
            })
            .await
    }

    async fn secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (user, name, now) = (user.clone(), name.to_owned(), self.clock.now());
        self.database
            .read_short(move |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT sealed FROM secrets
                         WHERE tid = ? AND oid = ? AND name = ? AND expires_at > ?",
                    )?
                    .query_row(params![user.tid, user.oid, name, now.0], |row| row.get(0))
                    .optional()?)
            })
            .await
    }

    async fn take_secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (user, name, now) = (user.clone(), name.to_owned(), self.clock.now());
        self.database
            .write(move |connection| {
                drop_ended(connection, now)?;
                Ok(connection
                    .prepare_cached(
                        "DELETE FROM secrets WHERE tid = ? AND oid = ? AND name = ?
                         RETURNING sealed",
                    )?
                    .query_row(params![user.tid, user.oid, name], |row| row.get(0))
                    .optional()?)
            })
            .await
    }
}

/// Removes what has ended.
pub(super) fn drop_ended(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM secrets WHERE expires_at <= ?")?
        .execute([now.0])
        .map(drop)
}
