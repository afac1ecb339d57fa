//! Records as they were exported.

use std::collections::BTreeMap;
use std::io::BufRead;

use azimuth_domain::audit::{AuditRecord, ChainFault, GENESIS_HASH};
use azimuth_domain::time::Timestamp;
use serde_json::Value;

use super::{FaultKind, RecordFault, VerifyError, VerifyReport, record_of};

/// Whether an export claims to hold whole chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// From its first record on, each chain is complete: a gap is a fault.
    Whole,
    /// Only some records, one person's for instance: a gap is none. What follows
    /// directly must still be linked, and no record may come twice.
    Partial,
}

/// What is kept of a record while the export is read: exports are longer than
/// memory, and links are short.
struct Link {
    seq: u64,
    prev_hash: String,
    hash: String,
    is_edited: bool,
}

/// Verifies an export of one JSON record a line. The chains may be interleaved
/// and the order of the lines does not matter. `at` may be spelt as in the API
/// (RFC 3339) or as stored (Unix milliseconds).
pub fn verify_export(reader: impl BufRead, extent: Extent) -> Result<VerifyReport, VerifyError> {
    let mut chains: BTreeMap<(String, String), Vec<Link>> = BTreeMap::new();
    let mut report = VerifyReport::default();
    for (line, text) in (1..).zip(reader.lines()) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let record = parse(&text).map_err(|detail| VerifyError::Line { line, detail })?;
        let link = Link {
            seq: record.seq,
            is_edited: record.computed_hash() != record.hash,
            prev_hash: record.prev_hash,
            hash: record.hash,
        };
        chains
            .entry((record.tenant, record.chain))
            .or_default()
            .push(link);
        report.records += 1;
    }
    for ((tenant, chain), mut links) in chains {
        report.chains += 1;
        links.sort_by_key(|link| link.seq);
        if let Some((seq, fault)) = first_fault(&chain, &links, extent) {
            report.faults.push(RecordFault {
                tenant,
                chain,
                seq,
                what: FaultKind::Chain(fault),
            });
        }
    }
    Ok(report)
}

fn parse(text: &str) -> Result<AuditRecord, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(at) = value.get_mut("at")
        && let Some(spelt) = at.as_str()
    {
        *at = Timestamp::parse_rfc3339(spelt)
            .map(|moment| moment.0.into())
            .ok_or("`at` is no moment")?;
    }
    record_of(&value)
}

/// The number of the record that is wrong or missing, and what is wrong.
fn first_fault(chain: &str, links: &[Link], extent: Extent) -> Option<(u64, ChainFault)> {
    let mut last: Option<&Link> = None;
    for link in links {
        let seq = link.seq;
        let chain = chain.to_owned();
        let expected = last.map_or(1, |last| last.seq.saturating_add(1));
        let is_gap = match extent {
            Extent::Whole => seq != expected,
            Extent::Partial => seq < expected,
        };
        if is_gap {
            return Some((
                expected,
                ChainFault::Gap {
                    chain,
                    expected,
                    found: seq,
                },
            ));
        }
        if link.is_edited {
            return Some((seq, ChainFault::Edited { chain, seq }));
        }
        let previous = last.map_or(GENESIS_HASH, |last| last.hash.as_str());
        if seq == expected && link.prev_hash != previous {
            return Some((seq, ChainFault::Unlinked { chain, seq }));
        }
        last = Some(link);
    }
    None
}
