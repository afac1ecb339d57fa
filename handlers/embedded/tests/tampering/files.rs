//! Bent files: the databases, the key and exports, through the real verification.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use azimuth_embedded::FileSigner;
use azimuth_embedded::audit_verify::{
    DigestFaultKind, Extent, Trust, VerifyError, VerifyReport, export_folder, read_known,
    verify_export, verify_export_with, verify_folder,
};
use azimuth_ports::digests::DigestSigner;
use futures::FutureExt;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::ground::{Ground, Rng, SEALED};

/// The files as they were, and a place to bend copies of them.
struct Bench {
    ground: Ground,
    whole: TempDir,
    work: TempDir,
    seen: BTreeMap<&'static str, usize>,
}

const FILES: [&str; 3] = ["azimuth.sqlite", "audit-digests.sqlite", "audit.pub"];

pub async fn bend_them(mut rng: Rng) {
    let ground = Ground::lay().await;
    ground.assert_untouched();
    let whole = tempfile::tempdir().unwrap();
    for file in [ground.main_file(), ground.digests_file()] {
        let copy = whole.path().join(file.file_name().unwrap());
        let connection = Connection::open(&file).unwrap();
        connection
            .execute("VACUUM INTO ?", [copy.to_str().unwrap()])
            .unwrap();
    }
    fs::copy(ground.folder().join(FILES[2]), whole.path().join(FILES[2])).unwrap();
    let mut bench = Bench {
        ground,
        whole,
        work: tempfile::tempdir().unwrap(),
        seen: BTreeMap::new(),
    };
    assert!(bench.verify().holds());
    bytes_of_records(&mut bench, &mut rng);
    bytes_of_digests(&mut bench, &mut rng);
    records_deleted_and_cut(&mut bench);
    digests_deleted(&mut bench);
    keys_exchanged(&mut bench);
    all_set_back(&mut bench);
    exports(&mut bench, &mut rng);
    let mut told = std::io::stderr();
    for (kind, count) in &bench.seen {
        writeln!(told, "{count:>7} named  {kind}").unwrap();
    }
    let total: usize = bench.seen.values().sum();
    writeln!(told, "{total} tamperings of the audit's files, 0 unseen").unwrap();
}

impl Bench {
    fn verify(&self) -> VerifyReport {
        self.verify_with(&Trust::default())
    }

    fn verify_with(&self, trust: &Trust) -> VerifyReport {
        let folder = self.work.path();
        if !folder.join(FILES[0]).exists() {
            self.restore();
        }
        verify_folder(folder, trust).unwrap()
    }

    fn restore(&self) {
        for file in FILES {
            fs::copy(self.whole.path().join(file), self.work.path().join(file)).unwrap();
        }
    }

    /// Fresh copies, bent.
    fn bend(&self, file: &str, sql: &str) -> usize {
        self.restore();
        self.bend_more(file, sql)
    }

    fn bend_more(&self, file: &str, sql: &str) -> usize {
        let connection = Connection::open(self.work.path().join(file)).unwrap();
        connection.execute_batch(sql).unwrap();
        usize::try_from(connection.total_changes()).unwrap()
    }

    fn saw(&mut self, kind: &'static str) {
        *self.seen.entry(kind).or_default() += 1;
    }

    fn places(&self) -> Vec<(String, String)> {
        self.ground.chains.keys().cloned().collect()
    }
}

fn other_byte(text: &str, rng: &mut Rng) -> String {
    loop {
        let mut bytes = text.as_bytes().to_vec();
        let at = rng.below(bytes.len());
        bytes[at] = b' ' + u8::try_from(rng.below(95)).unwrap();
        let bent = String::from_utf8(bytes).unwrap();
        if bent != text {
            return bent;
        }
    }
}

