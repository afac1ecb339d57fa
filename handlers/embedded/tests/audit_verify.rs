//! What verification finds in a database and in an export.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rig;

use std::path::PathBuf;

use azimuth_domain::audit::{AuditKind, AuditRecord};
use azimuth_embedded::audit_verify::{
    Extent, VerifyError, VerifyReport, verify_database, verify_export,
};
use azimuth_ports::audit::{AuditLog, AuditQuery};
use azimuth_ports::conformance::samples::{NOON, alice, bob, entry, eve};
use rig::Embedded;
use rusqlite::Connection;

/// Six records in each of three chains, two of one tenant.
async fn filled() -> (Embedded, PathBuf) {
    let rig = Embedded::new();
    let store = rig.store();
    for number in 0..6 {
        for (user, chain) in [
            (alice(), "admin-a"),
            (alice(), "admin-b"),
            (eve(), "admin-a"),
        ] {
            let person = if number % 2 == 1 && user == alice() {
                bob()
            } else {
                user.clone()
            };
            let entry = entry(&person, AuditKind::Denied);
            let id = format!("op-{number}");
            let at = NOON.plus_ms(number);
            store
                .append(&user.tid, chain, &id, at, entry)
                .await
                .unwrap();
        }
    }
    let path = rig.path().join("azimuth.sqlite");
    (rig, path)
}

fn first(report: &VerifyReport) -> Option<(&str, u64)> {
    report
        .first_fault()
        .map(|fault| (fault.chain.as_str(), fault.seq))
}

#[tokio::test]
async fn an_untouched_database_holds() {
    let (_rig, path) = filled().await;
    let report = verify_database(&path).unwrap();
    assert_eq!((report.chains, report.records), (3, 18));
    assert_eq!(report.faults, []);
    let told =
        format!("18 records in 3 chains: all hold; unsealed since {NOON}: 18 records in 3 chains");
    assert_eq!(report.to_string(), told);
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_and_named() {
    let here = format!("tenant = '{}' AND chain = 'admin-b'", alice().tid);
    let set =
        |change: &str, seq: u64| format!("UPDATE audit SET {change} WHERE {here} AND seq = {seq}");
    let body = |change: &str, seq| set(&format!("body = {change}"), seq);
    let cases = [
        // The record itself.
        (body("json_set(body, '$.oid', 'x')", 3), 3),
        (body("json_set(body, '$.arguments.b', 2)", 3), 3),
        (body("json_set(body, '$.outcome', 'ok')", 1), 1),
        (body("json_set(body, '$.at', 0)", 6), 6),
        (
            body("json_set(body, '$.hash', prev)", 6).replace("prev", "'00'"),
            6,
        ),
        (body("json_set(body, '$.added', 1)", 2), 2),
        (body("json_remove(body, '$.detail')", 2), 2),
        (body("replace(body, '{\"acting', '{ \"acting')", 4), 4),
        (
            body("replace(body, '\"oid\"', '\"oid\":\"x\",\"oid\"')", 4),
            4,
        ),
        (body("'no record'", 5), 5),
        (body("json_set(body, '$.v', 2)", 5), 5),
        // A column alone, so that a query would give the record to the wrong people.
        (set("oid = 'x'", 2), 2),
        (set("at = at + 1", 2), 2),
        (set("kind = 'open'", 2), 2),
        (set("tool = NULL", 2), 2),
        (set("outcome = 'ok'", 2), 2),
        (set("turn = 't'", 2), 2),
        (set("id = 'x'", 2), 2),
        // Places.
        (format!("DELETE FROM audit WHERE {here} AND seq = 3"), 3),
        (format!("DELETE FROM audit WHERE {here} AND seq = 1"), 1),
        (set("seq = 7", 4), 4),
        (set("seq = 9", 6), 9),
        (
            format!(
                "{}; {}; {}",
                set("seq = 99", 2),
                set("seq = 2", 3),
                set("seq = 3", 99)
            ),
            2,
        ),
        (
            format!(
                "INSERT INTO audit SELECT tenant, chain, 'copy', 7, at, oid, kind, tool, outcome,
                 turn, body FROM audit WHERE {here} AND seq = 6"
            ),
            7,
        ),
    ];
    for (tampering, seq) in cases {
        let (_rig, path) = filled().await;
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(&tampering).unwrap();
        assert!(connection.changes() > 0, "{tampering}");
        let report = verify_database(&path).unwrap();
        assert_eq!(
            first(&report),
            Some(("admin-b", seq)),
            "{tampering}: {report}"
        );
        assert_eq!(report.faults.len(), 1, "other chains hold");
        assert_eq!(
            (report.chains, report.records > 16),
            (3, true),
            "all are still read"
        );
    }
}

#[tokio::test]
async fn a_record_that_was_made_anew_breaks_the_link_after_it() {
    let (_rig, path) = filled().await;
    let records = records().await;
    let forged = forge(&records[2]);
    let connection = Connection::open(&path).unwrap();
    let value = serde_json::to_value(&forged).unwrap();
    let body = azimuth_domain::canonical::canonical_json(&value);
    let changed = connection.execute(
        "UPDATE audit SET body = ? WHERE tenant = ? AND chain = ? AND seq = 3",
        [&body, &forged.tenant, &forged.chain],
    );
    assert_eq!(changed.unwrap(), 1);
    let report = verify_database(&path).unwrap();
    assert_eq!(first(&report), Some(("admin-a", 4)), "{report}");
}

/// The record with another detail and a hash that fits.
fn forge(record: &AuditRecord) -> AuditRecord {
    let mut forged = record.clone();
    forged.entry.detail = Some("nothing happened".to_owned());
    forged.hash = forged.computed_hash();
    forged
}

#[test]
fn what_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("azimuth.sqlite");
    assert!(matches!(
        verify_database(&path),
        Err(VerifyError::Database { .. })
    ));
    assert!(!path.exists(), "verification makes nothing");
    std::fs::write(&path, "no database at all, but long enough to look").unwrap();
    assert!(verify_database(&path).is_err());
}

