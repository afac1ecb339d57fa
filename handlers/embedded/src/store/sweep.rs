//! What the sweeper asks for, across tenants.

use azimuth_domain::ids::{ConversationId, ConversationKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_ports::store::StoreError;
use rusqlite::{Connection, params};

use super::documents::unreadable;
use super::turns;
use crate::database::Fault;

/// Events removed in one write, so that others need not wait long.
pub(super) const EXPIRED_AT_ONCE: u64 = 2_000;

/// How many of the oldest events are looked at for them: those of a writer whose
/// clock was ahead stay among them until their time comes.
const OLDEST: u64 = 20_000;

pub(super) fn due_turns(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(String, TurnId)>, Fault<StoreError>> {
    let mut statement = connection.prepare_cached(
        "SELECT tenant, id FROM turns WHERE due_at <= ? ORDER BY due_at, tenant, id LIMIT ?",
    )?;
    let found = statement.query_map(params![now.0, limit], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?))
    })?;
    found
        .map(|row| {
            let (tenant, text) = row?;
            Ok((tenant, turns::id(&text)?))
        })
        .collect()
}

pub(super) fn purgeable(
    connection: &Connection,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<ConversationKey>, Fault<StoreError>> {
    let mut statement = connection.prepare_cached(
        "SELECT tenant, id FROM conversations AS c
         WHERE deleted_at < ?
           AND NOT EXISTS (
               SELECT 1 FROM turns AS t
               WHERE t.tenant = c.tenant AND t.owner = c.owner AND t.conversation = c.id
                 AND t.due_at IS NOT NULL)
         ORDER BY deleted_at LIMIT ?",
    )?;
    let found = statement.query_map(params![before.0, limit], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    found
        .map(|row| {
            let (tenant, text) = row?;
            let id = ConversationId::parse(&text)
                .ok_or_else(|| unreadable("a conversation's id is damaged"))?;
            Ok(ConversationKey::of(&tenant, &id))
        })
        .collect()
}

pub(super) fn expire_some_events(
    connection: &Connection,
    before: Timestamp,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "DELETE FROM events
             WHERE number IN (
                 SELECT number FROM (SELECT number, at FROM events ORDER BY number LIMIT ?)
                 WHERE at < ? LIMIT ?)",
        )?
        .execute(params![OLDEST, before.0, EXPIRED_AT_ONCE])
        .map(|removed| removed as u64)
}

/// Writes a row, so that a full disk shows.
pub(super) fn ping(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO pings (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
        )?
        .execute([now.0])
        .map(drop)
}
