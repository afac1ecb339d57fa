//! Conversations that hold all of some words.
//!
//! One person's conversations and messages are read in the order of the list
//! until the page is full or its budget spent: no index of substrings, because words of two
//! Korean syllables are common and shorter than what such an index can find.

use azimuth_domain::ids::ConversationId;
use azimuth_ports::search::Words;
use rusqlite::types::Type;
use rusqlite::{Connection, params};

/// How much one page of a search may still read. A page ends between two
/// conversations, so that none is half searched and missed.
#[derive(Debug)]
pub(super) struct Budget {
    rows: usize,
    bytes: usize,
}

impl Budget {
    /// That of a page.
    pub(super) const PAGE: Self = Self {
        rows: 2_000,
        bytes: 8 * 1024 * 1024,
    };

    fn spend(&mut self, text: &str) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(text.len());
    }

    pub(super) fn is_spent(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }
}

/// Whether each word occurs in the (folded) title or in a message. What is
/// read is taken from `budget`, which may end below zero by one conversation.
pub(super) fn finds(
    words: &Words,
    connection: &Connection,
    tenant: &str,
    conversation: &ConversationId,
    title: &str,
    budget: &mut Budget,
) -> rusqlite::Result<bool> {
    budget.spend(title);
    let mut missing = words.missing();
    if missing.look_in(title) {
        return Ok(true);
    }
    let mut statement = connection
        .prepare_cached("SELECT folded FROM messages WHERE tenant = ? AND conversation = ?")?;
    let mut rows = statement.query(params![tenant, conversation.as_str()])?;
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
        })?;
        budget.spend(text);
        if missing.look_in(text) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_ports::conformance::samples::{NOON, alice, chat};
    use azimuth_ports::cursor;
    use azimuth_ports::store::ConversationQuery;

    use super::*;
    use crate::store::conversations;
    use crate::store::schema::MIGRATIONS;

    /// Conversations, newest first, with so many messages each that hold `text`,
    /// and one more that holds the word `needle`.
    fn haystack(count: i64, messages: usize, text: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        for age in 0..=count {
            let mut chat = chat(&alice(), &format!("chat {age}"));
            chat.updated_at = NOON.plus_ms(-age);
            let (id, body) = (chat.id.as_str(), serde_json::to_string(&chat).unwrap());
            connection
                .execute(
                    "INSERT INTO conversations VALUES (?, ?, 1, ?, ?, ?, 1, NULL, '', ?)",
                    params![
                        alice().tid,
                        alice().owner().as_str(),
                        chat.pinned,
                        chat.updated_at.0,
                        id,
                        body
                    ],
                )
                .unwrap();
            let texts = if age == count {
                vec!["needle"]
            } else {
                vec![text; messages]
            };
            for (number, text) in texts.iter().enumerate() {
                connection
                    .execute(
                        "INSERT INTO messages VALUES (NULL, ?, ?, ?, 0, ?, '')",
                        params![alice().tid, format!("{id} {number}"), id, text],
                    )
                    .unwrap();
            }
        }
        connection
    }

    #[test]
    fn a_page_ends_when_its_budget_is_spent_and_the_next_goes_on_behind() {
        // Titles are rows too: two conversations spend a page's budget.
        let rows = (999, "x".to_owned());
        let bytes = (1, "x".repeat(4 * 1024 * 1024));
        for (messages, text) in [rows, bytes] {
            let connection = haystack(4, messages, &text);
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let query = ConversationQuery {
                    text: Some("Needle".to_owned()),
                    limit: 10,
                    ..ConversationQuery::default()
                };
                let (tenant, owner) = (alice().tid, alice().owner());
                let page = conversations::page(&connection, &tenant, &owner, &query, after);
                let page = page.map_err(|_| "no page").unwrap();
                found.push(page.items.len());
                let Some(next) = page.next_cursor else { break };
                after = Some(cursor::read("conversations", &next).unwrap());
            }
            assert_eq!(found, [0, 0, 1], "{messages} messages each");
        }
    }

    #[test]
    fn a_budget_ends_by_rows_or_by_bytes() {
        for (rows, spent) in [(1_999, false), (2_000, true), (2_001, true)] {
            let mut budget = Budget::PAGE;
            (0..rows).for_each(|_| budget.spend("x"));
            assert_eq!(budget.is_spent(), spent, "{rows} rows");
        }
        let most = 8 * 1024 * 1024;
        for (bytes, spent) in [(most - 1, false), (most, true), (most + 1, true)] {
            let mut budget = Budget::PAGE;
            budget.spend(&"x".repeat(bytes));
            assert_eq!(budget.is_spent(), spent, "{bytes} bytes");
        }
    }
}
