//! The chains hold however many write at once, and no column can be bent unseen.

use std::time::Duration;

use azimuth_embedded::audit_verify::{RecordFault, verify_database};
use azimuth_tests::app::AppShape;
use azimuth_tests::script::{Script, call};
use rusqlite::Connection;
use serde_json::json;

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chains_hold_under_concurrent_turns() {
    let model = || {
        Script::in_steps([
            (0..4)
                .map(|n| {
                    call(
                        &format!("c{n}"),
                        "thing_list",
                        &json!({"name": n.to_string()}),
                    )
                })
                .collect(),
            vec![call("d", "thing_list", &json!({}))],
        ])
    };
    let shape = || AppShape {
        quotas: false,
        ..AppShape::with(model())
    };
    let app = azimuth_tests::app::TestApp::start(shape()).await;
    let other = app.beside(shape()).await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "eve"] {
        people.push(app.person(name).await);
    }
    let turns = (0..20).map(|n| {
        let person = people[n % people.len()].clone();
        let person = if n % 2 == 0 {
            person
        } else {
            person.at(&other.api)
        };
        async move {
            let turn = person.ask(&person.converse().await, "go").await;
            person.wait_for(&turn, &["done"], PATIENCE).await
        }
    });
    let ended = futures::future::join_all(turns).await;
    for turn in &ended {
        let calls = turn["calls"].as_array().unwrap();
        assert_eq!(calls.len(), 5);
        assert!(calls.iter().all(|c| c["outcome"] == "ok"), "{turn}");
    }
    assert_eq!(app.tools.seen().len(), 100);
    let report = verify_database(&app.data().join("azimuth.sqlite")).unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!((report.chains, report.records), (20, 200), "{report}");
    app.digest_writer.seal().await.unwrap();
    let report = verify_database(&app.data().join("azimuth.sqlite")).unwrap();
    assert!(report.holds() && report.digests > 1, "{report}");
    assert_eq!(report.unsealed.map(|unsealed| unsealed.records), Some(0));
}

#[tokio::test]
async fn tampering_with_any_column_names_the_record() {
    let (app, alice) = super::clerk().await;
    for _ in 0..2 {
        let turn = alice.ask(&alice.converse().await, "list a").await;
        alice.wait_for(&turn, &["done"], PATIENCE).await;
    }
    // What is bent is bent after it was sealed.
    app.digest_writer.finish().await;
    let file = app.data().join("azimuth.sqlite");
    assert_eq!(verify_database(&file).unwrap().first_fault(), None);
    let connection = Connection::open(&file).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    let (chain, id): (String, String) = connection
        .query_row(
            "SELECT chain, id FROM audit WHERE kind = 'close' LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info('audit')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        columns,
        [
            "tenant", "chain", "id", "seq", "at", "oid", "kind", "tool", "outcome", "turn", "body"
        ]
    );
    for column in &columns {
        let change = match column.as_str() {
            "seq" => "seq + 7".to_owned(),
            "at" => "at + 1".to_owned(),
            "body" => "replace(body, '\"outcome\":\"ok\"', '\"outcome\":\"error\"')".to_owned(),
            "kind" => "'denied'".to_owned(),
            "outcome" => "'error'".to_owned(),
            other => format!("{other} || 'x'"),
        };
        let transaction = connection.unchecked_transaction().unwrap();
        let changed = transaction
            .execute(
                &format!("UPDATE audit SET {column} = {change} WHERE chain = ?1 AND id = ?2"),
                [&chain, &id],
            )
            .unwrap();
        assert_eq!(changed, 1, "{column}");
        transaction.commit().unwrap();
        let report = verify_database(&file).unwrap();
        // A record that claims another place is named by the place that it claims,
        // beside what is missing where it belongs.
        let is_named = |fault: &RecordFault| match column.as_str() {
            "tenant" => fault.tenant.ends_with('x') && fault.seq == 2,
            "chain" => fault.chain == format!("{chain}x") && fault.seq == 2,
            "seq" => fault.chain == chain && fault.seq == 9,
            _ => fault.chain == chain && fault.seq == 2,
        };
        assert!(report.faults.iter().any(is_named), "{column}: {report}");
        // Put back what the next column starts from.
        let undo = match column.as_str() {
            "seq" => "seq - 7".to_owned(),
            "at" => "at - 1".to_owned(),
            "body" => "replace(body, '\"outcome\":\"error\"', '\"outcome\":\"ok\"')".to_owned(),
            "kind" => "'close'".to_owned(),
            "outcome" => "'ok'".to_owned(),
            other => format!("substr({other}, 1, length({other}) - 1)"),
        };
        let (chain, id) = match column.as_str() {
            "chain" => (format!("{chain}x"), id.clone()),
            "id" => (chain.clone(), format!("{id}x")),
            _ => (chain.clone(), id.clone()),
        };
        connection
            .execute(
                &format!("UPDATE audit SET {column} = {undo} WHERE chain = ?1 AND id = ?2"),
                [&chain, &id],
            )
            .unwrap();
        assert_eq!(
            verify_database(&file).unwrap().first_fault(),
            None,
            "{column} is back"
        );
    }
}

#[tokio::test]
async fn a_record_that_was_taken_out_is_missed() {
    let (app, alice) = super::clerk().await;
    let conversation = alice.converse().await;
    for _ in 0..2 {
        let turn = alice.ask(&conversation, "list a").await;
        alice.wait_for(&turn, &["done"], PATIENCE).await;
    }
    app.digest_writer.finish().await;
    let file = app.data().join("azimuth.sqlite");
    let connection = Connection::open(&file).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
        .execute("DELETE FROM audit WHERE seq = 2", [])
        .unwrap();
    let report = verify_database(&file).unwrap();
    let fault = report.first_fault().expect("the gap is seen");
    assert_eq!(
        (fault.chain.as_str(), fault.seq),
        (conversation.as_str(), 2)
    );
}
