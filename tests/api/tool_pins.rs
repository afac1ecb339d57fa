//! The tools of a tenant, as its administrators see and settle them.

use azimuth_domain::tool::Availability;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use futures::future::join;
use reqwest::Method;
use serde_json::{Value, json};

const TOOLS: &str = "/v1/admin/tools";

/// The tools, by name, with the version of what is settled.
async fn tools(person: &Person, query: &str) -> (Vec<Value>, String) {
    let reply = Reply::to(person.request(Method::GET, &format!("{TOOLS}{query}"))).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let items = reply.body["items"].as_array().unwrap().clone();
    (items, reply.header("etag"))
}

async fn tool(person: &Person, name: &str) -> Value {
    let (items, _) = tools(person, "").await;
    let found = items.into_iter().find(|tool| tool["tool"] == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

pub async fn settle(person: &Person, tool: &str, etag: &str, body: Value) -> Reply {
    let path = format!("{TOOLS}/fake/{tool}");
    let request = person.request(Method::PUT, &path).header("if-match", etag);
    Reply::to(request.json(&body)).await
}

fn accepting(hash: &str, effect: &str) -> Value {
    json!({
        "accepted": {"hash": hash, "effect": effect, "secret": false},
        "switched_off": false,
        "reason": "read it",
    })
}

/// The newest change, with what was there before and after.
async fn change(auditor: &Person) -> Value {
    let records = auditor.get("/v1/audit?kind=admin&limit=100").await;
    let items = records.body["items"].as_array().unwrap().clone();
    let of = |record: &Value| record["area"] == "tools" && record["detail"] != Value::Null;
    items.into_iter().find(of).expect("a change of tools")
}

/// Names of the tools that somebody may use.
async fn usable(person: &Person) -> Vec<String> {
    let list = person.get("/v1/tools").await.body;
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|tool| tool["tool"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_administrator_accepts_what_was_seen_on_record_for_one_tenant_alone() {
    let (app, alice) = super::clerk().await;
    let [dave, carol] = [app.person("dave").await, app.person("carol").await];
    let eve = app.person("eve").await;
    let hash = app.tools.offer("thing_rename", "Rename a thing.");
    let seen = tool(&dave, "thing_rename").await;
    assert_eq!(
        (&seen["state"], &seen["offered_hash"], &seen["pinned_hash"]),
        (&json!("new"), &json!(hash), &Value::Null)
    );
    assert_eq!(seen["description"], "Rename a thing.");
    let (_, first) = tools(&dave, "").await;
    let body = accepting(&hash, "mutating");
    let stored = settle(&dave, "thing_rename", &first, body.clone()).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let now = tool(&dave, "thing_rename").await;
    assert_eq!(now, stored.body);
    assert_eq!(
        (&now["state"], &now["effect"]),
        (&json!("pinned"), &json!("mutating"))
    );
    assert_eq!(now["settled"]["reason"], "read it");
    assert_eq!(now["settled"]["by"], app.user("dave").oid);
    let record = change(&carol).await;
    assert_eq!(record["target"], "fake/thing_rename");
    assert_eq!(record["before"], Value::Null);
    let after = &record["after"]["accepted"];
    assert_eq!(
        (&after["hash"], &after["effect"]),
        (&json!(format!("sha256:{hash}")), &json!("mutating"))
    );
    assert_eq!(after["description"], "Rename a thing.");

    // For this tenant alone.
    assert!(usable(&alice).await.contains(&"thing_rename".to_owned()));
    assert!(!usable(&eve).await.contains(&"thing_rename".to_owned()));

    // A repetition changes nothing, also when its version has passed.
    let again = settle(&dave, "thing_rename", &first, body).await;
    assert_eq!((again.status, &again.body), (200, &now));
    assert_eq!(again.header("etag"), stored.header("etag"));
    let other = accepting(&hash, "destructive");
    let stale = settle(&dave, "thing_rename", &first, other.clone()).await;
    stale.assert_problem("stale", 412, "if_match_stale");
    let refused = settle(&alice, "thing_rename", "*", other).await;
    refused.assert_problem("alice", 403, "not_permitted");

    // And it can be taken back.
    let etag = again.header("etag");
    let back = json!({"switched_off": false, "reason": "not needed"});
    let back = settle(&dave, "thing_rename", &etag, back).await;
    assert_eq!(
        (&back.body["state"], &back.body["settled"]),
        (&json!("new"), &Value::Null)
    );
    let record = change(&carol).await;
    assert_eq!(
        record["before"]["accepted"]["hash"],
        format!("sha256:{hash}")
    );
    assert_eq!(record["after"]["accepted"], Value::Null);
    assert!(!usable(&alice).await.contains(&"thing_rename".to_owned()));
}

#[tokio::test]
async fn a_changed_tool_is_shown_with_what_changed_until_that_is_accepted() {
    let (app, alice) = super::clerk().await;
    let dave = app.person("dave").await;
    let before = tool(&dave, "thing_create").await;
    assert_eq!(before["state"], "pinned");
    let hash = app.tools.offer("thing_create", "Create a thing, gladly.");
    let changed = tool(&dave, "thing_create").await;
    assert_eq!(changed["state"], "changed");
    assert_eq!(changed["pinned_hash"], before["pinned_hash"]);
    assert_eq!(changed["offered_hash"], hash);
    assert_eq!(
        changed["change"],
        json!({
            "description": {"before": "Create a thing.", "after": "Create a thing, gladly."},
            "input_schema": null,
        })
    );
    assert!(!usable(&alice).await.contains(&"thing_create".to_owned()));
    let stored = settle(&dave, "thing_create", "*", accepting(&hash, "mutating")).await;
    assert_eq!(
        (&stored.body["state"], &stored.body["change"]),
        (&json!("pinned"), &Value::Null)
    );
    assert!(usable(&alice).await.contains(&"thing_create".to_owned()));
    app.tools.offer("thing_create", "Create many things.");
    let changed = tool(&dave, "thing_create").await;
    assert_eq!(changed["state"], "changed");
    assert_eq!(
        changed["change"]["description"]["before"],
        "Create a thing, gladly."
    );
    assert!(!usable(&alice).await.contains(&"thing_create".to_owned()));
}

#[tokio::test]
async fn what_is_not_as_seen_or_would_be_less_dangerous_is_not_accepted() {
    let (app, _alice) = super::clerk().await;
    let dave = app.person("dave").await;
    app.tools.change(|tools| {
        tools[2].availability = Availability::NeedsLocalMachine;
        tools[0].secret = true;
    });
    let seen = app.tools.offer("thing_create", "Create a thing, gladly.");
    let hash_of = |name: &str| {
        let (dave, name) = (&dave, name.to_owned());
        async move {
            tool(dave, &name).await["pinned_hash"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    };
    let listed = hash_of("thing_list").await;
    let deleted = hash_of("thing_delete").await;
    let before = tools(&dave, "").await;
    for (name, hash, effect, status, code, pointer) in [
        (
            "thing_create",
            before.1.as_str(),
            "mutating",
            409,
            "tool_not_as_seen",
            "/accepted/hash",
        ),
        (
            "thing_create",
            &seen,
            "read_only",
            422,
            "field_invalid",
            "/accepted/effect",
        ),
        (
            "thing_list",
            &listed,
            "read_only",
            422,
            "field_invalid",
            "/accepted/secret",
        ),
        (
            "thing_delete",
            &deleted,
            "destructive",
            422,
            "field_invalid",
            "/accepted",
        ),
        ("no_thing", &seen, "destructive", 404, "not_found", ""),
    ] {
        let reply = settle(&dave, name, "*", accepting(hash, effect)).await;
        reply.assert_problem(name, status, code);
        let told = reply.body["pointer"].as_str().unwrap_or_default();
        assert_eq!(told, pointer, "{name} {effect}");
    }
    let off = json!({"switched_off": true, "reason": "x"});
    let unknown = settle(&dave, "no_thing", "*", off).await;
    unknown.assert_problem("unknown", 404, "not_found");
    // What was offered when somebody looked, and no longer is.
    app.tools.offer("thing_create", "Create a thing, sadly.");
    let reply = settle(&dave, "thing_create", "*", accepting(&seen, "mutating")).await;
    reply.assert_problem("no longer", 409, "tool_not_as_seen");
    assert_eq!(tools(&dave, "").await.1, before.1);
}

#[tokio::test]
async fn the_list_is_searched_and_paged_and_says_how_each_tool_stands() {
    let (app, _alice) = super::clerk().await;
    let dave = app.person("dave").await;
    app.tools.offer("thing_create", "Create a thing, gladly.");
    app.tools.offer("a_thing", "Something new.");
    app.tools
        .change(|tools| tools[2].availability = Availability::NeedsLocalMachine);
    let off = json!({"switched_off": true, "reason": "x"});
    assert_eq!(settle(&dave, "thing_list", "*", off).await.status, 200);
    let told = |items: &[Value]| -> Vec<String> {
        let one = |tool: &Value| {
            let word = |field: &str| tool[field].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", word("tool"), word("state"), word("disabled_by"))
        };
        items.iter().map(one).collect()
    };
    let all = [
        "a_thing new -",
        "odd_thing new -",
        "thing_create changed -",
        "thing_delete disabled needs_local_machine",
        "thing_list disabled switched_off",
    ];
    let (items, etag) = tools(&dave, "").await;
    assert_eq!(told(&items), all);
    for (query, expected) in [
        ("?state=new", &all[..2]),
        ("?state=changed", &all[2..3]),
        ("?state=disabled", &all[3..]),
        ("?state=pinned", &[]),
        ("?state=missing", &[]),
        ("?q=DELETE", &all[3..4]),
        ("?q=or%20show", &all[4..]),
        ("?q=fake/", &all),
    ] {
        let (items, of) = tools(&dave, query).await;
        assert_eq!(told(&items), expected, "{query}");
        assert_eq!(of, etag);
    }
    let mut pages = Vec::new();
    let mut path = format!("{TOOLS}?limit=2");
    loop {
        let page = dave.get(&path).await.body;
        pages.push(told(page["items"].as_array().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{TOOLS}?limit=2&cursor={cursor}");
    }
    assert_eq!(pages, [&all[..2], &all[2..4], &all[4..]]);
    for (query, code) in [
        ("?state=odd", "query_invalid"),
        ("?limit=0", "query_invalid"),
        ("?cursor=b2Rk", "cursor_invalid"),
        ("?more=1", "query_invalid"),
    ] {
        let reply = dave.request(Method::GET, &format!("{TOOLS}{query}"));
        let reply = Reply::to(reply).await;
        reply.assert_problem(query, 400, code);
    }
}

#[tokio::test]
async fn of_two_administrators_with_one_version_one_is_told() {
    let (app, _alice) = super::clerk().await;
    let dave = app.person("dave").await;
    let hash = app.tools.offer("thing_rename", "Rename a thing.");
    let (_, etag) = tools(&dave, "").await;
    let accept = settle(&dave, "thing_rename", &etag, accepting(&hash, "mutating"));
    let off = json!({"switched_off": true, "reason": "x"});
    let (accepted, off) = join(accept, settle(&dave, "thing_list", &etag, off)).await;
    let mut told = [accepted.status, off.status];
    told.sort_unstable();
    assert_eq!(told, [200, 412], "{} {}", accepted.text(), off.text());
    let settled = |tool: &Value| tool["settled"] != Value::Null;
    let (items, _) = tools(&dave, "").await;
    assert_eq!(items.iter().filter(|tool| settled(tool)).count(), 1);
}

#[tokio::test]
async fn what_is_accepted_has_room_up_to_its_limit() {
    let (app, _alice) = super::clerk().await;
    let dave = app.person("dave").await;
    let long = "x".repeat(140 * 1024);
    for (name, status) in [("first", 200), ("second", 409)] {
        let hash = app.tools.offer(name, &long);
        let reply = settle(&dave, name, "*", accepting(&hash, "mutating")).await;
        assert_eq!(reply.status, status, "{name}");
        if status == 409 {
            reply.assert_problem(name, 409, "tool_pins_full");
        }
    }
}
