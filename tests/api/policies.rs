//! Policies of a tenant, as its administrators see and change them.

use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/v1/admin/policies";
const READ: &str = r#"@id("everybody-reads") permit (principal, action in Azimuth::Action::"use", resource)
when { resource.effect == Azimuth::Effect::"read_only" };"#;

/// What `GET` says, and its version.
async fn read(person: &Person) -> (Value, String) {
    let reply = Reply::to(person.request(Method::GET, PATH)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let etag = reply.header("etag");
    (reply.body, etag)
}

async fn put(person: &Person, etag: &str, body: Value) -> Reply {
    let request = person.request(Method::PUT, PATH).header("if-match", etag);
    Reply::to(request.json(&body)).await
}

/// Replaces the policies, whatever they are.
pub async fn replace(person: &Person, text: &str) {
    let reply = put(person, "*", json!({"text": text, "reason": "for a test"})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

async fn versions(person: &Person, query: &str) -> Value {
    person.get(&format!("{PATH}/versions{query}")).await.body
}

async fn tools(person: &Person) -> usize {
    let page = person.get("/v1/tools").await;
    page.body["items"].as_array().unwrap().len()
}

async fn desk() -> (TestApp, Person, Person) {
    let (app, alice) = super::clerk().await;
    let dave = app.person("dave").await;
    (app, alice, dave)
}

#[tokio::test]
async fn an_administrator_reads_replaces_and_restores_them() {
    let (app, alice, dave) = desk().await;
    let (built_in, first) = read(&dave).await;
    assert_eq!(built_in["source"], "built_in");
    assert_eq!(built_in["stored"], Value::Null);
    let forbidden = built_in["forbidden_everywhere"].as_str().unwrap();
    assert!(forbidden.contains("own-tenant-only"));
    assert_eq!(versions(&dave, "").await["items"], json!([]));
    assert_eq!(tools(&alice).await, 3);

    let stored = put(
        &dave,
        &first,
        json!({"text": READ, "reason": "only reading"}),
    )
    .await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let (now, second) = read(&dave).await;
    assert_eq!(stored.body, now);
    assert_eq!(
        (&now["source"], &now["text"]),
        (&json!("tenant"), &json!(READ))
    );
    assert_ne!(now["policy_version"], built_in["policy_version"]);
    assert_eq!(now["stored"]["by"], app.user("dave").oid);
    assert_eq!(now["stored"]["reason"], "only reading");
    assert_eq!(
        tools(&alice).await,
        1,
        "it holds at once in the process that took it"
    );

    let nothing = put(&dave, &second, json!({"text": "", "reason": "nothing"})).await;
    assert_eq!(nothing.status, 200, "{}", nothing.text());
    assert_eq!(tools(&alice).await, 0, "an empty set allows nothing");
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "list").await;
    let ended = alice
        .wait_for(&turn, &["done"], azimuth_tests::waiting::PATIENCE)
        .await;
    assert_eq!(ended["calls"][0]["outcome"], "denied", "{ended}");

    let page = versions(&dave, "?limit=1").await;
    assert_eq!(page["items"][0]["number"], 2);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = versions(&dave, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!(
        (&page["items"][0]["number"], &page["next_cursor"]),
        (&json!(1), &Value::Null)
    );
    let old = dave.get(&format!("{PATH}/versions/1")).await.body;
    assert_eq!(
        (&old["text"], &old["reason"]),
        (&json!(READ), &json!("only reading"))
    );
    let restored = put(&dave, "*", json!({"text": old["text"], "reason": "back"})).await;
    assert_eq!(restored.body["stored"]["number"], 3);
    assert_eq!(restored.body["policy_version"], now["policy_version"]);
    assert_eq!(tools(&alice).await, 1);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_with_its_place_and_not_stored() {
    let (_app, _alice, dave) = desk().await;
    for (text, told) in [
        ("permit".to_owned(), "Line 1, column 7"),
        (
            "\n  permit (principal, action, resource);".to_owned(),
            "Line 2, column 3: a policy needs an id",
        ),
        (READ.replace("read_only", "readonly"), "Line 2, column"),
        (
            READ.replace("@id", "@approval(\"me\") @id"),
            "@approval is asker or another",
        ),
        (
            READ.replace("everybody-reads", "own-tenant-only"),
            "built-in",
        ),
        ("(".repeat(60_000), "operators and brackets"),
        ("\u{0}\u{feff}키".to_owned(), "Line 1"),
    ] {
        for (method, path) in [
            (Method::PUT, PATH.to_owned()),
            (Method::POST, format!("{PATH}/simulate")),
        ] {
            let mut body = json!({"text": text});
            if method == Method::PUT {
                body["reason"] = json!("because");
            }
            let request = dave.request(method, &path).header("if-match", "*");
            let reply = Reply::to(request.json(&body)).await;
            let what = text.chars().take(40).collect::<String>();
            reply.assert_problem(&what, 422, "policies_invalid");
            assert_eq!(reply.body["pointer"], "/text");
            let detail = reply.body["detail"].as_str().unwrap();
            assert!(detail.contains(told), "{what}: {detail}");
        }
    }
    for (body, code, pointer) in [
        (json!({"text": READ}), "field_missing", "/reason"),
        (json!({"reason": "x"}), "field_missing", "/text"),
        (
            json!({"text": READ, "reason": " "}),
            "field_invalid",
            "/reason",
        ),
        (
            json!({"text": READ, "reason": "r".repeat(501)}),
            "field_invalid",
            "/reason",
        ),
        (
            json!({"text": [READ], "reason": "x"}),
            "field_invalid",
            "/text",
        ),
        (
            json!({"text": READ, "reason": "x", "version": 1}),
            "field_unknown",
            "/version",
        ),
    ] {
        let reply = put(&dave, "*", body.clone()).await;
        reply.assert_problem(&body.to_string(), 422, code);
        assert_eq!(reply.body["pointer"], pointer, "{body}");
    }
    for number in ["0", "1", "01", "-1", "x", "18446744073709551616", "1e0"] {
        let reply =
            Reply::to(dave.request(Method::GET, &format!("{PATH}/versions/{number}"))).await;
        reply.assert_problem(number, 404, "not_found");
    }
    for query in [
        "?limit=0",
        "?limit=101",
        "?cursor=x",
        "?cursor=01",
        "?order=up",
    ] {
        assert_eq!(
            dave.get(&format!("{PATH}/versions{query}")).await.status,
            400,
            "{query}"
        );
    }
    assert_eq!(read(&dave).await.0["source"], "built_in");
}

#[tokio::test]
async fn a_text_has_at_most_64_kib() {
    let (_app, _alice, dave) = desk().await;
    for (bytes, fits) in [(65_535, true), (65_536, true), (65_537, false)] {
        let text = format!("{READ}{}", "/".repeat(bytes - READ.len()));
        let reply = put(&dave, "*", json!({"text": text, "reason": "large"})).await;
        if fits {
            assert_eq!(reply.status, 200, "{bytes}: {}", reply.text());
            let (now, _) = read(&dave).await;
            assert_eq!(now["text"], text);
        } else {
            reply.assert_problem("too large", 422, "policies_invalid");
        }
    }
}

#[tokio::test]
async fn of_two_changes_of_one_version_the_second_is_refused() {
    let (app, _alice, dave) = desk().await;
    let beside = app.beside(AppShape::with(Script::clerk())).await;
    let (_, first) = read(&dave).await;
    let body = |reason: &str| json!({"text": READ, "reason": reason});
    let here = put(&dave, &first, body("here")).await;
    assert_eq!(here.status, 200);
    let there = put(&dave.at(&beside.api), &first, body("there")).await;
    there.assert_problem("stale", 412, "if_match_stale");
    let unnamed = Reply::to(dave.request(Method::PUT, PATH).json(&body("blind"))).await;
    unnamed.assert_problem("no If-Match", 428, "if_match_missing");
    // Of many at once one is taken.
    let second = here.header("etag");
    let many = (0..8).map(|n| {
        let person = if n % 2 == 0 {
            dave.clone()
        } else {
            dave.at(&beside.api)
        };
        let second = second.clone();
        async move {
            put(
                &person,
                &second,
                json!({"text": READ, "reason": n.to_string()}),
            )
            .await
            .status
        }
    });
    let mut told = futures::future::join_all(many).await;
    told.sort_unstable();
    assert_eq!(told, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(
        versions(&dave, "").await["items"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_tenant_has_its_own() {
    let (app, alice, dave) = desk().await;
    let eve = app
        .person_with("eve", json!({"roles": ["admin", "operator"]}))
        .await;
    replace(&dave, "").await;
    assert_eq!((tools(&alice).await, tools(&eve).await), (0, 3));
    assert_eq!(read(&eve).await.0["source"], "built_in");
    assert_eq!(versions(&eve, "").await["items"], json!([]));
    replace(&eve, READ).await;
    assert_eq!((tools(&alice).await, tools(&eve).await), (0, 1));
    let text = eve.get(&format!("{PATH}/versions/1")).await.body["text"].clone();
    assert_eq!(text, READ);
}

#[tokio::test]
async fn every_change_is_on_record_with_before_and_after() {
    let (app, _alice, dave) = desk().await;
    let carol = app.person("carol").await;
    let (built_in, _) = read(&dave).await;
    let reply = put(&dave, "*", json!({"text": READ, "reason": "only reading"})).await;
    let request_id = reply.header("x-request-id");
    let (now, _) = read(&dave).await;
    let records = carol.get("/v1/audit?kind=admin").await.body;
    let of_change: Vec<&Value> = records["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["correlation_id"] == request_id)
        .collect();
    assert_eq!(of_change.len(), 2, "{records}");
    let (end, begin) = (of_change[0], of_change[1]);
    assert_eq!(end["outcome"], "ok", "{end}");
    assert_eq!(
        (&begin["area"], &begin["target"]),
        (&json!("policies"), &json!("policies/1"))
    );
    assert_eq!(begin["oid"], app.user("dave").oid);
    assert_eq!(begin["detail"], "only reading");
    for (kept, shown) in [(&begin["before"], &built_in), (&begin["after"], &now)] {
        let version = shown["policy_version"].as_str().unwrap();
        assert_eq!(kept["policy_version"], format!("sha256:{version}"));
    }
    assert_eq!(begin["after"]["text"], READ);

    app.audit.refuse(|_| true);
    let refused = put(&dave, "*", json!({"text": "", "reason": "in secret"})).await;
    refused.assert_problem("no record", 503, "audit_unavailable");
    assert_eq!(read(&dave).await.0, now, "nothing was stored");
}

#[tokio::test]
async fn trying_out_tells_who_gains_and_loses_and_stores_nothing() {
    let (_app, _alice, dave) = desk().await;
    let simulate = async |text: &str| {
        let request = dave
            .request(Method::POST, &format!("{PATH}/simulate"))
            .json(&json!({"text": text}));
        let reply = Reply::to(request).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.body
    };
    let (before, etag) = read(&dave).await;
    let same = simulate(before["text"].as_str().unwrap()).await;
    assert_eq!(same["differences"], json!([]));
    assert_eq!(
        (&same["compared"], &same["complete"]),
        (&json!(20), &json!(true))
    );
    assert_eq!(same["before"], same["after"]);

    let reading = simulate(READ).await;
    assert_eq!(
        (&reading["gained"], &reading["lost"]),
        (&json!(0), &json!(2))
    );
    let lost = &reading["differences"][0];
    assert_eq!(
        (&lost["role"], &lost["tool"]),
        (&json!("operator"), &json!("thing_create"))
    );
    assert_eq!(
        lost["before"],
        json!({"decision": "require_approval", "by": "asker"})
    );
    assert_eq!(
        lost["after"],
        json!({"decision": "deny", "reason": "not_permitted"})
    );

    let everything = simulate(r#"@id("all") permit (principal, action, resource);"#).await;
    assert_eq!(
        (&everything["lost"], &everything["otherwise"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(everything["gained"], 8);
    assert_eq!(read(&dave).await, (before, etag));
    assert_eq!(versions(&dave, "").await["items"], json!([]));
}

#[tokio::test]
async fn another_process_decides_by_new_policies_within_a_minute() {
    let (app, alice, dave) = desk().await;
    let beside = app.beside(AppShape::with(Script::clerk())).await;
    let there = alice.at(&beside.api);
    assert_eq!(tools(&there).await, 3);
    replace(&dave, "").await;
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(tools(&there).await, 0);
}
