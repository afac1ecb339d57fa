//! What the digests say of the chains, and whether they hold themselves.

use std::collections::BTreeMap;

use azimuth_domain::audit::GENESIS_HASH;
use azimuth_domain::audit::digest::{DIGEST_VERSION, Digest, DigestKey};
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DigestFault, DigestFaultKind};
use crate::public_keys::is_signed;

/// A digest that is known to have been there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Whose.
    pub tenant: String,
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

/// A record that a digest fixed.
#[derive(Clone)]
struct Point {
    seq: u64,
    hash: [u8; 32],
    digest: u64,
}

/// The last digest of a tenant that was read.
struct Line {
    number: u64,
    hash: String,
    at: Option<Timestamp>,
    /// Index of the newest key that signed one so far.
    key: usize,
    is_broken: bool,
}

/// The digests, read in the order of tenant and number.
pub(super) struct Seals {
    /// The oldest first.
    keys: Vec<DigestKey>,
    anchors: BTreeMap<(String, u64), String>,
    lines: BTreeMap<String, Line>,
    /// By tenant and chain.
    points: BTreeMap<String, BTreeMap<String, Vec<Point>>>,
    read: u64,
    faults: Vec<DigestFault>,
}

impl Seals {
    pub(super) fn new(keys: Vec<DigestKey>, anchors: impl IntoIterator<Item = Anchor>) -> Self {
        let anchors = anchors
            .into_iter()
            .map(|anchor| ((anchor.tenant, anchor.number), anchor.hash));
        Self {
            keys,
            anchors: anchors.collect(),
            lines: BTreeMap::new(),
            points: BTreeMap::new(),
            read: 0,
            faults: Vec::new(),
        }
    }

    /// Takes what stands under this tenant and number.
    pub(super) fn accept(&mut self, tenant: &str, number: u64, found: Result<Digest, String>) {
        self.read += 1;
        let digest = match found {
            Ok(digest) => digest,
            Err(detail) => {
                return self.skip(tenant, number, DigestFaultKind::Unreadable(detail));
            }
        };
        if digest.tenant != tenant {
            return self.skip(tenant, number, DigestFaultKind::Column("tenant"));
        }
        if digest.number != number {
            return self.skip(tenant, number, DigestFaultKind::Column("number"));
        }
        let mut fault = self.seal_fault(&digest);
        if fault.is_none() {
            self.learn(&digest);
            fault = self.place_fault(&digest);
        }
        let known = self.anchors.get(&(digest.tenant.clone(), number));
        let is_another = known.is_some_and(|hash| *hash != digest.hash);
        let fault =
            fault.or_else(|| is_another.then_some((digest.number, DigestFaultKind::Replaced)));
        let line = self.line(tenant);
        line.number = digest.number;
        line.hash = digest.hash;
        line.at = Some(digest.at);
        if let Some((number, what)) = fault {
            self.blame(tenant, number, what);
        }
    }

    /// How many were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// What is wrong with them, by tenant, those included that should be there and
    /// are not.
    pub(super) fn finish(&mut self) -> Vec<DigestFault> {
        // In the order of their numbers, so that the lowest missing one is told.
        for (tenant, number) in std::mem::take(&mut self.anchors).into_keys() {
            let last = self.lines.get(&tenant).map_or(0, |line| line.number);
            if number > last {
                self.blame(&tenant, last + 1, DigestFaultKind::Missing);
            }
        }
        let mut faults = std::mem::take(&mut self.faults);
        faults.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        faults
    }

    /// When the newest digest was made of the tenant that waits longest for one.
    pub(super) fn sealed_up_to(&self) -> Option<Timestamp> {
        self.lines.values().filter_map(|line| line.at).min()
    }

    /// What the digests say of one chain.
    pub(super) fn of(&self, tenant: &str, chain: &str) -> ChainSeal {
        let chains = self.points.get(tenant);
        let points = chains.and_then(|chains| chains.get(chain));
        ChainSeal::of(points.cloned().unwrap_or_default())
    }

    /// The same, of a chain that nobody asks for again.
    pub(super) fn take(&mut self, tenant: &str, chain: &str) -> ChainSeal {
        let chains = self.points.get_mut(tenant);
        let points = chains.and_then(|chains| chains.remove(chain));
        ChainSeal::of(points.unwrap_or_default())
    }

    /// All that were not taken: tenant, chain and seal.
    pub(super) fn take_all(&mut self) -> Vec<(String, String, ChainSeal)> {
        let mut all = Vec::new();
        for (tenant, chains) in std::mem::take(&mut self.points) {
            for (chain, points) in chains {
                all.push((tenant.clone(), chain, ChainSeal::of(points)));
            }
        }
        all
    }

