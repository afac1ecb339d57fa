//! One `SQLite` commit, as synchronous as the product's: a small row into a file of
//! the same settings on the same disk.

use std::time::Instant;

use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::failure::{Done, Failure};
use crate::figures::ms_since;
use crate::stack::Place;

/// Pages of the log before it is carried over; as the product has it.
const LOG_PAGES: u32 = 8_000;

/// Commits before the first that counts: the log must have been written once in
/// its whole length, else every commit makes the file longer.
const WARM_UP_BYTES: usize = 34_000_000;

pub struct Commits {
    connection: Connection,
    _folder: TempDir,
    number: u64,
}

impl Commits {
    pub fn open(place: &Place) -> Done<Self> {
        let folder = tempfile::Builder::new()
            .prefix("azimuth-bench-commit-")
            .tempdir_in(&place.scratch)
            .map_err(Failure::file(&place.scratch))?;
        let connection = Connection::open(folder.path().join("commits.sqlite"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.execute_batch("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")?;
        let filler = "x".repeat(1_000_000);
        for number in 0..WARM_UP_BYTES / filler.len() {
            connection.execute(
                "INSERT OR REPLACE INTO rows VALUES (?, ?)",
                params![0, format!("{number}{filler}")],
            )?;
        }
        connection.execute_batch("PRAGMA wal_checkpoint(RESTART)")?;
        Ok(Self {
            connection,
            _folder: folder,
            number: 0,
        })
    }

    /// Milliseconds of one commit.
    pub fn one(&mut self) -> Done<f64> {
        self.number += 1;
        let since = Instant::now();
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO rows VALUES (?, ?)")?
            .execute(params![1 + self.number % 1000, "y".repeat(300)])?;
        Ok(ms_since(since))
    }
}
