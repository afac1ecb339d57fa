//! Sealed tokens.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{SealedToken, TokenStore};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::SqliteStore;

#[async_trait]
impl TokenStore for SqliteStore {
    async fn token(&self, user: &UserKey, slot: &str) -> Result<Option<SealedToken>, StoreError> {
        let (user, slot, now) = (user.clone(), slot.to_owned(), self.clock.now());
        self.database
            .read_short(move |connection| Ok(living(connection, &user, &slot, now)?))
            .await
    }

    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (user, slot, sealed) = (user.clone(), slot.to_owned(), sealed.to_owned());
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                drop_ended(connection, now)?;
                connection
                    .prepare_cached(
                        "INSERT INTO tokens (tid, oid, slot, sealed, expires_at, version)
                         VALUES (?, ?, ?, ?, ?, 1)
                         ON CONFLICT (tid, oid, slot) DO UPDATE
                         SET sealed = excluded.sealed, expires_at = excluded.expires_at,
                             version = version + 1, lease_holder = NULL, lease_until = NULL",
                    )?
                    .execute(params![user.tid, user.oid, slot, sealed, expires_at.0])?;
                Ok(())
            })
            .await
    }

    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let (user, slot, holder) = (user.clone(), slot.to_owned(), holder.to_owned());
        self.database
            .write(move |connection| Ok(lease(connection, &user, &slot, &holder, now, until)?))
            .await
    }

    async fn forget_tokens(&self, user: &UserKey) -> Result<(), StoreError> {
        let user = user.clone();
        self.database
            .write(move |connection| {
                connection
                    .prepare_cached("DELETE FROM tokens WHERE tid = ? AND oid = ?")?
                    .execute(params![user.tid, user.oid])?;
                Ok(())
            })
            .await
    }
}

fn living(
    connection: &Connection,
    user: &UserKey,
    slot: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<SealedToken>> {
    connection
        .prepare_cached(
            "SELECT sealed, expires_at, version, lease_holder, lease_until FROM tokens
             WHERE tid = ? AND oid = ? AND slot = ? AND expires_at > ?",
        )?
        .query_row(params![user.tid, user.oid, slot, now.0], |row| {
            let holder: Option<String> = row.get(3)?;
            let until: Option<i64> = row.get(4)?;
            Ok(SealedToken {
                sealed: row.get(0)?,
                expires_at: Timestamp(row.get(1)?),
                version: row.get(2)?,
                lease: holder.zip(until.map(Timestamp)),
            })
        })
        .optional()
}

/// An entry that has ended is kept while somebody holds its lease: the lease is
/// exclusive whatever it guards.
fn drop_ended(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM tokens
             WHERE expires_at <= :now AND (lease_until IS NULL OR lease_until <= :now)",
        )?
        .execute(named_params! {":now": now.0})
        .map(drop)
}

fn lease(
    connection: &Connection,
    user: &UserKey,
    slot: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<bool> {
    // A made entry is empty and ends with its lease.
    let taken = connection
        .prepare_cached(
            "INSERT INTO tokens
                 (tid, oid, slot, sealed, expires_at, version, lease_holder, lease_until)
             VALUES (:tid, :oid, :slot, x'', :until, 1, :holder, :until)
             ON CONFLICT (tid, oid, slot) DO UPDATE
             SET lease_holder = excluded.lease_holder, lease_until = excluded.lease_until,
                 version = version + 1,
                 sealed = CASE WHEN expires_at <= :now THEN x'' ELSE sealed END,
                 expires_at = CASE WHEN expires_at <= :now THEN :until ELSE expires_at END
             WHERE lease_until IS NULL OR lease_until <= :now OR lease_holder = :holder",
        )?
        .execute(named_params! {
            ":tid": user.tid,
            ":oid": user.oid,
            ":slot": slot,
            ":holder": holder,
            ":now": now.0,
            ":until": until.0,
        })?;
    Ok(taken == 1)
}
