//! Records and digests as they were exported: one JSON object a line.
//!
//! - a record as it is stored (`{"v":1,"tenant":…,"seq":…,"hash":…}`)
//! - `{"key":{"id":…,"algorithm":…,"public":…}}`: a public key of the digests;
//!   `Ed25519` with 64 hexadecimal digits or `ES256` with 130
//! - `{"anchor":{"tenant":…,"number":…,"hash":…}}`: the newest digest of a tenant
//! - `{"digest":{…}}`: a digest as it is stored
//! - `{"end":{"records":…,"digests":…}}`: how many there are
//!
//! The lines may come in any order, but of several keys the oldest first. An export of
//! the API holds records only.

use std::collections::BTreeMap;
use std::io::BufRead;

use azimuth_domain::audit::AuditRecord;
use azimuth_domain::audit::digest::{Digest, DigestKey, SignatureAlgorithm};
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::judge::{Judge, Link};
use super::seals::{Anchor, Seals, digest_of};
use super::{Miscount, Trust, VerifyError, VerifyReport, record_of};

/// Whether an export claims to hold whole chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// From its first record on, each chain is complete: a gap is a fault.
    Whole,
    /// Only some records, one person's for instance: a gap is none. What follows
    /// directly must still be linked, and no record may come twice.
    Partial,
}

/// A public key of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyLine {
    pub(super) id: String,
    pub(super) algorithm: String,
    pub(super) public: String,
}

/// How long an export is.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) records: u64,
    pub(super) digests: u64,
}

/// A line of an export that is no record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OtherLine {
    Key(KeyLine),
    Anchor(Anchor),
    End(EndLine),
}

/// What an export holds.
#[derive(Default)]
struct Content {
    chains: BTreeMap<(String, String), Vec<Link>>,
    records: u64,
    digests: Vec<Digest>,
    anchors: Vec<Anchor>,
    keys: Vec<DigestKey>,
    end: Option<EndLine>,
}

/// [`verify_export_with`] the keys that the export itself names.
pub fn verify_export(reader: impl BufRead, extent: Extent) -> Result<VerifyReport, VerifyError> {
    verify_export_with(reader, extent, &Trust::default())
}

/// Verifies an export. The chains may be interleaved and the order of the lines does
/// not matter. `at` of a record may be spelt as in the API (RFC 3339) or as stored
/// (Unix milliseconds).
pub fn verify_export_with(
    reader: impl BufRead,
    extent: Extent,
    trust: &Trust,
) -> Result<VerifyReport, VerifyError> {
    let mut content = Content::default();
    for (line, text) in (1..).zip(reader.lines()) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let taken = content.take(&text);
        taken.map_err(|detail| VerifyError::Line { line, detail })?;
    }
    content.judge(extent, trust)
}

impl Content {
    fn take(&mut self, text: &str) -> Result<(), String> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let single = value
            .as_object_mut()
            .filter(|members| members.len() == 1)
            .and_then(|members| members.remove("digest"));
        if let Some(digest) = single {
            self.digests.push(digest_of(&digest)?);
            return Ok(());
        }
        let names = value.as_object().filter(|members| members.len() == 1);
        if names.is_some_and(|members| {
            ["key", "anchor", "end"]
                .iter()
                .any(|name| members.contains_key(*name))
        }) {
            let other = serde_json::from_value(value).map_err(|error| error.to_string())?;
            return self.take_other(other);
        }
        let record = record(value)?;
        let place = (record.tenant.clone(), record.chain.clone());
        self.chains.entry(place).or_default().push(Link::of(record));
        self.records += 1;
        Ok(())
    }

    fn take_other(&mut self, line: OtherLine) -> Result<(), String> {
        match line {
            OtherLine::Anchor(anchor) => self.anchors.push(anchor),
            OtherLine::End(end) => self.end = Some(end),
            OtherLine::Key(line) => {
                let key = SignatureAlgorithm::parse(&line.algorithm)
                    .and_then(|algorithm| DigestKey::parse(algorithm, &line.public))
                    .filter(|key| key.id() == line.id)
                    .ok_or("it is no key of Ed25519 or ES256, or has another id")?;
                self.keys.push(key);
            }
        }
        Ok(())
    }

    fn judge(self, extent: Extent, trust: &Trust) -> Result<VerifyReport, VerifyError> {
        let keys = if trust.keys.is_empty() {
            self.keys
        } else {
            trust.keys.clone()
        };
        if keys.is_empty() && !self.digests.is_empty() {
            return Err(VerifyError::NoKey);
        }
        let mut digests = self.digests;
        digests.sort_by(|a, b| (&a.tenant, a.number).cmp(&(&b.tenant, b.number)));
        let held = digests.len() as u64;
        let anchors = self.anchors.into_iter().chain(trust.known.iter().cloned());
        let mut seals = Seals::new(keys, anchors);
        for digest in digests {
            seals.accept(&digest.tenant.clone(), digest.number, Ok(digest));
        }
        let mut judge = Judge::new(extent, seals);
        for ((tenant, chain), mut links) in self.chains {
            links.sort_by_key(|link| link.seq);
            judge.chain(&tenant, &chain, &links);
        }
        let mut report = judge.finish();
        report.miscount = self
            .end
            .filter(|end| (end.records, end.digests) != (self.records, held))
            .map(|end| Miscount {
                told_records: end.records,
                told_digests: end.digests,
                records: self.records,
                digests: held,
            });
        Ok(report)
    }
}

fn record(mut value: Value) -> Result<AuditRecord, String> {
    if let Some(at) = value.get_mut("at")
        && let Some(spelt) = at.as_str()
    {
        *at = Timestamp::parse_rfc3339(spelt)
            .map(|moment| moment.0.into())
            .ok_or("`at` is no moment")?;
    }
    record_of(&value)
}
