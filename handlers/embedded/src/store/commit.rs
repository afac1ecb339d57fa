//! One batch in one partition.

use azimuth_domain::conversation::{Conversation, Message, Shelf};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::ConversationKey;
use azimuth_domain::turn::Turn;
use azimuth_ports::search::fold;
use azimuth_ports::store::{Batch, Committed, Precondition, StoreError, Write};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::documents::{Version, encode, unreadable};
use crate::database::Fault;

type Done<T> = Result<T, Fault<StoreError>>;

/// Everything of a batch or an error; the caller's savepoint undoes the rest.
/// The order of the writes is the order in which conditions are told.
pub(super) fn commit(
    connection: &Connection,
    key: &ConversationKey,
    batch: &Batch,
    versions: (Version, Version),
) -> Done<Committed> {
    if !lies_in(key, batch) {
        return Err(unreadable("the batch holds an item of another partition"));
    }
    let mut committed = Committed::default();
    if let Some(write) = &batch.conversation {
        put_conversation(connection, key, write, versions.0)?;
        committed.conversation = Some(versions.0.etag());
    }
    if let Some(write) = &batch.turn {
        put_turn(connection, key, write, versions.1)?;
        committed.turn = Some(versions.1.etag());
    }
    for event in &batch.events {
        create_event(connection, &key.tenant, event)?;
    }
    for message in &batch.messages {
        put_message(connection, key, message)?;
    }
    Ok(committed)
}

fn lies_in(key: &ConversationKey, batch: &Batch) -> bool {
    let conversation = batch.conversation.as_ref().map(|w| w.item.key());
    let turn = batch.turn.as_ref().map(|w| w.item.key());
    let events = batch.events.iter().map(|e| e.turn_id.key(&key.tenant));
    let messages = batch.messages.iter().map(|m| m.id.key(&key.tenant));
    conversation
        .into_iter()
        .chain(turn)
        .chain(events)
        .chain(messages)
        .all(|of| of == *key)
}

/// The number of a shelf, or of none.
pub(super) fn shelf(shelf: Option<Shelf>) -> i64 {
    match shelf {
        Some(Shelf::Console) => 0,
        Some(Shelf::Open) => 1,
        Some(Shelf::Archived) => 2,
        Some(Shelf::Deleted) => 3,
        None => 4,
    }
}

fn put_conversation(
    connection: &Connection,
    key: &ConversationKey,
    write: &Write<Conversation>,
    version: Version,
) -> Done<()> {
    let item = &write.item;
    let known = connection
        .prepare_cached("SELECT etag FROM conversations WHERE tenant = ? AND id = ?")?
        .query_row(params![key.tenant, item.id.as_str()], |row| row.get(0))
        .optional()?;
    if !holds(&write.when, known) {
        return Err(Fault::Refused(StoreError::ConversationChanged));
    }
    let sql = if known.is_some() {
        "UPDATE conversations
         SET shelf = :shelf, pinned = :pinned, updated_at = :updated_at, etag = :etag,
             deleted_at = :deleted_at, folded = :folded, body = :body
         WHERE tenant = :tenant AND owner = :owner AND id = :id"
    } else {
        "INSERT INTO conversations
             (tenant, owner, shelf, pinned, updated_at, id, etag, deleted_at, folded, body)
         VALUES (:tenant, :owner, :shelf, :pinned, :updated_at, :id, :etag, :deleted_at, :folded,
             :body)"
    };
    connection.prepare_cached(sql)?.execute(named_params! {
        ":tenant": key.tenant,
        ":owner": key.owner.as_str(),
        ":shelf": shelf(item.shelf()),
        ":pinned": item.pinned,
        ":updated_at": item.updated_at.0,
        ":id": item.id.as_str(),
        ":etag": version.0,
        ":deleted_at": item.deleted_at.map(|at| at.0),
        ":folded": fold(&item.title),
        ":body": encode(item)?,
    })?;
    Ok(())
}

fn holds(when: &Precondition, known: Option<i64>) -> bool {
    match when {
        Precondition::New => known.is_none(),
        Precondition::Matches(etag) => known.is_some() && Version::of(etag).map(|v| v.0) == known,
    }
}

fn put_turn(
    connection: &Connection,
    key: &ConversationKey,
    write: &Write<Turn>,
    version: Version,
) -> Done<()> {
    let item = &write.item;
    let known: Option<(i64, i64)> = connection
        .prepare_cached("SELECT number, etag FROM turns WHERE tenant = ? AND id = ?")?
        .query_row(params![key.tenant, item.id.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if !holds(&write.when, known.map(|(_, etag)| etag)) {
        return Err(Fault::Refused(StoreError::TurnChanged));
    }
    match known {
        Some((number, _)) => update_turn(connection, number, item, version),
        None => insert_turn(connection, key, item, version),
    }
}

fn insert_turn(
    connection: &Connection,
    key: &ConversationKey,
    item: &Turn,
    version: Version,
) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO turns
                 (tenant, id, owner, conversation, etag, created_at, due_at, awaits_approval,
                  awaits_sign_in, asked_for_approval, body)
             VALUES (:tenant, :id, :owner, :conversation, :etag, :created_at, :due_at,
                 :awaits_approval, :awaits_sign_in, :asked_for_approval, :body)",
        )?
        .execute(named_params! {
            ":tenant": key.tenant,
            ":id": item.id.as_str(),
            ":owner": key.owner.as_str(),
            ":conversation": key.conversation.as_str(),
            ":etag": version.0,
            ":created_at": item.created_at.0,
            ":due_at": item.next_due_at().map(|at| at.0),
            ":awaits_approval": item.awaits_approval(),
            ":awaits_sign_in": item.awaits_sign_in(),
            ":asked_for_approval": item.asked_for_approval(),
            ":body": encode(item)?,
        })?;
    Ok(())
}

/// A column that is named here costs a write in each index that has it, changed or
/// not; `created_at` never changes.
fn update_turn(connection: &Connection, number: i64, item: &Turn, version: Version) -> Done<()> {
    connection
        .prepare_cached(
            "UPDATE turns
             SET etag = :etag, due_at = :due_at, awaits_approval = :awaits_approval,
                 awaits_sign_in = :awaits_sign_in, asked_for_approval = :asked_for_approval,
                 body = :body
             WHERE number = :number",
        )?
        .execute(named_params! {
            ":etag": version.0,
            ":due_at": item.next_due_at().map(|at| at.0),
            ":awaits_approval": item.awaits_approval(),
            ":awaits_sign_in": item.awaits_sign_in(),
            ":asked_for_approval": item.asked_for_approval(),
            ":body": encode(item)?,
            ":number": number,
        })?;
    Ok(())
}

fn put_message(connection: &Connection, key: &ConversationKey, message: &Message) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO messages (tenant, id, conversation, at, folded, body)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant, id) DO UPDATE
             SET at = excluded.at, folded = excluded.folded, body = excluded.body",
        )?
        .execute(params![
            key.tenant,
            message.id.as_str(),
            key.conversation.as_str(),
            message.at.0,
            fold(&message.text),
            encode(message)?,
        ])?;
    Ok(())
}

pub(super) fn create_event(connection: &Connection, tenant: &str, event: &TurnEvent) -> Done<()> {
    let created = connection
        .prepare_cached(
            "INSERT INTO events (tenant, turn, seq, at, body) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (tenant, turn, seq) DO NOTHING",
        )?
        .execute(params![
            tenant,
            event.turn_id.as_str(),
            event.seq,
            event.at.0,
            encode(event)?,
        ])?;
    if created == 0 {
        return Err(Fault::Refused(StoreError::EventExists));
    }
    Ok(())
}