    /// Ids of the keys that digests may name.
    pub(super) fn key_ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.id().to_owned()).collect()
    }

    /// Whether the digest is ours, as it was signed, by no key that a newer one had
    /// replaced.
    fn seal_fault(&mut self, digest: &Digest) -> Option<(u64, DigestFaultKind)> {
        let named = |key: &DigestKey| key.id() == digest.key_id;
        let what = match self.keys.iter().position(named) {
            None => DigestFaultKind::ForeignKey(digest.key_id.clone()),
            Some(_) if digest.computed_hash() != digest.hash => DigestFaultKind::Edited,
            Some(at) if !is_signed(digest, &self.keys[at]) => DigestFaultKind::Forged,
            Some(at) => {
                let line = self.line(&digest.tenant);
                if at >= line.key {
                    line.key = at;
                    return None;
                }
                DigestFaultKind::ReplacedKey(digest.key_id.clone())
            }
        };
        Some((digest.number, what))
    }

    /// Whether it stands where it belongs.
    fn place_fault(&mut self, digest: &Digest) -> Option<(u64, DigestFaultKind)> {
        let line = self.line(&digest.tenant);
        let expected = line.number + 1;
        if digest.number > expected {
            return Some((expected, DigestFaultKind::Missing));
        }
        if digest.number < expected {
            return Some((digest.number, DigestFaultKind::OutOfPlace(expected)));
        }
        (digest.prev_hash != line.hash).then_some((digest.number, DigestFaultKind::Unlinked))
    }

    /// A digest that is signed is good for what it says, wherever it stands.
    fn learn(&mut self, digest: &Digest) {
        for head in &digest.chains {
            let mut hash = [0; 32];
            // What we sign is hexadecimal; anything else fits no record.
            let _ = hex::decode_to_slice(&head.hash, &mut hash);
            let chains = self.points.entry(digest.tenant.clone()).or_default();
            chains.entry(head.chain.clone()).or_default().push(Point {
                seq: head.seq,
                hash,
                digest: digest.number,
            });
        }
    }

    fn line(&mut self, tenant: &str) -> &mut Line {
        self.lines.entry(tenant.to_owned()).or_insert_with(|| Line {
            number: 0,
            hash: GENESIS_HASH.to_owned(),
            at: None,
            key: 0,
            is_broken: false,
        })
    }

    fn skip(&mut self, tenant: &str, number: u64, what: DigestFaultKind) {
        self.line(tenant).number = number;
        self.blame(tenant, number, what);
    }

    fn blame(&mut self, tenant: &str, number: u64, what: DigestFaultKind) {
        let line = self.line(tenant);
        if line.is_broken {
            return;
        }
        line.is_broken = true;
        self.faults.push(DigestFault {
            tenant: tenant.to_owned(),
            number,
            what,
        });
    }
}

/// What the digests say of one chain, walked beside its records.
pub(super) struct ChainSeal {
    points: Vec<Point>,
    next: usize,
}

impl ChainSeal {
    fn of(mut points: Vec<Point>) -> Self {
        points.sort_by_key(|point| (point.seq, point.digest));
        Self { points, next: 0 }
    }

    /// The digest that fixed another record in this place.
    pub(super) fn contradiction(&mut self, seq: u64, hash: &str) -> Option<u64> {
        let mut bytes = [0; 32];
        let is_hash = hex::decode_to_slice(hash, &mut bytes).is_ok();
        while let Some(point) = self.points.get(self.next) {
            if point.seq > seq {
                return None;
            }
            if point.seq == seq && !(is_hash && point.hash == bytes) {
                return Some(point.digest);
            }
            self.next += 1;
        }
        None
    }

    /// A digest that knows of records beyond `seq`, and how far.
    pub(super) fn beyond(&self, seq: u64) -> Option<(u64, u64)> {
        let last = self.points.last().filter(|point| point.seq > seq)?;
        Some((last.digest, last.seq))
    }

    /// Number of the last record that is sealed; 0 when none is.
    pub(super) fn sealed_to(&self) -> u64 {
        self.points.last().map_or(0, |point| point.seq)
    }
}

/// A digest from its JSON, provided that its hash covers all that is said there.
pub(super) fn digest_of(value: &Value) -> Result<Digest, String> {
    let digest: Digest =
        serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    if digest.v > DIGEST_VERSION {
        return Err("a newer version of Azimuth wrote it".to_owned());
    }
    let again = serde_json::to_value(&digest).map_err(|error| error.to_string())?;
    if again == *value {
        Ok(digest)
    } else {
        Err("it says more than its hash covers".to_owned())
    }
}
