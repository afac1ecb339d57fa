//! Tool servers that a tenant adds.

use std::time::Duration;

use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::tools::{ADDABLE, ADDABLE_URL};
use reqwest::Method;
use serde_json::{Value, json};

/// How long a turn may take.
const PATIENCE: Duration = Duration::from_mins(1);
const SERVERS: &str = "/v1/admin/servers";

async fn read(person: &Person, path: &str) -> Reply {
    Reply::to(person.request(Method::GET, path)).await
}

async fn put(person: &Person, name: &str, etag: &str, body: &Value) -> Reply {
    let path = format!("{SERVERS}/{name}");
    let request = person.request(Method::PUT, &path).header("if-match", etag);
    Reply::to(request.json(body)).await
}

fn entry(argument: &str) -> Value {
    json!({
        "command": ADDABLE,
        "args": [argument],
        "env": {"LEVEL": "debug"},
        "reason": "the handbook",
    })
}

/// The tools of the server `files`, as administrators see them.
async fn tools(dave: &Person) -> Vec<Value> {
    let found = dave.get("/v1/admin/tools?q=files/").await.body;
    found["items"].as_array().unwrap().clone()
}

async fn accept(dave: &Person, hash: &str) -> Reply {
    let accepted = json!({"hash": hash, "effect": "read_only", "secret": false});
    let body = json!({"accepted": accepted, "switched_off": false, "reason": "read it"});
    let path = "/v1/admin/tools/files/hello";
    let request = dave.request(Method::PUT, path).header("if-match", "*");
    Reply::to(request.json(&body)).await
}

/// Calls the tool `hello` without a model.
async fn hello(person: &Person, key: &str) -> Reply {
    let request = person.request(Method::POST, "/v1/tools/files/hello/calls");
    let request = request.header("idempotency-key", key);
    Reply::to(request.json(&json!({"arguments": {}}))).await
}

#[tokio::test]
async fn an_administrator_adds_a_server_for_one_tenant_and_its_tools_wait_to_be_accepted() {
    let (app, alice) = super::clerk().await;
    let [dave, carol] = [app.person("dave").await, app.person("carol").await];
    let admin = json!({"roles": ["admin", "operator"]});
    let eve = app.person_with("eve", admin).await;
    let none = read(&dave, SERVERS).await;
    assert_eq!(
        (&none.body["items"], &none.body["commands"]),
        (&json!([]), &json!([ADDABLE]))
    );
    let first = none.header("etag");
    let added = put(&dave, "files", &first, &entry("well")).await;
    assert_eq!(added.status, 200, "{}", added.text());
    // What a variable holds is told nobody.
    assert_eq!(added.body["env"], json!(["LEVEL"]));
    let one = read(&dave, &format!("{SERVERS}/files")).await;
    assert_eq!(
        (&one.body, one.header("etag")),
        (&added.body, added.header("etag"))
    );
    let records = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let records = records["items"].as_array().unwrap();
    let record = records
        .iter()
        .find(|r| r["area"] == "servers" && r["after"] != Value::Null);
    let record = record.expect("a record");
    assert_eq!(
        (&record["target"], &record["before"]),
        (&json!("files"), &Value::Null)
    );
    assert_eq!(record["after"]["args"], json!(["well"]));
    assert!(!record.to_string().contains("debug"), "{record}");

    // A repetition changes nothing; who has not read the newest is told.
    let again = put(&dave, "files", &first, &entry("well")).await;
    assert_eq!(
        (again.status, again.header("etag")),
        (200, added.header("etag"))
    );
    let stale = put(&dave, "files", &first, &entry("ill")).await;
    stale.assert_problem("stale", 412, "if_match_stale");
    let refused = put(&alice, "files", "*", &entry("ill")).await;
    refused.assert_problem("alice", 403, "not_permitted");

    // Its tools are new, and nobody else's.
    let seen = tools(&dave).await;
    assert_eq!((seen.len(), &seen[0]["state"]), (1, &json!("new")));
    hello(&alice, "0")
        .await
        .assert_problem("new", 404, "not_found");
    let hash = seen[0]["offered_hash"].as_str().unwrap().to_owned();
    assert_eq!(accept(&dave, &hash).await.status, 200);
    let asked = hello(&alice, "1").await;
    let turn = asked.body["turn_id"].as_str().unwrap();
    let turn = alice.wait_for(turn, &["done"], PATIENCE).await;
    assert_eq!(turn["calls"][0]["outcome"], "ok", "{turn}");
    assert!(tools(&eve).await.is_empty());
    hello(&eve, "2")
        .await
        .assert_problem("eve", 404, "not_found");
    accept(&eve, &hash)
        .await
        .assert_problem("eve", 404, "not_found");

    // Another program is another server, whatever its tools are called.
    let changed = put(&dave, "files", "*", &entry("ill")).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(tools(&dave).await[0]["state"], "new");
    hello(&alice, "3")
        .await
        .assert_problem("changed", 404, "not_found");
    let delete = |etag: String| {
        let request = dave.request(Method::DELETE, &format!("{SERVERS}/files"));
        Reply::to(request.header("if-match", etag))
    };
    delete(first)
        .await
        .assert_problem("stale", 412, "if_match_stale");
    assert_eq!(delete(changed.header("etag")).await.status, 204);
    assert!(tools(&dave).await.is_empty());
    delete("*".to_owned())
        .await
        .assert_problem("gone", 404, "not_found");
}

