//! Results of tool calls, in parts that a document store could hold too.

use azimuth_domain::ids::CallId;
use azimuth_ports::store::StoredResult;
use rusqlite::{Connection, params};

/// Longest part, bytes.
const PART: usize = 1024 * 1024;

pub(super) fn put(
    connection: &Connection,
    tenant: &str,
    result: &StoredResult,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM results WHERE tenant = ? AND call = ? AND attempt = ?")?
        .execute(params![tenant, result.call.as_str(), result.attempt])?;
    let mut create = connection.prepare_cached(
        "INSERT INTO results
             (tenant, call, attempt, part, media_type, truncated, is_error, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    // Also an empty result has one part: it says that there is a result.
    let parts = result.bytes.len().div_ceil(PART).max(1);
    for part in 0..parts {
        let end = result.bytes.len().min((part + 1) * PART);
        create.execute(params![
            tenant,
            result.call.as_str(),
            result.attempt,
            part,
            result.media_type,
            result.truncated,
            result.is_error,
            &result.bytes[part * PART..end],
        ])?;
    }
    Ok(())
}

pub(super) fn newest(
    connection: &Connection,
    tenant: &str,
    call: &CallId,
) -> rusqlite::Result<Option<StoredResult>> {
    let mut statement = connection.prepare_cached(
        "SELECT attempt, media_type, truncated, is_error, bytes FROM results
         WHERE tenant = ?1 AND call = ?2
           AND attempt = (SELECT max(attempt) FROM results WHERE tenant = ?1 AND call = ?2)
         ORDER BY part",
    )?;
    let mut rows = statement.query(params![tenant, call.as_str()])?;
    let mut result: Option<StoredResult> = None;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(4)?;
        if let Some(result) = &mut result {
            result.bytes.extend_from_slice(&bytes);
        } else {
            result = Some(StoredResult {
                call: call.clone(),
                attempt: row.get(0)?,
                media_type: row.get(1)?,
                truncated: row.get(2)?,
                is_error: row.get(3)?,
                bytes,
            });
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::store::schema::MIGRATIONS;

    #[test]
    fn parts_end_at_a_mebibyte() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        let call =
            CallId::parse("k_0123456789abcdef_01jd8xk7zb3n5v9q2w4e6r8t0y_0123456789abcdefghij_0-0")
                .unwrap();
        for (length, parts) in [
            (0, 1),
            (PART - 1, 1),
            (PART, 1),
            (PART + 1, 2),
            (8 * PART, 8),
        ] {
            let result = StoredResult {
                call: call.clone(),
                attempt: 1,
                media_type: "application/json".to_owned(),
                bytes: (0..length)
                    .map(|i| u8::try_from(i % 251).unwrap())
                    .collect(),
                truncated: false,
                is_error: false,
            };
            put(&connection, "t", &result).unwrap();
            let stored: usize = connection
                .query_row("SELECT count(*) FROM results", [], |row| row.get(0))
                .unwrap();
            assert_eq!(stored, parts, "{length} bytes");
            assert!(newest(&connection, "t", &call).unwrap() == Some(result));
        }
    }
}
