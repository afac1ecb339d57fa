//! The key that signs the audit is replaced: what the older one signed still holds, and
//! from the newer one on the older one counts no more.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rig;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azimuth_domain::audit::AuditKind;
use azimuth_domain::audit::digest::{Digest, DigestKey};
use azimuth_embedded::audit_verify::{
    DigestFaultKind, Extent, Trust, VerifyReport, export_folder, verify_export, verify_folder,
};
use azimuth_embedded::{FileSigner, SqliteDigests, SqliteStore, SystemRandom, read_public_keys};
use azimuth_ports::audit::AuditLog;
use azimuth_ports::conformance::samples::{NOON, alice, entry};
use azimuth_ports::digests::{DigestLog, DigestSigner};
use rig::Embedded;

/// A folder whose audit alice fills and two keys have sealed, a record each.
struct Desk {
    rig: Embedded,
    store: Arc<SqliteStore>,
    digests: SqliteDigests,
    keys: [DigestKey; 2],
}

impl Desk {
    async fn new() -> Self {
        let rig = Embedded::new();
        let store = Arc::new(rig.store());
        let digests = SqliteDigests::open(rig.path(), store.clone()).unwrap();
        let mut desk = Self {
            rig,
            store,
            digests,
            keys: [DigestKey::new([0; 32]), DigestKey::new([0; 32])],
        };
        let old = desk.signer(desk.rig.path());
        desk.append_and_seal(&old).await;
        fs::create_dir(desk.away()).unwrap();
        fs::rename(
            desk.rig.path().join("audit.key"),
            desk.away().join("audit.key"),
        )
        .unwrap();
        let new = desk.signer(desk.rig.path());
        desk.append_and_seal(&new).await;
        desk.keys = [old.key().clone(), new.key().clone()];
        desk
    }

    /// Where the replaced key lies.
    fn away(&self) -> PathBuf {
        self.rig.path().join("away")
    }

    fn signer(&self, folder: &Path) -> FileSigner {
        let random = SystemRandom::new(self.rig.clock.clone());
        FileSigner::open_or_create(folder, &random).unwrap()
    }

    async fn append_and_seal(&self, signer: &FileSigner) {
        let tenant = alice().tid;
        let newest = self.digests.newest_digest(&tenant).await.unwrap();
        let previous = newest.as_ref().map(|d| (d.number, d.hash.as_str()));
        let number = previous.map_or(0, |(number, _)| number);
        let entry = entry(&alice(), AuditKind::Denied);
        let at = NOON.plus_ms(i64::try_from(number).unwrap());
        let id = format!("op-{number}");
        self.store
            .append(&tenant, "admin-a", &id, at, entry)
            .await
            .unwrap();
        let waiting = self.digests.unsealed(Some(&tenant), 10).await.unwrap();
        let heads = waiting.into_iter().map(|chain| chain.head).collect();
        let mut digest = Digest::next(previous, &tenant, at, heads, signer.key());
        digest.signature = signer.sign(&digest.signed_text()).await.unwrap();
        assert!(self.digests.append_digest(&digest).await.unwrap());
    }

    /// Verified with these keys, without any with those of the folder.
    fn verify(&self, keys: &[&DigestKey]) -> VerifyReport {
        let trust = Trust {
            keys: keys.iter().map(|key| (*key).clone()).collect(),
            known: Vec::new(),
        };
        verify_folder(self.rig.path(), &trust).unwrap()
    }
}

/// Number and kind of the one digest that is wrong.
fn fault(report: &VerifyReport) -> (u64, DigestFaultKind) {
    let [fault] = report.digest_faults.as_slice() else {
        panic!("{report}");
    };
    (fault.number, fault.what.clone())
}

#[tokio::test]
async fn what_the_older_key_signed_holds() {
    let desk = Desk::new().await;
    let report = desk.verify(&[]);
    assert!(report.holds(), "{report}");
    let [old, new] = [desk.keys[0].id(), desk.keys[1].id()];
    assert_eq!(
        (report.digests, report.keys.as_slice()),
        (2, [old, new].map(str::to_owned).as_slice())
    );
    let told = format!("2 records in 1 chains, 2 digests (keys {old}, {new}): all hold");
    assert!(report.to_string().starts_with(&told), "{report}");
    let kept = read_public_keys(&desk.rig.path().join("audit.pub")).unwrap();
    assert_eq!(kept, desk.keys);
}

#[tokio::test]
async fn keys_that_were_kept_elsewhere_must_be_all_and_in_their_order() {
    let desk = Desk::new().await;
    let [old, new] = &desk.keys;
    assert!(desk.verify(&[old, new]).holds());
    let foreign = |key: &DigestKey| DigestFaultKind::ForeignKey(key.id().to_owned());
    assert_eq!(fault(&desk.verify(&[old])), (2, foreign(new)));
    assert_eq!(fault(&desk.verify(&[new])), (1, foreign(old)));
    let replaced = DigestFaultKind::ReplacedKey(new.id().to_owned());
    assert_eq!(fault(&desk.verify(&[new, old])), (2, replaced));
}

#[tokio::test]
async fn a_digest_by_a_key_that_was_replaced_is_named() {
    let desk = Desk::new().await;
    // Somebody kept the old key, and signs elsewhere, where nobody has replaced it.
    let thief = desk.signer(&desk.away());
    assert_eq!(thief.key(), &desk.keys[0]);
    desk.append_and_seal(&thief).await;
    let report = desk.verify(&[]);
    let replaced = DigestFaultKind::ReplacedKey(desk.keys[0].id().to_owned());
    assert_eq!(fault(&report), (3, replaced));
    assert!(
        report
            .to_string()
            .contains("which had been replaced before"),
        "{report}"
    );
}

#[tokio::test]
async fn an_export_carries_every_key() {
    let desk = Desk::new().await;
    let mut text = Vec::new();
    export_folder(desk.rig.path(), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let report = verify_export(text.as_bytes(), Extent::Whole).unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!(
        report,
        desk.verify(&[]),
        "the export tells what the folder tells"
    );
    let keys: Vec<&str> = text.lines().filter(|l| l.starts_with("{\"key\"")).collect();
    assert_eq!(keys.len(), 2);
    let without = text.replace(&format!("{}\n", keys[0]), "");
    let report = verify_export(without.as_bytes(), Extent::Whole).unwrap();
    assert_eq!(fault(&report).0, 1, "{report}");
}
