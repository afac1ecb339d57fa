//! Messages of a conversation.

use azimuth_domain::conversation::Message;
use azimuth_domain::ids::{ConversationKey, MessageId};
use azimuth_ports::cursor;
use azimuth_ports::store::{Page, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

use super::documents::decode;
use crate::database::Fault;

const LIST: &str = "messages";

/// Sort key: at, then the order of their creation.
pub(super) type Position = (i64, i64);

pub(super) fn position(cursor: Option<&str>) -> Result<Option<Position>, StoreError> {
    cursor
        .map(|text| cursor::read(LIST, text).ok_or(StoreError::BadCursor))
        .transpose()
}

pub(super) fn page(
    connection: &Connection,
    key: &ConversationKey,
    limit: usize,
    after: Option<Position>,
) -> Result<Page<Message>, Fault<StoreError>> {
    let limit = limit.max(1);
    let (at, number) = after.unwrap_or((i64::MAX, i64::MAX));
    let mut statement = connection.prepare_cached(
        "SELECT at, number, body FROM messages
         WHERE tenant = ? AND conversation = ? AND (at, number) < (?, ?)
         ORDER BY at DESC, number DESC LIMIT ?",
    )?;
    let found = statement.query_map(
        params![
            key.tenant,
            key.conversation.as_str(),
            at,
            number,
            limit.saturating_add(1)
        ],
        |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)),
    )?;
    let mut found = found.collect::<Result<Vec<(Position, String)>, _>>()?;
    let next_cursor =
        cursor::cut(&mut found, limit).and_then(|(position, _)| cursor::write(LIST, position));
    let items = found
        .iter()
        .map(|(_, body)| decode(body))
        .collect::<Result<_, _>>()?;
    Ok(Page { items, next_cursor })
}

pub(super) fn message(
    connection: &Connection,
    tenant: &str,
    id: &MessageId,
) -> Result<Option<Message>, Fault<StoreError>> {
    connection
        .prepare_cached("SELECT body FROM messages WHERE tenant = ? AND id = ?")?
        .query_row(params![tenant, id.as_str()], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| decode(&body))
        .transpose()
}
