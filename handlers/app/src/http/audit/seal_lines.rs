//! The lines of an export that are no records, as `handler audit verify --file` reads
//! them.

use std::io;

use azimuth_domain::audit::digest::{Digest, DigestKey};
use bytes::Bytes;
use serde_json::{Value, json};

/// The key that the digests hold under.
pub(super) fn key(key: &DigestKey) -> Bytes {
    let algorithm = key.algorithm().name();
    line(&json!({"key": {"id": key.id(), "algorithm": algorithm, "public": key.to_hex()}}))
}

/// Digests as they are stored, newest first; the first page names the newest, so that
/// none can be left out at the end.
pub(super) fn digests(digests: &[Digest], is_first: bool) -> io::Result<Bytes> {
    let mut chunk = Vec::new();
    if let Some(newest) = digests.first().filter(|_| is_first) {
        let anchor = json!({
            "anchor": {"tenant": newest.tenant, "number": newest.number, "hash": newest.hash}
        });
        chunk.extend(line(&anchor));
    }
    for digest in digests {
        let stored = serde_json::to_value(digest)?;
        chunk.extend(line(&json!({"digest": stored})));
    }
    Ok(chunk.into())
}

/// How many lines of each kind there were.
pub(super) fn end(records: u64, digests: u64) -> Bytes {
    line(&json!({"end": {"records": records, "digests": digests}}))
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}
