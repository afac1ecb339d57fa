//! Headers: one, a page of a person's, removal, and the trait as a whole.

use async_trait::async_trait;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::cursor;
use azimuth_ports::search::Words;
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Page, StoreError,
    StoredResult, Versioned,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::documents::{Version, decode};
use super::search::{self, Budget};
use super::secrets::drop_ended;
use super::{SqliteStore, commit, events, messages, results, sweep, turns};
use crate::database::Fault;

const LIST: &str = "conversations";
const LONGEST_PAGE: usize = 100;

/// Sort key of the list: pinned, updated at, id.
type Position = (bool, i64, String);

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Result<Committed, StoreError> {
        let key = key.clone();
        let versions = (
            Version::random(&*self.random),
            Version::random(&*self.random),
        );
        self.database
            .write(move |connection| commit::commit(connection, &key, &batch, versions))
            .await
    }

    async fn conversation(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        let key = key.clone();
        self.database
            .read_short(move |connection| header(connection, &key))
            .await
    }

    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        let after = match &query.cursor {
            Some(text) => Some(cursor::read(LIST, text).ok_or(StoreError::BadCursor)?),
            None => None,
        };
        let (tenant, owner, query) = (tenant.to_owned(), owner.clone(), query.clone());
        let searches = query.text.is_some();
        let work = move |connection: &Connection| page(connection, &tenant, &owner, &query, after);
        if searches {
            self.database.read(work).await
        } else {
            self.database.read_short(work).await
        }
    }

    async fn purge(&self, key: &ConversationKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.database
            .write(move |connection| Ok(purge(connection, &key)?))
            .await
    }

    async fn turn(&self, tenant: &str, id: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError> {
        let (tenant, id) = (tenant.to_owned(), id.clone());
        self.database
            .read_short(move |connection| turns::turn(connection, &tenant, &id))
            .await
    }

    async fn turns(&self, key: &ConversationKey, limit: usize) -> Result<Vec<Turn>, StoreError> {
        let key = key.clone();
        self.database
            .read(move |connection| turns::of_conversation(connection, &key, limit))
            .await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        let after = messages::position(cursor)?;
        let key = key.clone();
        self.database
            .read(move |connection| messages::page(connection, &key, limit, after))
            .await
    }

    async fn message(&self, tenant: &str, id: &MessageId) -> Result<Option<Message>, StoreError> {
        let (tenant, id) = (tenant.to_owned(), id.clone());
        self.database
            .read_short(move |connection| messages::message(connection, &tenant, &id))
            .await
    }

    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Result<(), StoreError> {
        let (tenant, event) = (tenant.to_owned(), event.clone());
        self.database
            .write(move |connection| commit::create_event(connection, &tenant, &event))
            .await
    }

    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        let (tenant, turn) = (tenant.to_owned(), turn.clone());
        self.database
            .read_short(move |connection| events::after(connection, &tenant, &turn, after, limit))
            .await
    }

    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Result<u64, StoreError> {
        let (tenant, turn) = (tenant.to_owned(), turn.clone());
        self.database
            .read_short(move |connection| Ok(events::last_seq(connection, &tenant, &turn)?))
            .await
    }

    async fn put_result(&self, tenant: &str, result: StoredResult) -> Result<(), StoreError> {
        let tenant = tenant.to_owned();
        self.database
            .write(move |connection| Ok(results::put(connection, &tenant, &result)?))
            .await
    }

    async fn result(
        &self,
        tenant: &str,
        call: &CallId,
    ) -> Result<Option<StoredResult>, StoreError> {
        let (tenant, call) = (tenant.to_owned(), call.clone());
        self.database
            .read(move |connection| Ok(results::newest(connection, &tenant, &call)?))
            .await
    }

    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        let (tenant, owner) = (tenant.to_owned(), owner.clone());
        self.database
            .read_short(move |connection| turns::running(connection, &tenant, &owner, limit))
            .await
    }

    async fn turns_awaiting_sign_in(
        &self,
        tenant: &str,
        owner: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        let (tenant, owner) = (tenant.to_owned(), owner.clone());
        self.database
            .read(move |connection| turns::awaiting_sign_in(connection, &tenant, &owner))
            .await
    }

    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        let after = turns::position(cursor)?;
        let (tenant, owner) = (tenant.to_owned(), owner.cloned());
        self.database
            .read(move |connection| {
                turns::approvals(connection, &tenant, owner.as_ref(), filter, limit, after)
            })
            .await
    }

    async fn due_turns(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, TurnId)>, StoreError> {
        self.database
            .read(move |connection| sweep::due_turns(connection, now, limit))
            .await
    }

    async fn purgeable(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationKey>, StoreError> {
        self.database
            .read(move |connection| sweep::purgeable(connection, before, limit))
            .await
    }

    async fn expire_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| Ok(drop_ended(connection, now)?))
            .await?;
        let mut removed = 0;
        loop {
            let some = self
                .database
                .write(move |connection| Ok(sweep::expire_some_events(connection, before)?))
                .await?;
            removed += some;
            if some < sweep::EXPIRED_AT_ONCE {
                return Ok(removed);
            }
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| Ok(sweep::ping(connection, now)?))
            .await?;
        self.database
            .read(move |connection| {
                Ok(connection.query_row("SELECT at FROM pings", [], |_| Ok(()))?)
            })
            .await
    }
}