fn bytes_of_records(bench: &mut Bench, rng: &mut Rng) {
    for _ in 0..200 {
        bench.restore();
        let connection = Connection::open(bench.work.path().join(FILES[0])).unwrap();
        let row = rng.below(48) + 1;
        let (tenant, chain, seq, body): (String, String, u64, String) = connection
            .query_row(
                "SELECT tenant, chain, seq, body FROM audit WHERE rowid = ?",
                [row],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .unwrap();
        let bent = other_byte(&body, rng);
        connection
            .execute(
                "UPDATE audit SET body = ? WHERE rowid = ?",
                params![bent, row],
            )
            .unwrap();
        let report = bench.verify();
        let fault = report
            .first_fault()
            .unwrap_or_else(|| panic!("{bent} was not seen"));
        assert_eq!(
            (&fault.tenant, &fault.chain, fault.seq),
            (&tenant, &chain, seq),
            "{bent}"
        );
        assert_eq!(report.faults.len(), 1, "{report}");
        bench.saw("a byte of a record");
    }
}

fn bytes_of_digests(bench: &mut Bench, rng: &mut Rng) {
    for _ in 0..60 {
        bench.restore();
        let connection = Connection::open(bench.work.path().join(FILES[1])).unwrap();
        let row = rng.below(6) + 1;
        let (tenant, number, body): (String, u64, String) = connection
            .query_row(
                "SELECT tenant, number, body FROM digests WHERE rowid = ?",
                [row],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        let bent = other_byte(&body, rng);
        connection
            .execute(
                "UPDATE digests SET body = ? WHERE rowid = ?",
                params![bent, row],
            )
            .unwrap();
        let report = bench.verify();
        let fault = report
            .digest_faults
            .first()
            .unwrap_or_else(|| panic!("{bent} was not seen"));
        assert_eq!(
            (&fault.tenant, fault.number),
            (&tenant, number),
            "{bent}: {fault}"
        );
        bench.saw("a byte of a digest");
    }
    for (change, what) in [
        (
            "at = at + 1",
            "the column at does not say what the digest says",
        ),
        (
            "tenant = 'x'",
            "the column tenant does not say what the digest says",
        ),
        (
            "number = number + 100",
            "the column number does not say what the digest says",
        ),
    ] {
        bench.bend(
            FILES[1],
            &format!("UPDATE digests SET {change} WHERE rowid = 6"),
        );
        let told = bench.verify().sentences().join("; ");
        assert!(told.contains(what), "{told}");
        bench.saw("a column of a digest");
    }
}

fn records_deleted_and_cut(bench: &mut Bench) {
    for (tenant, chain) in bench.places() {
        let of = format!("tenant = '{tenant}' AND chain = '{chain}'");
        for seq in 1..=8 {
            for (kind, condition, is_cut) in [
                ("a record deleted", format!("seq = {seq}"), false),
                ("a tail cut", format!("seq >= {seq}"), true),
            ] {
                let changed = bench.bend(
                    FILES[0],
                    &format!("DELETE FROM audit WHERE {of} AND {condition}"),
                );
                assert!(changed > 0);
                let report = bench.verify();
                let found = report.first_fault().map(|f| (f.chain.as_str(), f.seq));
                let is_young = seq > SEALED && (is_cut || seq == 8);
                if is_young {
                    assert_eq!(found, None, "{kind} {seq}: {report}");
                    assert!(
                        report.to_string().contains("; unsealed since 2026-"),
                        "{report}"
                    );
                } else {
                    assert_eq!(found, Some((chain.as_str(), seq)), "{kind} {seq}: {report}");
                    bench.saw(kind);
                }
            }
        }
        bench.bend(
            FILES[0],
            &format!(
                "UPDATE audit SET seq = 99 WHERE {of} AND seq = 2;
                 UPDATE audit SET seq = 2 WHERE {of} AND seq = 5;
                 UPDATE audit SET seq = 5 WHERE {of} AND seq = 99"
            ),
        );
        let report = bench.verify();
        assert_eq!(report.first_fault().map(|f| f.seq), Some(2), "{report}");
        bench.saw("two records swapped");
        bench.bend(
            FILES[0],
            &format!("UPDATE audit SET chain = 'admin-y' WHERE {of}"),
        );
        let chains: Vec<String> = bench.verify().faults.into_iter().map(|f| f.chain).collect();
        assert!(
            chains.contains(&chain) && chains.contains(&"admin-y".to_owned()),
            "{chains:?}"
        );
        bench.saw("a chain renamed");
    }
}

fn digests_deleted(bench: &mut Bench) {
    for row in 1..=6 {
        bench.bend(
            FILES[1],
            &format!("DELETE FROM digests WHERE rowid = {row}"),
        );
        let report = bench.verify();
        let what = report.digest_faults.first().map(|fault| &fault.what);
        assert_eq!(what, Some(&DigestFaultKind::Missing), "{report}");
        bench.saw("a digest deleted");
    }
    bench.bend(FILES[1], "DELETE FROM digests");
    let report = bench.verify();
    assert_eq!(report.digest_faults.len(), 2, "{report}");
    bench.saw("all digests deleted");
    bench.restore();
    fs::remove_file(bench.work.path().join(FILES[1])).unwrap();
    let report = bench.verify();
    assert_eq!(report.digest_faults.len(), 2, "{report}");
    bench.saw("the digests' file removed");
    for (change, what) in [
        ("hash = 'x'", "it is not the digest that had this number"),
        ("number = 4", "digest 4"),
    ] {
        bench.bend(FILES[0], &format!("UPDATE audit_anchors SET {change}"));
        let told = bench.verify().to_string();
        assert!(told.contains(what), "{told}");
        bench.saw("an anchor edited");
    }
}

/// Who writes both files and the public key can sign as they like; the key that
/// somebody kept tells.
fn keys_exchanged(bench: &mut Bench) {
    bench.restore();
    let public = bench.work.path().join(FILES[2]);
    fs::remove_file(&public).unwrap();
    assert!(matches!(
        verify_folder(bench.work.path(), &Trust::default()),
        Err(VerifyError::Key(_))
    ));
    let elsewhere = tempfile::tempdir().unwrap();
    let random =
        azimuth_embedded::SystemRandom::new(std::sync::Arc::new(azimuth_embedded::SystemClock));
    let stranger = FileSigner::open_or_create(elsewhere.path(), &random).unwrap();
    fs::copy(elsewhere.path().join(FILES[2]), &public).unwrap();
    let report = bench.verify();
    assert_eq!(report.digest_faults.len(), 2, "{report}");
    assert!(report.digest_faults.iter().all(|fault| fault.number == 1));
    bench.saw("the public key exchanged");

    let connection = Connection::open(bench.work.path().join(FILES[1])).unwrap();
    let main = Connection::open(bench.work.path().join(FILES[0])).unwrap();
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    for digest in &bench.ground.digests {
        let mut digest = digest.clone();
        if let Some(hash) = before.get(&digest.tenant) {
            digest.prev_hash.clone_from(hash);
        }
        stranger.key().id().clone_into(&mut digest.key_id);
        digest.hash = digest.computed_hash();
        let text = digest.signed_text();
        digest.signature = stranger.sign(&text).now_or_never().unwrap().unwrap();
        before.insert(digest.tenant.clone(), digest.hash.clone());
        let value = serde_json::to_value(&digest).unwrap();
        let body = azimuth_domain::canonical::canonical_json(&value);
        connection
            .execute(
                "UPDATE digests SET body = ? WHERE tenant = ? AND number = ?",
                params![body, digest.tenant, digest.number],
            )
            .unwrap();
        main.execute(
            "UPDATE audit_anchors SET hash = ? WHERE tenant = ? AND number = ?",
            params![digest.hash, digest.tenant, digest.number],
        )
        .unwrap();
    }
    assert!(bench.verify().holds(), "by itself it fits");
    let trust = Trust {
        keys: vec![bench.ground.key.clone()],
        known: Vec::new(),
    };
    let report = bench.verify_with(&trust);
    assert_eq!(report.digest_faults.len(), 2, "{report}");
    bench.saw("everything signed anew with another key");
}

/// Both files set back to an earlier digest fit again; digests that somebody kept tell.
fn all_set_back(bench: &mut Bench) {
    bench.restore();
    let mut export = Vec::new();
    export_folder(bench.work.path(), &mut export).unwrap();
    let known = read_known(export.as_slice()).unwrap();
    assert_eq!(known.len(), 8, "six digests and two anchors");
    assert!(matches!(
        read_known(&b"{}\nx\n"[..]),
        Err(VerifyError::NothingKnown)
    ));
    bench.bend_more(FILES[0], "DELETE FROM audit WHERE seq > 4");
    bench.bend_more(FILES[1], "DELETE FROM digests WHERE number > 2");
    let connection = Connection::open(bench.work.path().join(FILES[0])).unwrap();
    for digest in bench
        .ground
        .digests
        .iter()
        .filter(|digest| digest.number == 2)
    {
        connection
            .execute(
                "UPDATE audit_anchors SET number = 2, hash = ? WHERE tenant = ?",
                params![digest.hash, digest.tenant],
            )
            .unwrap();
    }
    assert!(bench.verify().holds(), "by itself it fits");
    let report = bench.verify_with(&Trust {
        keys: Vec::new(),
        known,
    });
    let numbers: Vec<u64> = report
        .digest_faults
        .iter()
        .map(|fault| fault.number)
        .collect();
    assert_eq!(numbers, [3, 3], "{report}");
    bench.saw("both files set back");
}

fn exports(bench: &mut Bench, rng: &mut Rng) {
    bench.restore();
    let export = |folder: &Path| {
        let mut text = Vec::new();
        export_folder(folder, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    let text = export(bench.work.path());
    let whole = verify_export(text.as_bytes(), Extent::Whole).unwrap();
    assert!(whole.holds(), "{whole}");
    assert_eq!((whole.records, whole.digests), (48, 6));
    assert_eq!(whole.keys, [bench.ground.key.id()]);
    assert_eq!(
        whole,
        bench.verify(),
        "the export tells what the folder tells"
    );
    let trust = Trust {
        keys: vec![bench.ground.stranger.key().clone()],
        known: Vec::new(),
    };
    let foreign = verify_export_with(text.as_bytes(), Extent::Whole, &trust).unwrap();
    assert_eq!(foreign.digest_faults.len(), 2);

    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 2 + 6 + 48 + 1);
    for gone in 0..lines.len() {
        let is_spare =
            lines[gone].starts_with("{\"anchor\"") || lines[gone].starts_with("{\"end\"");
        let mut kept = lines.clone();
        kept.remove(gone);
        let report = verify_export(kept.join("\n").as_bytes(), Extent::Whole);
        match report {
            Ok(report) => assert_eq!(report.holds(), is_spare, "{}: {report}", lines[gone]),
            Err(error) => assert!(matches!(error, VerifyError::NoKey), "{error}"),
        }
        bench.saw("a line of an export removed");
    }
    for _ in 0..200 {
        let at = rng.below(lines.len());
        let bent = other_byte(lines[at], rng);
        let mut all = lines.clone();
        all[at] = &bent;
        let report = verify_export(all.join("\n").as_bytes(), Extent::Whole);
        assert!(!report.is_ok_and(|report| report.holds()), "{bent}");
        bench.saw("a byte of an export");
    }
}
