//! The whole audit as an export.

use std::io::Write;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::VerifyError;

/// Writes every record of the database file `path`, one JSON object a line, chain
/// by chain, as [`verify_export`](super::verify_export) reads it. Returns how many.
pub fn export_database(path: &Path, mut to: impl Write) -> Result<u64, VerifyError> {
    let database = |source| VerifyError::Database {
        path: path.to_owned(),
        source,
    };
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(database)?;
    let mut statement = connection
        .prepare("SELECT body FROM audit ORDER BY tenant, chain, seq")
        .map_err(database)?;
    let mut rows = statement.query([]).map_err(database)?;
    let mut written = 0;
    while let Some(row) = rows.next().map_err(database)? {
        let body: String = row.get(0).map_err(database)?;
        writeln!(to, "{body}")?;
        written += 1;
    }
    to.flush()?;
    Ok(written)
}
