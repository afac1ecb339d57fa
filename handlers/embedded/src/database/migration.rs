//! From any known schema to the newest.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// Applies what is missing, in one transaction, so that two processes that start
/// together do it once.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), OpenError> {
    let because = |source| OpenError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(because)?;
    let found: usize = transaction
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(because)?;
    let Some(missing) = migrations.get(found..) else {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: migrations.len(),
        });
    };
    if missing.is_empty() {
        return Ok(());
    }
    for script in missing {
        transaction.execute_batch(script).map_err(because)?;
    }
    transaction
        .pragma_update(None, "user_version", migrations.len())
        .and_then(|()| transaction.commit())
        .map_err(because)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::database::{Settings, open_connection};

    const FIRST: &str = "CREATE TABLE things (id INTEGER PRIMARY KEY)";
    const SECOND: &str = "ALTER TABLE things ADD COLUMN name TEXT NOT NULL DEFAULT 'unnamed'";

    fn version(connection: &Connection) -> usize {
        connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_file_of_the_first_version_gets_what_it_lacks_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let mut connection = open_connection(&path, &Settings::default()).unwrap();
        migrate(&mut connection, &path, &[FIRST]).unwrap();
        connection
            .execute("INSERT INTO things VALUES (7)", [])
            .unwrap();
        assert_eq!(version(&connection), 1);

        migrate(&mut connection, &path, &[FIRST, SECOND]).unwrap();
        migrate(&mut connection, &path, &[FIRST, SECOND]).unwrap();

        assert_eq!(version(&connection), 2);
        let row: (i64, String) = connection
            .query_row("SELECT id, name FROM things", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(row, (7, "unnamed".to_owned()));
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let mut connection = open_connection(&path, &Settings::default()).unwrap();
        migrate(&mut connection, &path, &[FIRST]).unwrap();
        assert!(migrate(&mut connection, &path, &[FIRST, SECOND, "CREATE NONSENSE"]).is_err());
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT name FROM things").is_err());
    }

    #[test]
    fn a_newer_file_is_refused_with_a_sentence_that_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let mut connection = open_connection(&path, &Settings::default()).unwrap();
        migrate(&mut connection, &path, &[FIRST, SECOND]).unwrap();
        let error = migrate(&mut connection, &path, &[FIRST]).unwrap_err();
        assert!(matches!(
            error,
            OpenError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ));
        assert!(error.to_string().contains("a newer version of Azimuth"));
    }
}
