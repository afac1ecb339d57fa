//! Who I am, what I chose, what I can choose from, and whether the service is up.

use std::collections::BTreeMap;

use azimuth_domain::principal::UserKey;
use azimuth_domain::usage::Price;
use azimuth_ports::users::{UserRecord, UserStore};
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Script, say};
use reqwest::Method;
use serde_json::{Value, json};

/// Changes a person's record as an administrator does.
pub async fn set_record(app: &TestApp, user: &UserKey, change: impl Fn(&mut UserRecord)) {
    let found = app.store.user(user).await.unwrap().unwrap();
    let mut record = found.item;
    change(&mut record);
    let written = app
        .store
        .put_user(&record, Some(&found.etag))
        .await
        .unwrap();
    assert!(written.is_some(), "somebody else changed the record");
}

#[tokio::test]
async fn everybody_is_who_their_token_says() {
    let (app, _alice) = super::clerk().await;
    let table: [(&str, &str, &[&str], &[&str]); 5] = [
        (
            "alice",
            "Alice Kim",
            &["operator"],
            &[
                "tools.destructive",
                "tools.mutating",
                "tools.read_only",
                "turns.create",
            ],
        ),
        (
            "bob",
            "Bob Lee",
            &["reader"],
            &["tools.read_only", "turns.create"],
        ),
        (
            "carol",
            "Carol Park",
            &["approver", "auditor"],
            &["approvals.decide", "audit.read_tenant", "turns.create"],
        ),
        (
            "dave",
            "Dave Choi",
            &["admin"],
            &["administration", "turns.create"],
        ),
        (
            "eve",
            "",
            &["operator"],
            &[
                "tools.destructive",
                "tools.mutating",
                "tools.read_only",
                "turns.create",
            ],
        ),
    ];
    for (name, display, roles, permissions) in table {
        let person = app.person(name).await;
        let me = person.get("/v1/me").await.body;
        let quotas = me["quotas"].clone();
        assert_eq!(
            quotas[0],
            json!({"name": "running_turns", "limit": 8, "used": 0, "left": 8, "resets_at": null})
        );
        assert_eq!(quotas.as_array().unwrap().len(), 8);
        let user = app.user(name);
        let display = if display.is_empty() {
            me["name"].clone()
        } else {
            json!(display)
        };
        assert_eq!(
            me,
            json!({
                "tid": user.tid, "oid": user.oid, "name": display, "status": "active",
                "roles": roles,
                "permissions": permissions,
                "quotas": quotas,
                "kill_switch": null,
                "azure_sign_in": "needed",
            }),
            "{name}"
        );
    }
    assert_ne!(app.user("eve").tid, app.user("alice").tid);
}

#[tokio::test]
async fn signing_in_to_azure_is_seen() {
    let (app, alice) = super::clerk().await;
    let signed = alice
        .send(alice.request(Method::POST, "/v1/me/azure-sign-in"))
        .await;
    assert_eq!(
        (signed.status, signed.body),
        (200, json!({"resumed_turns": 0}))
    );
    assert_eq!(alice.get("/v1/me").await.body["azure_sign_in"], "ok");
    app.set_grant("alice", "revoked").await;
    let refused = Reply::to(alice.request(Method::POST, "/v1/me/azure-sign-in")).await;
    refused.assert_problem("revoked", 403, "azure_grant_refused");
}

#[tokio::test]
async fn settings_change_by_what_is_sent() {
    let (_app, alice) = super::clerk().await;
    let read = Reply::to(alice.request(Method::GET, "/v1/settings")).await;
    let nothing = json!({
        "language": null, "theme": null, "default_subscription": null, "model": null,
        "always_allowed_tools": [],
    });
    assert_eq!(read.body, nothing);
    let mut etag = read.header("etag");
    let mut after = nothing;
    for (patch, changed) in [
        (
            json!({"language": "ko", "theme": "dark"}),
            json!({"language": "ko", "theme": "dark"}),
        ),
        (
            json!({"theme": null, "model": "script", "default_subscription": " Contoso-Dev "}),
            json!({"theme": null, "model": "script", "default_subscription": "Contoso-Dev"}),
        ),
        (json!({}), json!({})),
    ] {
        for (name, value) in changed.as_object().unwrap() {
            after[name] = value.clone();
        }
        let request = alice
            .request(Method::PATCH, "/v1/settings")
            .header("if-match", &etag)
            .json(&patch);
        let reply = Reply::to(request).await.expect("patch", 200);
        assert_eq!(reply.body, after, "{patch}");
        let stale = alice
            .request(Method::PATCH, "/v1/settings")
            .header("if-match", &etag)
            .json(&patch);
        Reply::to(stale)
            .await
            .assert_problem("the old version", 412, "if_match_stale");
        etag = reply.header("etag");
        let read = Reply::to(alice.request(Method::GET, "/v1/settings")).await;
        assert_eq!((&read.body, read.header("etag")), (&after, etag.clone()));
    }
}

