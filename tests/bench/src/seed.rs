//! A store that is full before anybody has used it: rows as the product writes
//! them, under the product's own schema, in one transaction.

use std::path::Path;
use std::sync::Arc;

use azimuth_domain::conversation::{Author, Conversation, ConversationKind, Message};
use azimuth_domain::ids::{ConversationId, MessageId, TurnId};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_embedded::{SqliteStore, SystemClock, SystemRandom};
use azimuth_ports::clock::Clock;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::failure::{Done, Failure};

/// Conversations of one person.
pub const PER_PERSON: usize = 200;

/// Messages of each person's newest conversation; every other has one.
pub const MESSAGES: usize = 60;

/// The object id of person number `number`.
pub fn oid(number: usize) -> String {
    format!("5eed0000-0000-4000-8000-{number:012}")
}

/// The newest conversation of a person.
pub fn newest(user: &UserKey) -> ConversationId {
    ConversationId::derived(user, "bench", &(PER_PERSON - 1).to_string())
}

/// Fills the store of `folder`, which nobody has open.
pub fn fill(folder: &Path, tid: &str, conversations: usize) -> Done {
    let clock = Arc::new(SystemClock);
    let random = Arc::new(SystemRandom::new(clock.clone()));
    let now = clock.now();
    let store = SqliteStore::open(folder, clock, random)
        .map_err(|error| Failure::answer("the store", error))?;
    drop(store);
    let connection = Connection::open(folder.join("azimuth.sqlite"))?;
    // Whoever opens the file next has it in the product's own mode again.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA cache_size = -1500000; BEGIN",
    )?;
    let mut rows = Rows {
        connection: &connection,
        tid,
        etag: 0,
    };
    for person in 0..conversations / PER_PERSON {
        let user = UserKey::new(tid, &oid(person));
        for number in 0..PER_PERSON {
            #[expect(clippy::cast_possible_wrap, reason = "hundreds")]
            let at = now.plus_ms(-60_000 * (PER_PERSON - number) as i64);
            rows.conversation(&user, number, at)?;
        }
    }
    connection.execute_batch("COMMIT; PRAGMA journal_mode = WAL")?;
    Ok(())
}

struct Rows<'a> {
    connection: &'a Connection,
    tid: &'a str,
    etag: i64,
}

impl Rows<'_> {
    fn conversation(&mut self, user: &UserKey, number: usize, at: Timestamp) -> Done {
        let id = ConversationId::derived(user, "bench", &number.to_string());
        let title = format!("Question {number} about storage accounts");
        let conversation = Conversation {
            title: title.clone(),
            ..Conversation::new(id.clone(), user.clone(), ConversationKind::Chat, at)
        };
        self.etag += 1;
        self.connection
            .prepare_cached(
                "INSERT INTO conversations
                     (tenant, owner, shelf, pinned, updated_at, id, etag, deleted_at, folded, body)
                 VALUES (?, ?, 1, 0, ?, ?, ?, NULL, ?, ?)",
            )?
            .execute(params![
                self.tid,
                id.owner().as_str(),
                at.0,
                id.as_str(),
                self.etag,
                title.to_lowercase(),
                body(&conversation)?,
            ])?;
        let messages = if number + 1 == PER_PERSON {
            MESSAGES
        } else {
            1
        };
        for message in 0..messages {
            self.message(&id, message, at)?;
        }
        Ok(())
    }

    fn message(&self, conversation: &ConversationId, number: usize, at: Timestamp) -> Done {
        let turn = TurnId::derived(conversation, &(number / 2).to_string());
        let (id, author) = if number.is_multiple_of(2) {
            (MessageId::of_user(&turn), Author::User)
        } else {
            (MessageId::of_step(&turn, 0), Author::Assistant)
        };
        let message = Message {
            v: 1,
            id,
            parent: None,
            author,
            text: format!("Message {number}: which storage accounts are open to everybody?"),
            model: None,
            at,
        };
        self.connection
            .prepare_cached(
                "INSERT INTO messages (tenant, id, conversation, at, folded, body)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.tid,
                message.id.as_str(),
                conversation.as_str(),
                at.0,
                message.text.to_lowercase(),
                body(&message)?,
            ])?;
        Ok(())
    }
}

fn body(item: &impl Serialize) -> Done<String> {
    serde_json::to_string(item).map_err(|error| Failure::answer("an item", error))
}
