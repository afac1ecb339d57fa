//! An auditor's export proves itself, as a data folder does.

use std::time::Duration;

use azimuth_embedded::audit_verify::{Extent, verify_export};
use azimuth_tests::person::Person;
use reqwest::Method;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(1);

async fn exported(person: &Person, query: &str) -> Vec<String> {
    let path = format!("/v1/audit/export?{query}");
    let answer = person.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    text.lines().map(ToOwned::to_owned).collect()
}

fn is(line: &str, kind: &str) -> bool {
    let value: Value = serde_json::from_str(line).unwrap();
    value.get(kind).is_some()
}

#[tokio::test]
async fn an_auditors_export_proves_its_seals() {
    let (app, alice) = super::clerk().await;
    for _ in 0..3 {
        let turn = alice.ask(&alice.converse().await, "list a").await;
        alice.wait_for(&turn, &["done"], PATIENCE).await;
        app.digest_writer.seal().await.unwrap();
    }
    let carol = app.person("carol").await;
    let lines = exported(&carol, "").await;
    let whole = lines.join("\n");
    let report = verify_export(whole.as_bytes(), Extent::Whole).unwrap();
    assert!(report.holds(), "{report}");
    assert!(report.digests > 0 && !report.keys.is_empty(), "{report}");
    assert!(report.records >= 6, "{report}");
    // A chain that is cut after it was sealed, by somebody who counts again.
    let newest = lines
        .iter()
        .position(|line| line.contains("\"kind\":\"close\""))
        .unwrap();
    let cut: Vec<&str> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| *at != newest && !is(line, "end"))
        .map(|(_, line)| line.as_str())
        .collect();
    let report = verify_export(cut.join("\n").as_bytes(), Extent::Whole).unwrap();
    assert!(!report.holds(), "{report}");
    // Without its newest digest.
    let at = lines.iter().position(|line| is(line, "digest")).unwrap();
    let mut less = lines.clone();
    less.remove(at);
    let report = verify_export(less.join("\n").as_bytes(), Extent::Whole).unwrap();
    assert!(!report.holds(), "{report}");
    // What is filtered holds as a part.
    let part = exported(&carol, "kind=close").await.join("\n");
    let report = verify_export(part.as_bytes(), Extent::Partial).unwrap();
    assert!(report.holds() && report.digests > 0, "{report}");
}

#[tokio::test]
async fn ones_own_export_holds_records_only() {
    let (app, alice) = super::clerk().await;
    let turn = alice.ask(&alice.converse().await, "list a").await;
    alice.wait_for(&turn, &["done"], PATIENCE).await;
    app.digest_writer.seal().await.unwrap();
    let lines = exported(&alice, "").await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        assert!(is(&line, "seq"), "{line}");
    }
}