#[tokio::test]
async fn the_chosen_model_and_language_count() {
    let one = Script::named("one", |_| vec![say("I am one.")]);
    let two = Script::named("two", |request| {
        vec![say(&format!("I am two, {}.", request.language))]
    });
    let app = TestApp::start(AppShape {
        models: vec![one, two],
        prices: BTreeMap::from([("two".to_owned(), Price::parse("2.5/10").unwrap())]),
        ..AppShape::with(Script::clerk())
    })
    .await;
    let alice = app.person("alice").await;
    let models = alice.get("/v1/models").await.body;
    let names: Vec<(&str, bool)> = models["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["name"].as_str().unwrap(), m["default"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("one", false), ("two", true)]);
    let prices = [&models["items"][0]["price"], &models["items"][1]["price"]];
    let two = json!({"input_micros": 2_500_000, "output_micros": 10_000_000});
    assert_eq!(prices, [&Value::Null, &two]);
    let said = |text: &'static str, body: Value| {
        let alice = alice.clone();
        async move {
            let id = alice.converse().await;
            let accepted = alice
                .post(&format!("/v1/conversations/{id}/turns"), body)
                .await;
            let turn = accepted.text("turn_id");
            alice
                .wait_for(&turn, &["done"], std::time::Duration::from_mins(1))
                .await;
            assert_eq!(alice.said(&id, &turn).await, text);
        }
    };
    said("I am two, en.", json!({"text": "x"})).await;
    said("I am one.", json!({"text": "x", "model": "one"})).await;
    let set = |patch: Value| {
        let alice = alice.clone();
        async move {
            let request = alice
                .request(Method::PATCH, "/v1/settings")
                .header("if-match", "*")
                .json(&patch);
            assert_eq!(alice.send(request).await.status, 200);
        }
    };
    set(json!({"model": "one", "language": "ko"})).await;
    said("I am one.", json!({"text": "x"})).await;
    said("I am two, ko.", json!({"text": "x", "model": "two"})).await;
}

#[tokio::test]
async fn pickers_and_channels() {
    let (_app, alice) = super::clerk().await;
    let subscriptions = alice.get("/v1/subscriptions").await;
    assert_eq!(
        subscriptions.body,
        json!({"items": [{"id": "00000000-0000-4000-8000-0000000000b2", "name": "Contoso-Dev"}]})
    );
    let channels = alice.get("/v1/realtime/negotiate").await.body;
    let kinds: Vec<&str> = channels["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["sse", "long_poll"]);
    assert_eq!(channels["channels"][0]["heartbeat_s"], 15);
    assert_eq!(channels["channels"][1]["max_wait_s"], 25);
}

#[tokio::test]
async fn tools_are_those_that_one_may_use() {
    let (app, alice) = super::clerk().await;
    let names = |list: &Value| -> Vec<(String, String)> {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| {
                let policy = &t["policy"];
                let by = policy["by"]
                    .as_str()
                    .map(|by| format!(" {by}"))
                    .unwrap_or_default();
                (
                    t["tool"].as_str().unwrap().to_owned(),
                    format!("{}{by}", policy["decision"].as_str().unwrap()),
                )
            })
            .collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        names(&alice.get("/v1/tools").await.body),
        [
            pair("thing_list", "allow"),
            pair("thing_create", "require_approval asker"),
            pair("thing_delete", "require_approval another_approver"),
        ]
    );
    for name in ["bob", "carol", "dave"] {
        let person = app.person(name).await;
        assert_eq!(
            names(&person.get("/v1/tools").await.body),
            [pair("thing_list", "allow")],
            "{name}"
        );
    }
    assert_eq!(
        names(&alice.get("/v1/tools?q=thing_create").await.body)[0].0,
        "thing_create"
    );
    let found = alice.get("/v1/tools?q=odd_thing").await.body;
    assert!(names(&found).iter().all(|(tool, _)| tool != "odd_thing"));
    let tool = &alice.get("/v1/tools?limit=1").await.body["items"][0];
    assert_eq!(tool["effect"], "read_only");
    assert_eq!(tool["input_schema"]["type"], "object");
}

#[tokio::test]
async fn health_is_public_and_names_each_part() {
    let (app, _alice) = super::clerk().await;
    let anybody = Person::stranger(&app.api);
    assert_eq!(
        anybody.get("/health/live").await.body,
        json!({"status": "ok"})
    );
    let ready = anybody.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    let checks: Vec<(&str, bool, bool)> = ready.body["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            (
                c["name"].as_str().unwrap(),
                c["ok"].as_bool().unwrap(),
                c["required"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        checks,
        [
            ("store", true, true),
            ("queue", true, true),
            ("model:script", true, false),
            ("tools:fake", true, false)
        ]
    );
    assert_eq!(
        anybody.get("/health/ready").await.body,
        ready.body,
        "looked at once in ten seconds"
    );
}

#[tokio::test]
async fn browsers_of_other_origins_are_not_let_in() {
    let portal = "http://127.0.0.1:4280";
    let app = TestApp::start(AppShape {
        cors_origins: vec![portal.to_owned()],
        ..AppShape::with(Script::clerk())
    })
    .await;
    let anybody = Person::stranger(&app.api);
    for (origin, allowed) in [(portal, portal), ("http://evil.example", ""), ("null", "")] {
        let preflight = anybody
            .request(Method::OPTIONS, "/v1/me")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let reply = Reply::to(preflight).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            "",
            "{origin}"
        );
    }
}