fn header(
    connection: &Connection,
    key: &ConversationKey,
) -> Result<Option<Versioned<Conversation>>, Fault<StoreError>> {
    let found: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT etag, body FROM conversations WHERE tenant = ? AND id = ? AND owner = ?",
        )?
        .query_row(
            params![key.tenant, key.conversation.as_str(), key.owner.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((version, body)) = found else {
        return Ok(None);
    };
    Ok(Some(Versioned {
        item: decode(&body)?,
        etag: Version(version).etag(),
    }))
}

pub(super) fn page(
    connection: &Connection,
    tenant: &str,
    owner: &OwnerKey,
    query: &ConversationQuery,
    after: Option<Position>,
) -> Result<Page<Conversation>, Fault<StoreError>> {
    let words = Words::of(query.text.as_deref());
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let shelf = commit::shelf(Some(query.shelf));
    // Nothing sorts before the start: no id is longer or higher than this.
    let (pinned, updated_at, id) = after.unwrap_or((true, i64::MAX, "~".to_owned()));
    let mut statement = connection.prepare_cached(
        "SELECT id, folded, body FROM conversations
         WHERE tenant = ? AND owner = ? AND shelf = ? AND (pinned, updated_at, id) < (?, ?, ?)
         ORDER BY pinned DESC, updated_at DESC, id DESC",
    )?;
    let mut rows = statement.query(params![
        tenant,
        owner.as_str(),
        shelf,
        pinned,
        updated_at,
        id
    ])?;
    let mut items: Vec<Conversation> = Vec::new();
    let mut budget = Budget::PAGE;
    let mut scanned: Option<Position> = None;
    while let Some(row) = rows.next()? {
        if budget.is_spent() {
            // Short, perhaps empty; it goes on behind what was looked through.
            let next_cursor = scanned.and_then(|last| cursor::write(LIST, &last));
            return Ok(Page { items, next_cursor });
        }
        let item: Conversation = decode(row.get_ref(2)?.as_str().unwrap_or_default())?;
        if let Some(words) = &words {
            let title: String = row.get(1)?;
            let found = search::finds(words, connection, tenant, &item.id, &title, &mut budget)?;
            scanned = Some(position(&item));
            if !found {
                continue;
            }
        }
        items.push(item);
        if items.len() > limit {
            break;
        }
    }
    let next_cursor =
        cursor::cut(&mut items, limit).and_then(|last| cursor::write(LIST, &position(last)));
    Ok(Page { items, next_cursor })
}

fn position(item: &Conversation) -> Position {
    (item.pinned, item.updated_at.0, item.id.to_string())
}

/// The bounds of all ids with the prefix letter `kind` that lie in a
/// conversation: `c_x_y` → `t_x_y_` up to its successor (a backtick follows
/// an underscore).
fn range(kind: char, conversation: &ConversationId) -> (String, String) {
    let tail = &conversation.as_str()[1..];
    (format!("{kind}{tail}_"), format!("{kind}{tail}`"))
}

fn purge(connection: &Connection, key: &ConversationKey) -> rusqlite::Result<()> {
    let (first_turn, past_turns) = range('t', &key.conversation);
    let (first_call, past_calls) = range('k', &key.conversation);
    let (tenant, conversation) = (key.tenant.as_str(), key.conversation.as_str());
    connection
        .prepare_cached("DELETE FROM conversations WHERE tenant = ? AND id = ?")?
        .execute(params![tenant, conversation])?;
    connection
        .prepare_cached("DELETE FROM turns WHERE tenant = ? AND conversation = ?")?
        .execute(params![tenant, conversation])?;
    connection
        .prepare_cached("DELETE FROM messages WHERE tenant = ? AND conversation = ?")?
        .execute(params![tenant, conversation])?;
    connection
        .prepare_cached("DELETE FROM events WHERE tenant = ? AND turn >= ? AND turn < ?")?
        .execute(params![tenant, first_turn, past_turns])?;
    connection
        .prepare_cached("DELETE FROM results WHERE tenant = ? AND call >= ? AND call < ?")?
        .execute(params![tenant, first_call, past_calls])?;
    Ok(())
}
