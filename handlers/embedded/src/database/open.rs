//! How every connection is made.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Why a file cannot be used. Nothing of it can be mended by trying again.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be made or read.
    #[error("{path} cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `SQLite` refuses the file.
    #[error("{path} cannot be opened as a database: {source}")]
    Sqlite {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file belongs to a newer build.
    #[error(
        "{path} was written by a newer version of Azimuth (format {found}, this version knows up \
         to {known}): start that version, or choose another data folder"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// The file's format.
        found: usize,
        /// Newest format that this build knows.
        known: usize,
    },
    /// No thread could be started.
    #[error("a thread for the database cannot be started: {0}")]
    Thread(io::Error),
}

/// How patient and how parallel the work on a file is.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long another process's write is waited for.
    pub(crate) busy_budget: Duration,
    /// Reading threads.
    pub(crate) readers: usize,
    /// Connections for short reads, which the asking threads do themselves.
    pub(crate) short_readers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            busy_budget: Duration::from_secs(5),
            readers: 2,
            short_readers: 2,
        }
    }
}

const CACHED_STATEMENTS: usize = 64;
/// Pages (4 KiB) that the log gathers before a checkpoint carries them over. The
/// longer the log, the more often a page was overwritten in it and is carried
/// only once: eight times `SQLite`'s default doubles the turns per second.
const LOG_PAGES: i64 = 8_000;
/// What is left of the log after a checkpoint, bytes.
pub(super) const KEPT_LOG: i64 = 32 * 1024 * 1024;
/// Pages that a connection keeps in memory, in KiB (as `SQLite` wants it: below
/// zero).
const READER_CACHE: i64 = -2_000;
const WRITER_CACHE: i64 = -8_000;

/// What is ours is read and written by nobody else.
const OWNER_ONLY: u32 = 0o600;

/// The bits of a mode that are the group's and everybody's.
const OTHERS: u32 = 0o077;

/// Makes the folder of `path` (0700) where it is missing.
pub(crate) fn prepare_folder(path: &Path) -> Result<(), OpenError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| OpenError::File {
            path: folder.to_owned(),
            source,
        })
}

/// Makes the file (0600), because it holds what people wrote; the files that
/// `SQLite` puts beside it get the same mode. A file that others may read, of an
/// older build or copied back, is mended.
fn prepare_file(path: &Path) -> Result<(), OpenError> {
    prepare_folder(path)?;
    private(path).map_err(|source| OpenError::File {
        path: path.to_owned(),
        source,
    })?;
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let path = PathBuf::from(name);
        match restrict(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::File { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn private(path: &Path) -> io::Result<()> {
    // A file that is there is not opened: closing it again would end the locks
    // that other connections of this process hold on it.
    let made = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(OWNER_ONLY)
        .open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => restrict(path),
        made => made.map(drop),
    }
}

fn restrict(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))
}

/// A connection that reads and writes, in WAL mode and fully synchronous.
pub(crate) fn open_connection(path: &Path, settings: &Settings) -> Result<Connection, OpenError> {
    prepare_file(path)?;
    connect(path, settings).map_err(|source| OpenError::Sqlite {
        path: path.to_owned(),
        source,
    })
}

/// The same, for reading only.
pub(super) fn open_reader(path: &Path, settings: &Settings) -> Result<Connection, OpenError> {
    let connection = open_connection(path, settings)?;
    connection
        .pragma_update(None, "query_only", true)
        .and_then(|()| connection.pragma_update(None, "cache_size", READER_CACHE))
        .map_err(|source| OpenError::Sqlite {
            path: path.to_owned(),
            source,
        })?;
    Ok(connection)
}

fn connect(path: &Path, settings: &Settings) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let budget = settings.busy_budget;
    let mut waiting_since = Instant::now();
    // SQLite's own time-out polls ever more slowly (up to 100 ms); a writer that
    // polls every millisecond meets the gaps that other writers leave.
    connection.busy_handler(Some(move |tries: i32| {
        if tries == 0 {
            waiting_since = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(1));
        waiting_since.elapsed() < budget
    }))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // A plan that depends on the values is made again for each of them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    write_ahead(&connection, budget)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What a savepoint may have to undo and what does not fit a sort would else lie
    // in a folder for everybody's temporary files.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "journal_size_limit", KEPT_LOG)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    Ok(connection)
}

/// Two processes that make the same file at once: `SQLite` answers "busy" to one
/// of them without asking the busy handler.
fn write_ahead(connection: &Connection, budget: Duration) -> rusqlite::Result<()> {
    let started = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < budget =>
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_file_that_others_may_read_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let files = ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"].map(|n| folder.path().join(n));
        let modes = || {
            let mode = |file| fs::metadata(file).unwrap().permissions().mode() & 0o777;
            files.each_ref().map(mode)
        };
        let open = || {
            let connection = open_connection(&path, &Settings::default()).unwrap();
            connection
                .execute_batch("CREATE TABLE IF NOT EXISTS t (i); INSERT INTO t VALUES (1)")
                .unwrap();
            connection
        };
        let _first = open();
        assert_eq!(modes(), [0o600; 3]);
        for mode in [0o604, 0o620, 0o644, 0o777] {
            for file in &files {
                fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
            }
            let _again = open();
            assert_eq!(modes(), [0o600; 3], "{mode:o}");
        }
    }
}
