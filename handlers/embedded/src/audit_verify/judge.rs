//! Where chains and digests are judged together, wherever they were read.

use std::collections::BTreeSet;

use azimuth_domain::audit::digest::{Digest, DigestKey};
use azimuth_domain::audit::{AuditRecord, ChainFault, GENESIS_HASH};
use azimuth_domain::time::Timestamp;

use super::seals::{Anchor, ChainSeal, Seals};
use super::turns::Told;
use super::{DigestFault, Extent, FaultKind, RecordFault, Unsealed, VerifyReport};

/// What is kept of a record while it is judged: chains are longer than memory, and
/// links are short.
pub(super) struct Link {
    pub(super) seq: u64,
    at: Timestamp,
    prev_hash: String,
    hash: String,
    /// What was wrong with the record by itself.
    fault: Option<FaultKind>,
}

impl Link {
    pub(super) fn of(record: AuditRecord) -> Self {
        let fault = edit_of(&record);
        Self {
            seq: record.seq,
            at: record.at,
            prev_hash: record.prev_hash,
            hash: record.hash,
            fault,
        }
    }

    /// As [`Link::of`], but the hash is still to be computed.
    fn unhashed(record: &AuditRecord) -> Self {
        Self {
            seq: record.seq,
            at: record.at,
            prev_hash: record.prev_hash.clone(),
            hash: record.hash.clone(),
            fault: None,
        }
    }

    /// A place where there is no record to judge; `at` is when one is said to have been
    /// written.
    pub(super) fn broken(seq: u64, at: Timestamp, fault: FaultKind) -> Self {
        Self {
            seq,
            at,
            prev_hash: String::new(),
            hash: String::new(),
            fault: Some(fault),
        }
    }
}

/// Whether a record is what its hash says.
fn edit_of(record: &AuditRecord) -> Option<FaultKind> {
    (record.computed_hash() != record.hash).then(|| {
        FaultKind::Chain(ChainFault::Edited {
            chain: record.chain.clone(),
            seq: record.seq,
        })
    })
}

/// What was found of one chain.
struct Judged {
    fault: Option<(u64, FaultKind)>,
    /// Records that no digest covers, and when the oldest was written.
    young: u64,
    since: Option<Timestamp>,
}

/// Judges links in the order of their numbers. `edit` looks at the record of a link
/// whose hash was not computed yet, and is asked for none behind the first fault.
fn judge(
    chain: &str,
    links: &[Link],
    mut seal: ChainSeal,
    extent: Extent,
    edit: impl Fn(usize) -> Option<FaultKind>,
) -> Judged {
    let mut last: Option<&Link> = None;
    let mut fault = None;
    for (at, link) in links.iter().enumerate() {
        fault = place_fault(chain, last, link, extent, || edit(at)).or_else(|| {
            let digest = seal.contradiction(link.seq, &link.hash)?;
            Some((link.seq, FaultKind::Rewritten { digest }))
        });
        if fault.is_some() {
            break;
        }
        last = Some(link);
    }
    let end = links.last().map_or(0, |link| link.seq);
    if fault.is_none()
        && extent == Extent::Whole
        && let Some((digest, sealed)) = seal.beyond(end)
    {
        fault = Some((end.saturating_add(1), FaultKind::Cut { digest, sealed }));
    }
    let young = links.iter().filter(|link| link.seq > seal.sealed_to());
    Judged {
        fault,
        since: young.clone().map(|link| link.at).min(),
        young: young.count() as u64,
    }
}

/// What is wrong with the record behind `last`, or with its place.
fn place_fault(
    chain: &str,
    last: Option<&Link>,
    link: &Link,
    extent: Extent,
    edit: impl FnOnce() -> Option<FaultKind>,
) -> Option<(u64, FaultKind)> {
    let seq = link.seq;
    let by_itself = link.fault.clone();
    let is_edited = matches!(by_itself, Some(FaultKind::Chain(_)));
    // Of a record that cannot be read no place is known.
    if !is_edited && let Some(fault) = by_itself {
        return Some((seq, fault));
    }
    let expected = last.map_or(1, |last| last.seq.saturating_add(1));
    let is_gap = match extent {
        Extent::Whole => seq != expected,
        Extent::Partial => seq < expected,
    };
    if is_gap {
        let gap = ChainFault::Gap {
            chain: chain.to_owned(),
            expected,
            found: seq,
        };
        return Some((expected, FaultKind::Chain(gap)));
    }
    if let Some(fault) = by_itself.or_else(edit) {
        return Some((seq, fault));
    }
    let previous = last.map_or(GENESIS_HASH, |last| last.hash.as_str());
    (seq == expected && link.prev_hash != previous).then(|| {
        let unlinked = ChainFault::Unlinked {
            chain: chain.to_owned(),
            seq,
        };
        (seq, FaultKind::Chain(unlinked))
    })
}

