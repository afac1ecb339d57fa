//! The work queue in one `SQLite` file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::queue::{Delivery, MAX_MESSAGE_BYTES, QueueError, WorkQueue};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use crate::database::{Database, Fault, OpenError, Settings, WriteCounts};
use crate::{SystemClock, SystemRandom};

/// How long an unread message is kept, as Storage Queues keep it by default.
pub const MESSAGE_TTL: Duration = Duration::from_hours(7 * 24);

/// Most messages of one [`WorkQueue::receive`].
const MAX_RECEIVED: usize = 32;

/// Schema, one entry per version. Never edit one that was released.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        receipt TEXT,
        dequeue_count INTEGER NOT NULL DEFAULT 0,
        inserted_at_ms INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL,
        visible_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_id ON messages (queue, id);
    CREATE INDEX messages_by_visibility ON messages (queue, visible_at_ms, expires_at_ms);
    CREATE INDEX messages_by_end ON messages (expires_at_ms);
"];

/// [`WorkQueue`] in the file `queue.sqlite` of a folder, which several
/// processes may use at once.
pub struct SqliteQueue {
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl SqliteQueue {
    /// Opens or makes the queue of `folder`, on the system's clock.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let clock = Arc::new(SystemClock);
        Self::open_with(folder, clock.clone(), Arc::new(SystemRandom::new(clock)))
    }

    /// Opens or makes the queue of `folder`. All processes that share it must
    /// agree about the time.
    pub fn open_with(
        folder: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        let settings = Settings {
            readers: 1,
            short_readers: 1,
            ..Settings::default()
        };
        let database = Database::open(&folder.join("queue.sqlite"), MIGRATIONS, &settings)?;
        Ok(Self {
            database,
            clock,
            random,
        })
    }

    /// How many writes shared how many commits.
    pub fn write_counts(&self) -> WriteCounts {
        self.database.write_counts()
    }

    fn receipt(&self) -> String {
        hex::encode(&self.random.bytes32()[..16])
    }
}

#[async_trait]
impl WorkQueue for SqliteQueue {
    async fn enqueue(
        &self,
        queue: &str,
        body: &str,
        delay: Duration,
    ) -> Result<String, QueueError> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::TooLarge(body.len()));
        }
        let (queue, body) = (queue.to_owned(), body.to_owned());
        let id = self.random.ulid();
        let clock = Arc::clone(&self.clock);
        self.database
            .write(move |connection| {
                let now_ms = clock.now().0;
                drop_expired(connection, now_ms)?;
                connection
                    .prepare_cached(
                        "INSERT INTO messages
                             (queue, id, body, inserted_at_ms, expires_at_ms, visible_at_ms)
                         VALUES (?, ?, ?, ?, ?, ?)",
                    )?
                    .execute(params![
                        queue,
                        id,
                        body,
                        now_ms,
                        later(now_ms, MESSAGE_TTL),
                        later(now_ms, delay),
                    ])?;
                Ok(id)
            })
            .await
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let now_ms = self.clock.now().0;
        let name = queue.to_owned();
        // A poller that finds nothing, the usual case, takes no write lock.
        let any = self
            .database
            .read_short(move |connection| Ok(any_visible(connection, &name, now_ms)?))
            .await?;
        if !any {
            return Ok(Vec::new());
        }
        let max = max.clamp(1, MAX_RECEIVED);
        let receipts: Vec<String> = (0..max).map(|_| self.receipt()).collect();
        let queue = queue.to_owned();
        let clock = Arc::clone(&self.clock);
        self.database
            .write(move |connection| {
                let now_ms = clock.now().0;
                drop_expired(connection, now_ms)?;
                Ok(take(
                    connection,
                    &queue,
                    now_ms,
                    later(now_ms, visibility),
                    &receipts,
                )?)
            })
            .await
    }

    async fn renew(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<Option<String>, QueueError> {
        let (queue, id, receipt) = (queue.to_owned(), id.to_owned(), receipt.to_owned());
        let next = self.receipt();
        let clock = Arc::clone(&self.clock);
        self.database
            .write(move |connection| {
                let now_ms = clock.now().0;
                let changed = connection
                    .prepare_cached(
                        "UPDATE messages SET receipt = :next, visible_at_ms = :visible
                         WHERE queue = :queue AND id = :id AND receipt = :receipt
                           AND expires_at_ms > :now",
                    )?
                    .execute(named_params! {
                        ":next": next,
                        ":visible": later(now_ms, visibility),
                        ":queue": queue,
                        ":id": id,
                        ":receipt": receipt,
                        ":now": now_ms,
                    })?;
                Ok((changed == 1).then_some(next))
            })
            .await
    }

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<bool, QueueError> {
        let (queue, id, receipt) = (queue.to_owned(), id.to_owned(), receipt.to_owned());
        let clock = Arc::clone(&self.clock);
        self.database
            .write(move |connection| {
                let now_ms = clock.now().0;
                let changed = connection
                    .prepare_cached(
                        "DELETE FROM messages
                         WHERE queue = ? AND id = ? AND receipt = ? AND expires_at_ms > ?",
                    )?
                    .execute(params![queue, id, receipt, now_ms])?;
                Ok(changed == 1)
            })
            .await
    }

    async fn depth(&self, queue: &str) -> Result<u64, QueueError> {
        let queue = queue.to_owned();
        let now_ms = self.clock.now().0;
        self.database
            .read(move |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT count(*) FROM messages WHERE queue = ? AND expires_at_ms > ?",
                    )?
                    .query_row(params![queue, now_ms], |row| row.get(0))?)
            })
            .await
    }
}

fn later(now_ms: i64, by: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

fn drop_expired(connection: &Connection, now_ms: i64) -> Result<(), Fault<QueueError>> {
    connection
        .prepare_cached("DELETE FROM messages WHERE expires_at_ms <= ?")?
        .execute([now_ms])?;
    Ok(())
}

fn any_visible(connection: &Connection, queue: &str, now_ms: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM messages
             WHERE queue = :queue AND visible_at_ms <= :now AND expires_at_ms > :now LIMIT 1",
        )?
        .query_row(named_params! {":queue": queue, ":now": now_ms}, |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

/// Takes one visible message per receipt, longest visible first.
fn take(
    connection: &Connection,
    queue: &str,
    now_ms: i64,
    visible_at_ms: i64,
    receipts: &[String],
) -> rusqlite::Result<Vec<Delivery>> {
    let numbers: Vec<i64> = connection
        .prepare_cached(
            "SELECT number FROM messages
             WHERE queue = :queue AND visible_at_ms <= :now AND expires_at_ms > :now
             ORDER BY visible_at_ms, number LIMIT :max",
        )?
        .query_map(
            named_params! {":queue": queue, ":now": now_ms, ":max": receipts.len()},
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    let mut claim = connection.prepare_cached(
        "UPDATE messages
         SET receipt = ?, visible_at_ms = ?, dequeue_count = dequeue_count + 1
         WHERE number = ?
         RETURNING id, receipt, body, dequeue_count, inserted_at_ms, expires_at_ms, visible_at_ms",
    )?;
    numbers
        .iter()
        .zip(receipts)
        .map(|(number, receipt)| claim.query_row(params![receipt, visible_at_ms, number], delivery))
        .collect()
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        receipt: row.get(1)?,
        body: row.get(2)?,
        dequeue_count: row.get(3)?,
        inserted_at_ms: row.get(4)?,
        expires_at_ms: row.get(5)?,
        next_visible_at_ms: row.get(6)?,
    })
}
