//! Turns, as people and executors read them.

use azimuth_domain::ids::{ConversationKey, OwnerKey, TurnId};
use azimuth_domain::turn::Turn;
use azimuth_ports::cursor;
use azimuth_ports::store::{ApprovalFilter, Page, StoreError, Versioned};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::documents::{Version, decode, unreadable};
use crate::database::Fault;

const LIST: &str = "approvals";

/// Sort key of the list of approvals: created at, row number. No id, because a
/// cursor can be read by whoever gets it.
pub(super) type Position = (i64, i64);

pub(super) fn position(cursor: Option<&str>) -> Result<Option<Position>, StoreError> {
    cursor
        .map(|text| cursor::read(LIST, text).ok_or(StoreError::BadCursor))
        .transpose()
}

pub(super) fn turn(
    connection: &Connection,
    tenant: &str,
    id: &TurnId,
) -> Result<Option<Versioned<Turn>>, Fault<StoreError>> {
    let found: Option<(i64, String)> = connection
        .prepare_cached("SELECT etag, body FROM turns WHERE tenant = ? AND id = ?")?
        .query_row(params![tenant, id.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((version, body)) = found else {
        return Ok(None);
    };
    Ok(Some(Versioned {
        item: decode(&body)?,
        etag: Version(version).etag(),
    }))
}

pub(super) fn of_conversation(
    connection: &Connection,
    key: &ConversationKey,
    limit: usize,
) -> Result<Vec<Turn>, Fault<StoreError>> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM turns WHERE tenant = ? AND conversation = ?
         ORDER BY created_at, id LIMIT ?",
    )?;
    let bodies = statement.query_map(
        params![key.tenant, key.conversation.as_str(), limit],
        |row| row.get::<_, String>(0),
    )?;
    bodies.map(|body| decode(&body?)).collect()
}

pub(super) fn running(
    connection: &Connection,
    tenant: &str,
    owner: &OwnerKey,
    limit: usize,
) -> Result<Vec<TurnId>, Fault<StoreError>> {
    ids(
        connection,
        "SELECT id FROM turns WHERE tenant = ? AND owner = ? AND due_at IS NOT NULL LIMIT ?",
        params![tenant, owner.as_str(), limit],
    )
}

pub(super) fn awaiting_sign_in(
    connection: &Connection,
    tenant: &str,
    owner: &OwnerKey,
) -> Result<Vec<TurnId>, Fault<StoreError>> {
    ids(
        connection,
        "SELECT id FROM turns WHERE tenant = ? AND owner = ? AND awaits_sign_in = 1",
        params![tenant, owner.as_str()],
    )
}

fn ids(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<TurnId>, Fault<StoreError>> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(parameters, |row| row.get::<_, String>(0))?;
    found.map(|text| id(&text?)).collect()
}

/// A stored id again.
pub(super) fn id(text: &str) -> Result<TurnId, Fault<StoreError>> {
    TurnId::parse(text).ok_or_else(|| unreadable("a turn's id is damaged"))
}

pub(super) fn approvals(
    connection: &Connection,
    tenant: &str,
    owner: Option<&OwnerKey>,
    filter: ApprovalFilter,
    limit: usize,
    after: Option<Position>,
) -> Result<Page<Turn>, Fault<StoreError>> {
    let limit = limit.max(1);
    let (created_at, number) = after.unwrap_or((i64::MAX, i64::MAX));
    let mut statement = connection.prepare_cached(match (filter, owner) {
        (ApprovalFilter::Pending, None) => {
            "SELECT number, body FROM turns
             WHERE tenant = ?1 AND awaits_approval = 1 AND (created_at, number) < (?2, ?3)
             ORDER BY created_at DESC, number DESC LIMIT ?4"
        }
        (ApprovalFilter::All, None) => {
            "SELECT number, body FROM turns
             WHERE tenant = ?1 AND asked_for_approval = 1 AND (created_at, number) < (?2, ?3)
             ORDER BY created_at DESC, number DESC LIMIT ?4"
        }
        (ApprovalFilter::Pending, Some(_)) => {
            "SELECT number, body FROM turns
             WHERE tenant = ?1 AND awaits_approval = 1 AND (created_at, number) < (?2, ?3)
                 AND owner = ?5
             ORDER BY created_at DESC, number DESC LIMIT ?4"
        }
        (ApprovalFilter::All, Some(_)) => {
            "SELECT number, body FROM turns
             WHERE tenant = ?1 AND asked_for_approval = 1 AND (created_at, number) < (?2, ?3)
                 AND owner = ?5
             ORDER BY created_at DESC, number DESC LIMIT ?4"
        }
    })?;
    let row = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
    let surplus = limit.saturating_add(1);
    let rows = match owner {
        None => statement.query_map(params![tenant, created_at, number, surplus], row)?,
        Some(owner) => statement.query_map(
            params![tenant, created_at, number, surplus, owner.as_str()],
            row,
        )?,
    };
    let mut found = rows
        .map(|row| {
            let (number, body) = row?;
            Ok((number, decode::<Turn>(&body)?))
        })
        .collect::<Result<Vec<_>, Fault<StoreError>>>()?;
    let next_cursor = cursor::cut(&mut found, limit).and_then(|(number, last)| {
        let position: Position = (last.created_at.0, *number);
        cursor::write(LIST, &position)
    });
    let items = found.into_iter().map(|(_, turn)| turn).collect();
    Ok(Page { items, next_cursor })
}