/// A verification that goes through chain after chain.
pub(super) struct Judge {
    extent: Extent,
    seals: Seals,
    report: VerifyReport,
    young: (u64, u64),
    since: Option<Timestamp>,
    /// Where a fault was found already.
    blamed: BTreeSet<(String, String)>,
}

impl Judge {
    pub(super) fn new(extent: Extent, seals: Seals) -> Self {
        Self {
            extent,
            seals,
            report: VerifyReport::default(),
            young: (0, 0),
            since: None,
            blamed: BTreeSet::new(),
        }
    }

    /// Judges one chain, whose links come in the order of their numbers. No chain
    /// comes twice.
    pub(super) fn chain(&mut self, tenant: &str, chain: &str, links: &[Link]) {
        self.report.chains += 1;
        self.report.records += links.len() as u64;
        let seal = self.seals.take(tenant, chain);
        let judged = judge(chain, links, seal, self.extent, |_| None);
        if let Some((seq, what)) = judged.fault {
            self.blame(tenant, chain, seq, what);
        }
        if let Some(since) = judged.since {
            self.since = Some(self.since.map_or(since, |oldest| oldest.min(since)));
            self.young.0 += judged.young;
            self.young.1 += 1;
        }
    }

    /// A turn knows of a record that is not there; `newest` is the number of the
    /// last one that is.
    pub(super) fn untold(&mut self, tenant: &str, told: Told, newest: u64) {
        let what = FaultKind::Untold {
            turn: told.turn,
            register: told.register,
        };
        self.blame(tenant, &told.chain, newest.saturating_add(1), what);
    }

    fn blame(&mut self, tenant: &str, chain: &str, seq: u64, what: FaultKind) {
        if !self.blamed.insert((tenant.to_owned(), chain.to_owned())) {
            return;
        }
        self.report.faults.push(RecordFault {
            tenant: tenant.to_owned(),
            chain: chain.to_owned(),
            seq,
            what,
        });
    }

    pub(super) fn finish(mut self) -> VerifyReport {
        self.report.digests = self.seals.read();
        if self.report.digests > 0 {
            self.report.keys = self.seals.key_ids();
        }
        if self.extent == Extent::Whole {
            // What is left are chains of which there is no record.
            for (tenant, chain, seal) in self.seals.take_all() {
                if let Some((digest, sealed)) = seal.beyond(0) {
                    self.blame(&tenant, &chain, 1, FaultKind::Cut { digest, sealed });
                }
            }
        }
        let since = self.since.or_else(|| self.seals.sealed_up_to());
        self.report.unsealed = since.map(|since| Unsealed {
            since,
            records: self.young.0,
            chains: self.young.1,
        });
        self.report.digest_faults = self.seals.finish();
        let place = |fault: &RecordFault| (fault.tenant.clone(), fault.chain.clone());
        self.report.faults.sort_by_key(place);
        self.report
    }
}

/// Digests that were judged once, to judge chains by that were read already.
pub struct Prepared {
    seals: Seals,
    faults: Vec<DigestFault>,
}

impl Prepared {
    /// Judges the digests, which come by tenant and number. Each of `anchors` must be
    /// among them.
    pub fn new(keys: &[DigestKey], digests: &[Digest], anchors: &[Anchor]) -> Self {
        let mut seals = Seals::new(keys.to_vec(), anchors.iter().cloned());
        for digest in digests {
            seals.accept(&digest.tenant, digest.number, Ok(digest.clone()));
        }
        let faults = seals.finish();
        Self { seals, faults }
    }

    /// What is wrong with the digests.
    pub fn faults(&self) -> &[DigestFault] {
        &self.faults
    }

    /// What is wrong with one chain, of which these are all records in the order of
    /// their numbers, and how many of them no digest covers.
    pub fn chain(
        &self,
        tenant: &str,
        chain: &str,
        records: &[AuditRecord],
    ) -> (Option<RecordFault>, u64) {
        let links: Vec<Link> = records.iter().map(Link::unhashed).collect();
        let seal = self.seals.of(tenant, chain);
        let edit = |at: usize| edit_of(&records[at]);
        let judged = judge(chain, &links, seal, Extent::Whole, edit);
        let fault = judged.fault.map(|(seq, what)| RecordFault {
            tenant: tenant.to_owned(),
            chain: chain.to_owned(),
            seq,
            what,
        });
        (fault, judged.young)
    }
}
