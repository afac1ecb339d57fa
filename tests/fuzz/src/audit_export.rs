//! The verifier of exports: bytes as they are, and a genuine export with the changes that
//! the bytes describe. The key and the newest digest are known from elsewhere, and the
//! digest covers every record, so whatever still holds says what was written.

use std::fmt::Write;
use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use azimuth_domain::audit::digest::{ChainHead, Digest, DigestKey};
use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_embedded::audit_verify::{Anchor, Extent, Trust, verify_export, verify_export_with};
use serde_json::{Value, json};

const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";
const CHAINS: [&str; 2] = ["admin-people-20261126", "admin-policies-20261126"];
const RECORDS: i64 = 3;
const NOON: Timestamp = Timestamp(1_795_694_400_000);
/// Bytes that describe one change.
const CHANGE: usize = 4;
const MAX_CHANGES: usize = 16;

struct Genuine {
    text: String,
    facts: Vec<String>,
    trust: Trust,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(Genuine::write);

pub fn run(data: &[u8]) -> bool {
    for extent in [Extent::Whole, Extent::Partial] {
        let _judged = verify_export(data, extent).map(|report| report.to_string());
    }
    let is_whole = assert_true(data);
    let mut bent = GENUINE.text.clone().into_bytes();
    for change in data.chunks_exact(CHANGE).take(MAX_CHANGES) {
        bend(&mut bent, change);
    }
    assert_true(&bent) || is_whole
}

/// What holds says all that was written, and nothing else; whether it holds.
fn assert_true(export: &[u8]) -> bool {
    let report = verify_export_with(export, Extent::Whole, &GENUINE.trust);
    let holds = report.is_ok_and(|report| report.holds());
    if holds {
        let text = std::str::from_utf8(export).unwrap();
        assert_eq!(facts(text), GENUINE.facts, "{text}");
    }
    holds
}

/// Records and digests of an export, each in its one spelling, sorted.
fn facts(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let values = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut facts: Vec<String> = values
        .filter(|value| {
            ["key", "anchor", "end"]
                .iter()
                .all(|name| value.get(name).is_none())
        })
        .map(|mut value| {
            // The API spells moments otherwise.
            if let Some(at) = value["at"].as_str().and_then(Timestamp::parse_rfc3339) {
                value["at"] = at.0.into();
            }
            canonical_json(&value)
        })
        .collect();
    facts.sort();
    facts
}

fn bend(text: &mut Vec<u8>, change: &[u8]) {
    let place = usize::from(u16::from_be_bytes([change[1], change[2]])) % text.len().max(1);
    let line = |text: &[u8]| {
        let start = text[..place].iter().rposition(|byte| *byte == b'\n');
        let end = text[place..].iter().position(|byte| *byte == b'\n');
        start.map_or(0, |at| at + 1)..end.map_or(text.len(), |at| place + at + 1)
    };
    match change[0] % 6 {
        _ if text.is_empty() => {}
        0 => text[place] = change[3],
        1 => text.insert(place, change[3]),
        2 => drop(text.remove(place)),
        3 => drop(text.drain(line(text))),
        4 => {
            let doubled = text[line(text)].to_vec();
            text.extend(doubled);
        }
        _ => text.truncate(place),
    }
}

impl Genuine {
    fn write() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = DigestKey::new(pair.public_key().as_ref().try_into().unwrap());
        let mut lines = vec![json!({"key": {
            "id": key.id(), "algorithm": key.algorithm().name(), "public": key.to_hex(),
        }})];
        let mut heads: Vec<Option<ChainHead>> = vec![None; CHAINS.len()];
        let mut newest: Option<Digest> = None;
        for round in 0..RECORDS {
            for (chain, head) in CHAINS.iter().zip(&mut heads) {
                let record = record(chain, head.as_ref(), round);
                *head = Some(ChainHead {
                    chain: record.chain.clone(),
                    seq: record.seq,
                    hash: record.hash.clone(),
                });
                lines.push(serde_json::to_value(&record).unwrap());
            }
            let digest = sealed(newest.as_ref(), &heads, &key, &pair, round);
            lines.push(json!({ "digest": digest }));
            newest = Some(digest);
        }
        let newest = newest.unwrap();
        let anchor = Anchor {
            tenant: TENANT.to_owned(),
            number: newest.number,
            hash: newest.hash,
        };
        lines.push(json!({ "anchor": anchor }));
        let records = RECORDS * i64::try_from(CHAINS.len()).unwrap();
        lines.push(json!({"end": {"records": records, "digests": RECORDS}}));
        let mut text = String::new();
        for line in &lines {
            writeln!(text, "{line}").unwrap();
        }
        let genuine = Self {
            facts: facts(&text),
            text,
            trust: Trust {
                keys: vec![key],
                known: vec![anchor],
            },
        };
        let bytes = genuine.text.as_bytes();
        let report = verify_export_with(bytes, Extent::Whole, &genuine.trust).unwrap();
        assert!(report.holds(), "{report}");
        genuine
    }
}

fn record(chain: &str, before: Option<&ChainHead>, round: i64) -> AuditRecord {
    let user = UserKey::new(TENANT, "a11ce000-0000-4000-8000-000000000001");
    let entry = AuditEntry {
        detail: Some("\"가\" \\ and a line\nbreak".to_owned()),
        arguments: Some(json!({"name": "vm-dev-01", "size": 1.5, "tags": [null, true]})),
        ..AuditEntry::of_user(AuditKind::Administration, "api:1".to_owned(), &user)
    };
    AuditRecord::next(
        before.map(|head| (head.seq, head.hash.as_str())),
        TENANT,
        chain,
        &format!("change-{round}"),
        NOON.plus_ms(round * 1000),
        entry,
    )
}

fn sealed(
    before: Option<&Digest>,
    heads: &[Option<ChainHead>],
    key: &DigestKey,
    pair: &Ed25519KeyPair,
    round: i64,
) -> Digest {
    let mut digest = Digest::next(
        before.map(|digest| (digest.number, digest.hash.as_str())),
        TENANT,
        NOON.plus_ms(round * 1000 + 500),
        heads.iter().flatten().cloned().collect(),
        key,
    );
    let signature = pair.sign(&digest.signed_text());
    let digits = signature.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digest.signature = digits.collect();
    digest
}
