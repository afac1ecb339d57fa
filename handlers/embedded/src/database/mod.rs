//! One `SQLite` file: opened the same way everywhere, written by one thread with
//! group commit, read by a few.

mod fault;
mod migration;
mod open;
mod readers;
mod writer;

pub(crate) use fault::{Fault, Unanswered};
pub use open::OpenError;
pub(crate) use open::{Settings, open_connection, prepare_folder};
pub use writer::WriteCounts;

use std::path::Path;

use rusqlite::Connection;

use readers::Readers;
use writer::Writer;

/// A file and the threads that work on it. They end when it is dropped.
pub(crate) struct Database {
    writer: Writer,
    readers: Readers,
}

impl Database {
    /// Opens (or makes) the file and brings it to the newest schema: entry N of
    /// `migrations` leads from `user_version` N to N + 1.
    pub(crate) fn open(
        path: &Path,
        migrations: &'static [&'static str],
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let mut connection = open_connection(path, settings)?;
        migration::migrate(&mut connection, path, migrations)?;
        let readers = Readers::start(path, settings)?;
        let writer = Writer::start(connection)?;
        Ok(Self { writer, readers })
    }

    /// Runs `work` inside a write transaction, and answers once that is durable.
    /// When `work` fails, or panics, what it wrote is undone, and nothing else.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send + 'static,
        T: Send + 'static,
        E: Unanswered + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Runs `work` on a connection that sees every committed write.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send + 'static,
        T: Send + 'static,
        E: Unanswered + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// What the writer has done so far.
    pub(crate) fn write_counts(&self) -> WriteCounts {
        self.writer.counts()
    }
}
