//! A store with several chains and digests, made by real appends, and read back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azimuth_domain::audit::digest::{Digest, DigestKey};
use azimuth_domain::audit::{AuditKind, AuditRecord};
use azimuth_domain::event::Outcome;
use azimuth_embedded::audit_verify::{Anchor, Prepared, Trust, verify_folder};
use azimuth_embedded::{FileSigner, SqliteDigests, SystemRandom};
use azimuth_ports::audit::{AuditLog, AuditQuery};
use azimuth_ports::conformance::samples::{NOON, alice, bob, entry, eve};
use azimuth_ports::digests::{DigestLog, DigestSigner};
use serde_json::json;

use crate::es256::Es256Signer;
use crate::rig::Embedded;

/// A chain: tenant and name.
pub type Place = (String, String);

pub struct Ground {
    rig: Embedded,
    pub key: DigestKey,
    /// Signs as somebody else.
    pub stranger: Box<dyn DigestSigner>,
    pub chains: BTreeMap<Place, Vec<AuditRecord>>,
    pub digests: Vec<Digest>,
    pub anchors: Vec<Anchor>,
    /// What the untouched digests say.
    pub prepared: Prepared,
    /// What the verifier is told of keys.
    trust: Trust,
    _elsewhere: tempfile::TempDir,
}

/// Records of every chain that a digest covers; two more are younger.
pub const SEALED: u64 = 6;

impl Ground {
    /// Signed with the key in a file, which lies there to be trusted.
    pub async fn lay() -> Self {
        let rig = Embedded::new();
        let random = SystemRandom::new(rig.clock.clone());
        let signer = FileSigner::open_or_create(rig.path(), &random).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let stranger = FileSigner::open_or_create(elsewhere.path(), &random).unwrap();
        Self::signed_by(
            rig,
            &signer,
            Box::new(stranger),
            elsewhere,
            Trust::default(),
        )
        .await
    }

    /// Signed as Key Vault signs; the stranger has a key of the other kind.
    pub async fn lay_with_es256() -> Self {
        let rig = Embedded::new();
        let random = SystemRandom::new(rig.clock.clone());
        let signer = Es256Signer::new();
        let elsewhere = tempfile::tempdir().unwrap();
        let stranger = FileSigner::open_or_create(elsewhere.path(), &random).unwrap();
        let trust = Trust {
            keys: vec![signer.key().clone()],
            ..Trust::default()
        };
        Self::signed_by(rig, &signer, Box::new(stranger), elsewhere, trust).await
    }

    async fn signed_by(
        rig: Embedded,
        signer: &dyn DigestSigner,
        stranger: Box<dyn DigestSigner>,
        elsewhere: tempfile::TempDir,
        trust: Trust,
    ) -> Self {
        let store = Arc::new(rig.store());
        let digests = SqliteDigests::open(rig.path(), store.clone()).unwrap();
        let tenants = [alice().tid, eve().tid];
        let mut places: Vec<Place> = Vec::new();
        for (tenant, names) in tenants.iter().zip([["a", "b", "c"], ["a", "d", "e"]]) {
            places.extend(names.map(|name| (tenant.clone(), format!("admin-{name}-2026-11-24"))));
        }
        for round in 0..4 {
            for (number, (tenant, chain)) in places.iter().enumerate() {
                for part in 0..2 {
                    let person = match (tenant == &eve().tid, part) {
                        (true, _) => eve(),
                        (false, 0) => alice(),
                        (false, _) => bob(),
                    };
                    let mut entry = entry(&person, AuditKind::Close);
                    entry.outcome = Some(Outcome::Ok);
                    entry.arguments = Some(json!({"name": "vm-1", "count": round, "force": true}));
                    entry.duration_ms = Some(12);
                    entry.detail = Some(format!("round {round}"));
                    let at = NOON.plus_ms(round * 100 + i64::try_from(number).unwrap() * 2 + part);
                    let id = format!("op-{round}-{part}");
                    store.append(tenant, chain, &id, at, entry).await.unwrap();
                }
            }
            if round < 3 {
                for tenant in &tenants {
                    seal(&digests, signer, tenant, round).await;
                }
            }
        }
        let mut chains: BTreeMap<Place, Vec<AuditRecord>> = BTreeMap::new();
        let mut all = Vec::new();
        let mut anchors = Vec::new();
        for tenant in &tenants {
            let query = AuditQuery {
                limit: 1000,
                ..AuditQuery::default()
            };
            for record in store.query(tenant, &query).await.unwrap().items {
                let place = (record.tenant.clone(), record.chain.clone());
                chains.entry(place).or_default().push(record);
            }
            let newest = digests.newest_digest(tenant).await.unwrap().unwrap();
            anchors.push(Anchor {
                tenant: tenant.clone(),
                number: newest.number,
                hash: newest.hash,
            });
            let mut found = digests.digests(tenant, 100, None).await.unwrap().items;
            found.reverse();
            all.extend(found);
        }
        for records in chains.values_mut() {
            records.sort_by_key(|record| record.seq);
        }
        let key = signer.key().clone();
        Self {
            rig,
            prepared: Prepared::new(std::slice::from_ref(&key), &all, &anchors),
            key,
            stranger,
            chains,
            digests: all,
            anchors,
            trust,
            _elsewhere: elsewhere,
        }
    }

    pub fn folder(&self) -> &Path {
        self.rig.path()
    }

    /// What was written holds, in memory and in the files.
    pub fn assert_untouched(&self) {
        assert_eq!((self.chains.len(), self.digests.len()), (6, 6));
        assert_eq!(self.prepared.faults(), []);
        for ((tenant, chain), records) in &self.chains {
            assert_eq!(records.len(), 8);
            assert_eq!(self.prepared.chain(tenant, chain, records), (None, 2));
        }
        let report = verify_folder(self.folder(), &self.trust).unwrap();
        assert!(report.holds(), "{report}");
        assert_eq!((report.chains, report.records, report.digests), (6, 48, 6));
        assert_eq!(
            report.unsealed.map(|u| (u.records, u.chains)),
            Some((12, 6))
        );
    }

    pub fn main_file(&self) -> PathBuf {
        self.folder().join("azimuth.sqlite")
    }

    pub fn digests_file(&self) -> PathBuf {
        self.folder().join("audit-digests.sqlite")
    }

    /// One chain.
    pub fn any_chain(&self, rng: &mut Rng) -> (&Place, &Vec<AuditRecord>) {
        self.chains
            .iter()
            .nth(rng.below(self.chains.len()))
            .unwrap()
    }
}

async fn seal(digests: &SqliteDigests, signer: &dyn DigestSigner, tenant: &str, round: i64) {
    let newest = digests.newest_digest(tenant).await.unwrap();
    let waiting = digests.unsealed(Some(tenant), 100).await.unwrap();
    let heads = waiting.into_iter().map(|chain| chain.head).collect();
    let previous = newest.as_ref().map(|d| (d.number, d.hash.as_str()));
    let at = NOON.plus_ms(round * 100 + 50);
    let mut digest = Digest::next(previous, tenant, at, heads, signer.key());
    digest.signature = signer.sign(&digest.signed_text()).await.unwrap();
    assert!(digests.append_digest(&digest).await.unwrap());
}

/// Xorshift: the same numbers everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn of(seed: u64, kind: usize, number: usize) -> Self {
        let mixed =
            seed ^ ((kind as u64) << 32) ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut rng = Self(mixed | 1);
        for _ in 0..4 {
            rng.next();
        }
        rng
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}
