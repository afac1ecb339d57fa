//! The event log of a turn.

use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::TurnId;
use azimuth_ports::store::StoreError;
use rusqlite::{Connection, OptionalExtension, params};

use super::documents::unreadable;
use crate::database::Fault;

pub(super) fn after(
    connection: &Connection,
    tenant: &str,
    turn: &TurnId,
    after: u64,
    limit: usize,
) -> Result<Vec<TurnEvent>, Fault<StoreError>> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM events WHERE tenant = ? AND turn = ? AND seq > ? ORDER BY seq LIMIT ?",
    )?;
    // A number that no column can hold is past every event.
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let bodies = statement.query_map(params![tenant, turn.as_str(), after, limit], |row| {
        row.get::<_, String>(0)
    })?;
    bodies
        .map(|body| serde_json::from_str(&body?).map_err(unreadable))
        .collect()
}

pub(super) fn last_seq(
    connection: &Connection,
    tenant: &str,
    turn: &TurnId,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "SELECT seq FROM events WHERE tenant = ? AND turn = ? ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![tenant, turn.as_str()], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}
