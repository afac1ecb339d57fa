//! The digests in `audit-digests.sqlite`, and the anchors in `azimuth.sqlite`.

use std::path::Path;

use azimuth_domain::canonical::canonical_json;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::Value;

use super::seals::{Anchor, Seals, digest_of};
use super::{DigestFaultKind, Trust, VerifyError};
use crate::public_keys::read_public_keys;
use crate::signer;
use crate::store::digests::FILE;

/// Opens a database for reading only, whoever else uses it.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
}

/// The newest digest of each tenant, as the audit's file remembers it. A file of
/// before there were digests remembers none.
pub(super) fn anchors(main: &Connection) -> rusqlite::Result<Vec<Anchor>> {
    let table: Option<i64> = main
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit_anchors'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    let mut statement = main.prepare("SELECT tenant, number, hash FROM audit_anchors")?;
    let anchors = statement.query_map([], |row| {
        Ok(Anchor {
            tenant: row.get(0)?,
            number: row.get(1)?,
            hash: row.get(2)?,
        })
    })?;
    anchors.collect()
}

/// Reads the digests of `folder`. They are read before the audit, so that it goes at
/// least as far as they do.
pub(super) fn read(
    folder: &Path,
    anchors: Vec<Anchor>,
    trust: &Trust,
) -> Result<Seals, VerifyError> {
    let path = folder.join(FILE);
    let public = folder.join(signer::PUBLIC);
    let anchors: Vec<Anchor> = anchors
        .into_iter()
        .chain(trust.known.iter().cloned())
        .collect();
    let keys = if !trust.keys.is_empty() {
        trust.keys.clone()
    } else if !path.exists() && !public.exists() {
        // Without a single digest there is nothing that a key could check.
        Vec::new()
    } else {
        read_public_keys(&public)?
    };
    let mut seals = Seals::new(keys, anchors);
    if path.exists() {
        fill(&mut seals, &path).map_err(|source| VerifyError::Database { path, source })?;
    }
    Ok(seals)
}

fn fill(seals: &mut Seals, path: &Path) -> rusqlite::Result<()> {
    let connection = open(path)?;
    let mut statement = connection
        .prepare("SELECT tenant, number, at, body FROM digests ORDER BY tenant, number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (tenant, number, at): (String, u64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let body: String = row.get(3)?;
        let found = serde_json::from_str::<Value>(&body)
            .map_err(|error| error.to_string())
            .and_then(|value| {
                if canonical_json(&value) == body {
                    digest_of(&value)
                } else {
                    Err("it is not spelt as it was written".to_owned())
                }
            });
        let found = match found {
            Ok(digest) if digest.at.0 != at => Err(DigestFaultKind::Column("at").to_string()),
            found => found,
        };
        seals.accept(&tenant, number, found);
    }
    Ok(())
}