#[tokio::test]
async fn a_server_by_url_is_added_and_what_its_headers_hold_is_told_nobody() {
    let (app, _alice) = super::clerk().await;
    let [dave, carol] = [app.person("dave").await, app.person("carol").await];
    let list = read(&dave, SERVERS).await;
    let own = list.body["secrets"].as_str().unwrap();
    let body = json!({
        "type": "http",
        "url": ADDABLE_URL,
        "headers": {"Authorization": format!("@keyvault:{own}wiki"), "X-Area": "north"},
        "reason": "a test",
    });
    let added = put(&dave, "files", "*", &body).await;
    assert_eq!(added.status, 200, "{}", added.text());
    let told = &added.body;
    assert_eq!(
        (&told["url"], &told["headers"], &told["command"]),
        (
            &json!(ADDABLE_URL),
            &json!(["authorization", "x-area"]),
            &Value::Null
        )
    );
    assert_eq!(read(&dave, &format!("{SERVERS}/files")).await.body, *told);
    let records = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let mut records = records["items"].as_array().unwrap().iter();
    let record = records.find(|r| r["area"] == "servers" && r["after"] != Value::Null);
    let record = record.expect("a record");
    assert_eq!(record["after"]["url"], ADDABLE_URL);
    for text in [record.to_string(), added.text()] {
        assert!(
            !text.contains("north") && !text.contains("wiki\""),
            "{text}"
        );
    }
    // Its tools wait as those of every added server.
    assert_eq!(tools(&dave).await[0]["state"], "new");
}

#[tokio::test]
async fn who_gives_a_token_for_a_server_is_told_and_the_secret_is_not() {
    let (app, _alice) = super::clerk().await;
    let [dave, carol] = [app.person("dave").await, app.person("carol").await];
    let oauth = json!({
        "token_url": "https://login.test/token",
        "client_id": "azimuth",
        "client_secret": "@keyvault:of-the-wiki",
        "scope": "read",
    });
    let mut body = json!({"url": ADDABLE_URL, "oauth": oauth, "reason": "a test"});
    let added = put(&dave, "files", "*", &body).await;
    assert_eq!(added.status, 200, "{}", added.text());
    let told = json!({
        "token_url": "https://login.test/token",
        "client_id": "azimuth",
        "scope": "read",
    });
    assert_eq!(added.body["oauth"], told);
    let records = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let mut records = records["items"].as_array().unwrap().iter();
    let record = records.find(|r| r["area"] == "servers" && r["after"] != Value::Null);
    let record = record.expect("a record");
    assert_eq!(record["after"]["oauth"], told);
    for text in [record.to_string(), added.text()] {
        assert!(!text.contains("of-the-wiki"), "{text}");
    }
    for (field, pointer, code) in [
        ("client_id", "/oauth/client_id", "field_missing"),
        ("password", "/oauth/password", "field_unknown"),
    ] {
        let mut bent = body.clone();
        match field {
            "password" => bent["oauth"][field] = json!("x"),
            _ => drop(bent["oauth"].as_object_mut().unwrap().remove(field)),
        }
        let refused = put(&dave, "files", "*", &bent).await;
        refused.assert_problem(field, 422, code);
        assert_eq!(refused.body["pointer"], pointer, "{bent}");
    }
    body["oauth"] = Value::Null;
    let without = put(&dave, "files", "*", &body).await;
    assert_eq!(without.body["oauth"], Value::Null, "{}", without.text());
}

#[tokio::test]
async fn a_server_that_may_not_be_added_is_told_with_its_place() {
    let (app, _alice) = super::clerk().await;
    let dave = app.person("dave").await;
    let with = |field: &str, value: Value| {
        let mut body = entry("well");
        body[field] = value;
        body
    };
    for (name, body, status, code, pointer) in [
        (
            "files",
            with("command", json!("/bin/sh")),
            422,
            "field_invalid",
            "/command",
        ),
        (
            "files",
            with("hosts", json!(["evil.example"])),
            422,
            "field_invalid",
            "/hosts/0",
        ),
        (
            "files",
            with("url", json!("https://mcp.example")),
            422,
            "field_invalid",
            "/url",
        ),
        (
            "files",
            json!({"reason": "x"}),
            422,
            "field_missing",
            "/command",
        ),
        (
            "files",
            with("cwd", json!("/")),
            422,
            "field_unknown",
            "/cwd",
        ),
        (
            "files",
            with("type", json!("http")),
            422,
            "field_invalid",
            "/type",
        ),
        (
            "files",
            json!({"url": ADDABLE_URL, "headers": {"X-A": "1", "x-a": "2"}, "reason": "x"}),
            422,
            "field_invalid",
            "/headers",
        ),
        (
            "files",
            with("reason", json!("")),
            422,
            "field_invalid",
            "/reason",
        ),
        ("Files", entry("well"), 422, "field_invalid", ""),
        ("fake", entry("well"), 409, "server_name_taken", ""),
    ] {
        let reply = put(&dave, name, "*", &body).await;
        reply.assert_problem(&body.to_string(), status, code);
        let told = reply.body["pointer"].as_str().unwrap_or_default();
        assert_eq!(told, pointer, "{body}");
    }
    for number in 0..16 {
        let added = put(&dave, &format!("files-{number}"), "*", &entry("well")).await;
        assert_eq!(added.status, 200, "{}", added.text());
    }
    let more = put(&dave, "files-16", "*", &entry("well")).await;
    more.assert_problem("more", 409, "too_many_servers");
}
