//! Who reads what, and that reading others' is itself on record.

use std::io::BufReader;
use std::time::Duration;

use azimuth_embedded::audit_verify::{Extent, verify_export};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(1);

async fn some_turns(people: &[&Person]) {
    for person in people {
        let turn = person.ask(&person.converse().await, "list a").await;
        person.wait_for(&turn, &["done"], PATIENCE).await;
    }
}

async fn items(person: &Person, query: &str) -> Vec<Value> {
    let found = person.get(&format!("/v1/audit?limit=100&{query}")).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_user_reads_their_own_and_an_auditor_the_tenants() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    let carol = app.person("carol").await;
    let dave = app.person("dave").await;
    some_turns(&[&alice, &bob]).await;
    for (person, count) in [(&alice, 2), (&bob, 2), (&dave, 0)] {
        let records = items(person, "").await;
        assert_eq!(records.len(), count, "{}", person.name);
        let oid = app.user(&person.name).oid;
        assert!(records.iter().all(|r| r["oid"] == oid));
        let foreign = person
            .get(&format!("/v1/audit?oid={}", app.user("carol").oid))
            .await;
        assert_eq!(
            (foreign.status, foreign.text("code").as_str()),
            (403, "not_permitted")
        );
    }
    let bobs = items(&bob, "kind=open").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(alice.get(&format!("/v1/audit/{bobs}")).await.status, 404);
    assert_eq!(items(&alice, "kind=audit_read").await.len(), 0);

    assert_eq!(items(&carol, "kind=open").await.len(), 2);
    assert_eq!(carol.get(&format!("/v1/audit/{bobs}")).await.status, 200);
    let reads = items(&carol, "kind=audit_read").await;
    let details: Vec<&str> = reads
        .iter()
        .rev()
        .map(|r| r["detail"].as_str().unwrap())
        .collect();
    assert_eq!(
        details,
        [
            "kind=open".to_owned(),
            format!("record {bobs}"),
            "kind=audit_read".to_owned()
        ]
    );
    assert!(reads.iter().all(|r| r["oid"] == app.user("carol").oid));
    // Her own are hers, and no reading of others.
    let own = format!("oid={}", app.user("carol").oid);
    let before = items(&carol, &own).await.len();
    assert_eq!(items(&carol, &own).await.len(), before);
}

#[tokio::test]
async fn exports_verify_and_are_on_record() {
    let (app, alice) = super::clerk().await;
    let bob = app.person("bob").await;
    let carol = app.person("carol").await;
    some_turns(&[&alice, &bob, &alice]).await;
    let export = |person: &Person| {
        let request = person.request(Method::GET, "/v1/audit/export");
        async move { Reply::to(request).await.expect("export", 200).bytes }
    };
    let tenant = export(&carol).await;
    let report = verify_export(BufReader::new(tenant.as_slice()), Extent::Whole).unwrap();
    assert_eq!(report.first_fault(), None);
    assert_eq!(report.records, 7, "three pairs and the export's own record");
    let own = export(&alice).await;
    let report = verify_export(BufReader::new(own.as_slice()), Extent::Partial).unwrap();
    assert_eq!((report.first_fault(), report.records), (None, 4));
    assert_eq!(items(&carol, "kind=audit_export").await.len(), 1);

    // A line that was edited is named.
    let text = String::from_utf8(tenant).unwrap();
    let edited = text.replacen("\"outcome\":\"ok\"", "\"outcome\":\"error\"", 1);
    assert_ne!(edited, text);
    let report = verify_export(BufReader::new(edited.as_bytes()), Extent::Whole).unwrap();
    assert_eq!(report.faults.len(), 1, "{report}");
}
