//! The audit as it is read: filters, one record, exports.

use azimuth_tests::reply::Reply;
use azimuth_tests::scene::Scene;
use reqwest::Method;
use serde_json::Value;

async fn items(scene: &Scene, query: &str) -> Vec<Value> {
    let found = scene.alice.get(&format!("/v1/audit?{query}")).await;
    assert_eq!(found.status, 200, "{query}: {found:?}");
    found.body["items"].as_array().unwrap().clone()
}

fn kinds(items: &[Value]) -> Vec<&str> {
    items.iter().map(|r| r["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn filters_leave_what_they_say() {
    let scene = Scene::set().await;
    let all = items(&scene, "limit=100").await;
    assert_eq!(kinds(&all), ["conversation", "close", "open"]);
    let turn = &scene.things["turn"];
    let oid = scene.app.user("alice").oid;
    let middle = all[1]["at"].as_str().unwrap();
    for (query, expected) in [
        ("kind=open".to_owned(), vec!["open"]),
        ("kind=denied".to_owned(), vec![]),
        ("outcome=ok".to_owned(), vec!["close"]),
        ("outcome=error".to_owned(), vec![]),
        ("tool=fake/thing_list".to_owned(), vec!["close", "open"]),
        ("tool=fake/thing".to_owned(), vec![]),
        (format!("turn_id={turn}"), vec!["close", "open"]),
        (format!("turn_id={turn}&kind=close"), vec!["close"]),
        ("turn_id=t_x".to_owned(), vec![]),
        (format!("oid={oid}"), vec!["conversation", "close", "open"]),
        (
            format!("oid={}", oid.to_uppercase()),
            vec!["conversation", "close", "open"],
        ),
        (
            "from=2000-01-01T00:00:00Z".to_owned(),
            vec!["conversation", "close", "open"],
        ),
        ("until=2000-01-01T00:00:00Z".to_owned(), vec![]),
        ("from=2100-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        assert_eq!(kinds(&items(&scene, &query).await), expected, "{query}");
    }
    let since = items(&scene, &format!("from={middle}")).await;
    let before = items(&scene, &format!("until={middle}")).await;
    assert!(
        since.contains(&all[1]) && !before.contains(&all[1]),
        "from counts, until does not"
    );
    assert_eq!(since.len() + before.len(), all.len());
}

#[tokio::test]
async fn one_record_is_what_the_list_shows() {
    let scene = Scene::set().await;
    for record in items(&scene, "limit=100").await {
        let id = record["id"].as_str().unwrap();
        let one = scene.alice.get(&format!("/v1/audit/{id}")).await;
        assert_eq!((one.status, &one.body), (200, &record));
    }
}

#[tokio::test]
async fn exports_hold_the_same_records() {
    let scene = Scene::set().await;
    let listed = items(&scene, "limit=100").await;
    let hashes: Vec<&str> = listed.iter().map(|r| r["hash"].as_str().unwrap()).collect();

    let ndjson = Reply::to(scene.alice.request(Method::GET, "/v1/audit/export"))
        .await
        .expect("ndjson", 200);
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    let disposition = ndjson.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"audit-"),
        "{disposition}"
    );
    let text = ndjson.text();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let exported: Vec<&str> = lines.iter().map(|r| r["hash"].as_str().unwrap()).collect();
    assert_eq!(exported, hashes);

    let path = "/v1/audit/export?format=csv";
    let csv = Reply::to(scene.alice.request(Method::GET, path))
        .await
        .expect("csv", 200);
    assert!(csv.header("content-type").starts_with("text/csv"));
    let text = csv.text();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').map(unquoted).collect();
    assert_eq!((columns[0], columns[columns.len() - 1]), ("chain", "hash"));
    let ends: Vec<&str> = lines
        .map(|line| unquoted(line.rsplit(',').next().unwrap()))
        .collect();
    assert_eq!(ends, hashes);

    let path = "/v1/audit/export?kind=close&outcome=ok";
    let filtered = Reply::to(scene.alice.request(Method::GET, path))
        .await
        .expect("filtered", 200);
    assert_eq!(filtered.text().lines().count(), 1);
}

/// A CSV field without its quotes.
fn unquoted(field: &str) -> &str {
    field.trim_matches('"')
}
