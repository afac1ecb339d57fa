//! One `SQLite` file: opened the same way everywhere, written by one thread with
//! group commit, read by a few.

mod fault;
mod log_space;
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

    /// The same for a read of a row or a few by their key. It is done by the calling
    /// thread, microseconds as a rule; a read that may take longer is none for this.
    pub(crate) async fn read_short<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send + 'static,
        T: Send + 'static,
        E: Unanswered + Send + 'static,
    {
        self.readers.run_short(work).await
    }

    /// What the writer has done so far.
    pub(crate) fn write_counts(&self) -> WriteCounts {
        self.writer.counts()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use azimuth_ports::store::StoreError;
    use rusqlite::TransactionBehavior;

    use super::*;

    const SCHEMA: &[&str] = &["CREATE TABLE things (name TEXT PRIMARY KEY)"];

    fn open(path: &Path) -> Database {
        let settings = Settings {
            busy_budget: Duration::from_millis(40),
            readers: 1,
            short_readers: 1,
        };
        Database::open(path, SCHEMA, &settings).unwrap()
    }

    fn add(connection: &Connection, name: &str) -> Result<usize, Fault<StoreError>> {
        Ok(connection.execute("INSERT INTO things VALUES (?)", [name])?)
    }

    async fn names(database: &Database) -> Vec<String> {
        let names: Result<_, StoreError> = database
            .read(|connection| {
                let mut statement = connection.prepare("SELECT name FROM things ORDER BY name")?;
                let names = statement.query_map([], |row| row.get(0))?;
                Ok(names.collect::<Result<Vec<String>, _>>()?)
            })
            .await;
        names.unwrap()
    }

    #[tokio::test]
    async fn a_lock_that_outlasts_the_budget_is_told_and_the_next_write_works() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let database = open(&path);
        let mut other = Connection::open(&path).unwrap();
        let lock = other
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        let refused = database.write(|connection| add(connection, "a")).await;
        assert!(
            matches!(refused, Err(StoreError::Unavailable(_))),
            "{refused:?}"
        );
        assert_eq!(
            names(&database).await,
            [""; 0],
            "reads do not wait for a writer"
        );
        lock.rollback().unwrap();
        database
            .write(|connection| add(connection, "b"))
            .await
            .unwrap();
        assert_eq!(names(&database).await, ["b"]);
    }

    #[tokio::test]
    async fn work_that_panics_is_undone_and_the_threads_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder.path().join("a.sqlite"));
        let ended: Result<(), StoreError> = database
            .write(|connection| {
                add(connection, "a")?;
                panic!("a fault in the work")
            })
            .await;
        assert!(
            matches!(ended, Err(StoreError::Unavailable(_))),
            "{ended:?}"
        );
        let ended: Result<(), StoreError> = database.read(|_| panic!("a fault in the work")).await;
        assert!(
            matches!(ended, Err(StoreError::Unavailable(_))),
            "{ended:?}"
        );
        let ended: Result<(), StoreError> =
            database.read_short(|_| panic!("a fault in the work")).await;
        assert!(
            matches!(ended, Err(StoreError::Unavailable(_))),
            "{ended:?}"
        );
        database
            .write(|connection| add(connection, "b"))
            .await
            .unwrap();
        assert_eq!(names(&database).await, ["b"]);
    }

    #[tokio::test]
    async fn what_fails_in_a_group_is_undone_alone_wherever_it_stands() {
        for failing in 0..3 {
            let folder = tempfile::tempdir().unwrap();
            let database = open(&folder.path().join("a.sqlite"));
            let (go, gone) = std::sync::mpsc::channel::<()>();
            let work = |number: usize, wait: Option<std::sync::mpsc::Receiver<()>>| {
                database.write(move |connection| {
                    if let Some(wait) = wait {
                        wait.recv().unwrap();
                    }
                    add(connection, &number.to_string())?;
                    if number == failing {
                        return Err(Fault::Refused(StoreError::BadCursor));
                    }
                    Ok(())
                })
            };
            // The first waits until all lie in the writer's queue.
            let (a, b, c, ()) =
                tokio::join!(work(0, Some(gone)), work(1, None), work(2, None), async {
                    go.send(()).unwrap();
                });
            for (number, ended) in [a, b, c].into_iter().enumerate() {
                assert_eq!(ended.is_err(), number == failing, "{ended:?}");
            }
            let kept: Vec<String> = (0..3)
                .filter(|number| *number != failing)
                .map(|number| number.to_string())
                .collect();
            assert_eq!(names(&database).await, kept);
            let counts = database.write_counts();
            assert_eq!((counts.writes, counts.commits), (3, 1), "one group");
        }
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder.path().join("a.sqlite"));
        let refused = [
            database.read(|connection| add(connection, "a")).await,
            database.read_short(|connection| add(connection, "a")).await,
        ];
        assert!(
            refused
                .iter()
                .all(|refused| matches!(refused, Err(StoreError::Unavailable(_)))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn a_connection_is_fully_synchronous_and_writes_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let connection =
            open_connection(&folder.path().join("a.sqlite"), &Settings::default()).unwrap();
        let pragma = |name: &str| -> String {
            connection
                .query_row(
                    &format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"),
                    [],
                    |row| row.get(0),
                )
                .unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2", "FULL");
        assert_eq!(pragma("foreign_keys"), "1");
        assert_eq!(pragma("temp_store"), "2", "MEMORY");
    }
}