/// The records of the first tenant, by chain and number.
async fn records() -> Vec<AuditRecord> {
    let (rig, _path) = filled().await;
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let mut records = rig.store().query(&alice().tid, &query).await.unwrap().items;
    records.sort_by_key(|record| (record.chain.clone(), record.seq));
    assert_eq!(records.len(), 12);
    records
}

fn export(records: &[AuditRecord]) -> String {
    records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect()
}

fn verify(text: &str, extent: Extent) -> VerifyReport {
    verify_export(text.as_bytes(), extent).unwrap()
}

#[tokio::test]
async fn an_export_holds_in_any_order_and_spelling_of_time() {
    let mut records = records().await;
    records.sort_by_key(|record| (std::cmp::Reverse(record.at), record.chain.clone()));
    let text = export(&records);
    let spelt = text.replace(&format!("\"at\":{}", NOON.0), &format!("\"at\":\"{NOON}\""));
    assert_ne!(spelt, text);
    for text in [text, spelt, String::new()] {
        for extent in [Extent::Whole, Extent::Partial] {
            assert_eq!(verify(&text, extent).faults, []);
        }
    }
}

#[tokio::test]
async fn one_persons_export_holds_only_when_it_says_so() {
    let records = records().await;
    let mine: Vec<AuditRecord> = records
        .into_iter()
        .filter(|record| record.entry.oid == alice().oid)
        .collect();
    assert_eq!(mine.len(), 6);
    let report = verify(&export(&mine), Extent::Whole);
    assert_eq!(
        (first(&report), report.faults.len()),
        (Some(("admin-a", 2)), 2)
    );
    let report = verify(&export(&mine), Extent::Partial);
    assert_eq!(
        (report.faults.as_slice(), report.records),
        ([].as_slice(), 6)
    );
}

#[tokio::test]
async fn tampering_with_an_export_is_found() {
    let records = records().await;
    let replaced = |at: usize, record: AuditRecord| {
        let mut records = records.clone();
        records[at] = record;
        records
    };
    let mut edited = records[7].clone();
    edited.entry.oid = eve().oid;
    let mut without = records.clone();
    without.remove(8);
    let mut doubled = records.clone();
    doubled.push(records[8].clone());
    let mut without_end = records.clone();
    without_end.pop();
    // Number of the fault in chain `admin-b`: of a whole and of a partial export.
    for (case, changed, whole, partial) in [
        ("edited", replaced(7, edited), Some(2), Some(2)),
        ("forged", replaced(7, forge(&records[7])), Some(3), Some(3)),
        (
            "first forged",
            replaced(6, forge(&records[6])),
            Some(2),
            Some(2),
        ),
        ("removed", without, Some(3), None),
        ("doubled", doubled, Some(4), Some(4)),
        ("cut at its end", without_end, None, None),
    ] {
        for (extent, seq) in [(Extent::Whole, whole), (Extent::Partial, partial)] {
            let report = verify(&export(&changed), extent);
            let expected = seq.map(|seq| ("admin-b", seq));
            assert_eq!(first(&report), expected, "{case}, {extent:?}: {report}");
        }
    }
}

#[tokio::test]
async fn a_line_that_is_no_record_is_named() {
    let records = records().await;
    let text = export(&records);
    let third = text.lines().nth(2).unwrap();
    for damage in [
        "{\"seq\":",
        "{}",
        "[1]",
        "null",
        "x",
        &third[1..],
        &third[..third.len() - 1],
    ] {
        let damaged = text.replacen(third, damage, 1);
        let error = verify_export(damaged.as_bytes(), Extent::Whole).unwrap_err();
        assert!(
            matches!(error, VerifyError::Line { line: 3, .. }),
            "{damage}: {error}"
        );
    }
    let added = text.replacen("{\"v\"", "{\"added\":1,\"v\"", 1);
    assert_ne!(added, text);
    let error = verify_export(added.as_bytes(), Extent::Whole).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1 of the export is no audit record: it says more than its hash covers"
    );
}
