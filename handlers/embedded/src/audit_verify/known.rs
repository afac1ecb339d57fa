//! Digests that somebody kept: an older export, or answers of
//! `GET /v1/audit/digests`, each on a line of its own.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::VerifyError;
use super::seals::Anchor;

/// What matters of a digest, wherever it stands.
#[derive(Deserialize)]
struct Named {
    tenant: String,
    number: u64,
    hash: String,
}

/// Reads what must still be there. Lines that name no digest are passed over; a file
/// without any is a mistake.
pub fn read_known(reader: impl BufRead) -> Result<Vec<Anchor>, VerifyError> {
    let mut known = Vec::new();
    for text in reader.lines() {
        let Ok(mut value) = serde_json::from_str::<Value>(&text?) else {
            continue;
        };
        let lists = value.get_mut("items").and_then(Value::as_array_mut);
        let mut found = lists.map(std::mem::take).unwrap_or_default();
        for name in ["digest", "anchor"] {
            found.extend(value.get_mut(name).map(Value::take));
        }
        let named = found
            .into_iter()
            .filter_map(|one| serde_json::from_value(one).ok());
        known.extend(named.map(|digest: Named| Anchor {
            tenant: digest.tenant,
            number: digest.number,
            hash: digest.hash,
        }));
    }
    if known.is_empty() {
        return Err(VerifyError::NothingKnown);
    }
    Ok(known)
}
