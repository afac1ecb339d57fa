//! Turns, as people and executors read them.

use azimuth_domain::ids::{ConversationKey, OwnerKey, TurnId};
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{ApprovalFilter, Page, StoreError, Versioned};
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::cursor;
use super::documents::{Version, decode, unreadable};
use crate::database::Fault;

const LIST: &str = "approvals";

/// Sort key of the list of approvals: created at, id.
pub(super) type Position = (i64, String);

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
    filter: ApprovalFilter,
    limit: usize,
    after: Option<Position>,
) -> Result<Page<Turn>, Fault<StoreError>> {
    let limit = limit.max(1);
    let (created_at, id) = after.unwrap_or((i64::MAX, "~".to_owned()));
    let mut statement = connection.prepare_cached(match filter {
        ApprovalFilter::Pending => {
            "SELECT body FROM turns
             WHERE tenant = ? AND awaits_approval = 1 AND (created_at, id) < (?, ?)
             ORDER BY created_at DESC, id DESC LIMIT ?"
        }
        ApprovalFilter::All => {
            "SELECT body FROM turns
             WHERE tenant = ? AND asked_for_approval = 1 AND (created_at, id) < (?, ?)
             ORDER BY created_at DESC, id DESC LIMIT ?"
        }
    })?;
    let bodies = statement.query_map(
        params![tenant, created_at, id, limit.saturating_add(1)],
        |row| row.get::<_, String>(0),
    )?;
    let mut items = bodies
        .map(|body| decode::<Turn>(&body?))
        .collect::<Result<Vec<_>, _>>()?;
    let next_cursor = cursor::cut(&mut items, limit)
        .and_then(|last| cursor::write(LIST, &(last.created_at.0, last.id.as_str())));
    Ok(Page { items, next_cursor })
}
