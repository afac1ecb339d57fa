//! Limits, kill switch and usage, as administrators and everybody see and change them.

use azimuth_domain::usage::{Day, Price};
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Line, Script, call, say};
use reqwest::Method;
use serde_json::{Value, json};

const QUOTAS: &str = "/v1/admin/quotas";
const SWITCH: &str = "/v1/admin/kill-switch";

async fn read(person: &Person, path: &str) -> (Value, String) {
    let reply = Reply::to(person.request(Method::GET, path)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let etag = reply.header("etag");
    (reply.body, etag)
}

async fn put(person: &Person, path: &str, etag: &str, body: Value) -> Reply {
    let request = person.request(Method::PUT, path).header("if-match", etag);
    Reply::to(request.json(&body)).await
}

/// The newest change of an area, with what was there before and after.
pub(super) async fn change(auditor: &Person, area: &str) -> (Value, Value, Value) {
    let records = auditor.get("/v1/audit?kind=admin&limit=100").await;
    let items = records.body["items"].as_array().unwrap().clone();
    let of = |record: &&Value| record["area"] == area && record["after"] != Value::Null;
    let record = items
        .iter()
        .find(of)
        .unwrap_or_else(|| panic!("none of {area}"));
    let field = |name: &str| record[name].clone();
    (field("before"), field("after"), field("detail"))
}

#[tokio::test]
async fn an_administrator_reads_and_replaces_limits_on_record() {
    let (app, alice) = super::clerk().await;
    let [dave, carol] = [app.person("dave").await, app.person("carol").await];
    let (built_in, first) = read(&dave, QUOTAS).await;
    assert_eq!(built_in["stored"], Value::Null);
    assert_eq!(built_in["person"], json!({}));
    let limits = json!({
        "person": {"tokens_per_day": 5},
        "roles": {"operator": {"turns_per_day": 7}},
        "tenant": {"destructive_calls_per_hour": 9},
    });
    let mut body = limits.clone();
    body["reason"] = json!("too much");
    let stored = put(&dave, QUOTAS, &first, body.clone()).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let (now, second) = read(&dave, QUOTAS).await;
    assert_eq!(now, stored.body);
    for part in ["person", "roles", "tenant"] {
        assert_eq!(now[part], limits[part]);
    }
    assert_eq!(now["stored"]["reason"], "too much");
    assert_eq!(now["stored"]["by"], app.user("dave").oid);
    let (before, after, why) = change(&carol, "quotas").await;
    assert_eq!((before, after, why), (json!({}), limits, json!("too much")));
    let me = alice.get("/v1/me").await.body;
    let quotas = me["quotas"].as_array().unwrap().iter();
    let limit_of = |name: &str| {
        let quota = quotas.clone().find(|quota| quota["name"] == name);
        quota.unwrap()["limit"].clone()
    };
    assert_eq!(
        (limit_of("turns_per_day"), limit_of("tokens_per_day")),
        (json!(7), json!(5))
    );

    // Only under the version that was read, and by administrators.
    let stale = put(&dave, QUOTAS, &first, body.clone()).await;
    stale.assert_problem("stale", 412, "if_match_stale");
    let missing = dave.request(Method::PUT, QUOTAS).json(&body);
    let missing = Reply::to(missing).await;
    missing.assert_problem("missing", 428, "if_match_missing");
    let refused = put(&alice, QUOTAS, "*", body).await;
    refused.assert_problem("alice", 403, "not_permitted");
    assert_eq!(read(&dave, QUOTAS).await, (now, second));
}

#[tokio::test]
async fn a_limit_that_cannot_be_is_told_with_its_place_and_not_stored() {
    let (app, _alice) = super::clerk().await;
    let dave = app.person("dave").await;
    let before = read(&dave, QUOTAS).await;
    for (limits, code, pointer) in [
        (
            json!({"person": {"requests_per_minute": 9}}),
            "field_invalid",
            "/person/requests_per_minute",
        ),
        (
            json!({"tenant": {"destructive_calls_per_hour": 1_001}}),
            "field_invalid",
            "/tenant/destructive_calls_per_hour",
        ),
        (
            json!({"roles": {"admin": {"tokens_per_day": 1_000_000_000_001_u64}}}),
            "field_invalid",
            "/roles/admin/tokens_per_day",
        ),
        (
            json!({"person": {"turns_per_day": -1}}),
            "field_invalid",
            "/person",
        ),
        (json!({"everybody": {}}), "field_unknown", "/everybody"),
        (json!({"reason": ""}), "field_invalid", "/reason"),
    ] {
        let mut body = limits.clone();
        if body.get("reason").is_none() {
            body["reason"] = json!("a test");
        }
        let reply = put(&dave, QUOTAS, "*", body).await;
        reply.assert_problem(&limits.to_string(), 422, code);
        assert_eq!(reply.body["pointer"], pointer, "{limits}");
    }
    for unknown in [
        json!({"person": {"coffee_per_day": 1}, "reason": "x"}),
        json!({"roles": {"boss": {}}, "reason": "x"}),
    ] {
        let reply = put(&dave, QUOTAS, "*", unknown).await;
        reply.assert_problem("unknown", 422, "field_invalid");
    }
    assert_eq!(read(&dave, QUOTAS).await, before);
}

#[tokio::test]
async fn the_kill_switch_is_turned_on_record_and_under_the_version_that_was_read() {
    let (app, alice) = super::clerk().await;
    let [dave, carol] = [app.person("dave").await, app.person("carol").await];
    let (off, first) = read(&dave, SWITCH).await;
    assert_eq!(off, json!({"on": false, "scope": "all", "stored": null}));
    let on = json!({"on": true, "scope": "changes", "reason": "an incident"});
    let turned = put(&dave, SWITCH, &first, on.clone()).await;
    assert_eq!(turned.status, 200, "{}", turned.text());
    assert_eq!(
        (&turned.body["on"], &turned.body["scope"]),
        (&json!(true), &json!("changes"))
    );
    let (before, after, why) = change(&carol, "killswitch").await;
    assert_eq!(before, json!({"on": false, "scope": "all"}));
    assert_eq!(after, json!({"on": true, "scope": "changes"}));
    assert_eq!(why, "an incident");
    let stale = put(&dave, SWITCH, &first, on.clone()).await;
    stale.assert_problem("stale", 412, "if_match_stale");
    let refused = put(&alice, SWITCH, "*", on).await;
    refused.assert_problem("alice", 403, "not_permitted");
    let wrong = json!({"on": true, "scope": "some", "reason": "x"});
    let wrong = put(&dave, SWITCH, "*", wrong).await;
    wrong.assert_problem("some", 422, "field_invalid");
    assert_eq!(wrong.body["pointer"], "/scope");
    // Another tenant has its own.
    let eve = app.person("eve").await;
    assert_eq!(eve.get("/v1/me").await.body["kill_switch"], Value::Null);
}

/// A turn with a call, whose model says what it used.
fn teller(name: &str) -> std::sync::Arc<Script> {
    Script::named(name, |request| {
        if azimuth_tests::script::step_of(request) > 0 {
            return vec![say("Done."), Line::Usage(100, 10)];
        }
        vec![call("a", "thing_list", &json!({})), Line::Usage(1_000, 20)]
    })
}

#[tokio::test]
async fn usage_is_told_by_day_tool_model_and_person() {
    let price = Price::parse("2.5/10").unwrap();
    let app = TestApp::start(AppShape {
        models: vec![teller("free"), teller("dear")],
        prices: [("dear".to_owned(), price)].into(),
        ..AppShape::with(Script::clerk())
    })
    .await;
    let people = [app.person("alice").await, app.person("bob").await];
    for person in &people {
        let conversation = person.converse().await;
        for model in ["dear", "free"] {
            let path = format!("/v1/conversations/{conversation}/turns");
            let asked = person
                .post(&path, json!({"text": "look", "model": model}))
                .await;
            let turn = asked.text("turn_id");
            let patience = azimuth_tests::waiting::PATIENCE;
            person.wait_for(&turn, &["done"], patience).await;
        }
        azimuth_tests::waiting::until("the turns are counted", || async {
            let row = person.get("/v1/usage").await.body["items"][0].clone();
            (row["turns"] == 2).then_some(())
        })
        .await;
    }
    let [alice, _bob] = &people;
    let today = Day::of(azimuth_ports::clock::Clock::now(&*app.clock)).to_string();
    let rows = async |person: &Person, query: &str| {
        let view = person.get(&format!("/v1/usage{query}")).await.body;
        assert_eq!(view["next_from"], Value::Null);
        assert_eq!(view["to"], today.as_str());
        view["items"].clone()
    };
    let row = |key: &str,
               turns: Value,
               calls: Value,
               destructive: Value,
               tokens: (Value, Value),
               cost: Value| {
        json!({
            "key": key, "turns": turns, "tool_calls": calls, "destructive_calls": destructive,
            "input_tokens": tokens.0, "output_tokens": tokens.1, "cost_micros": cost,
        })
    };
    let null = || Value::Null;
    let all = |key: &str| {
        row(
            key,
            json!(2),
            json!(2),
            json!(0),
            (json!(2_200), json!(60)),
            null(),
        )
    };
    // 1,100 tokens at 2.5 and 30 at 10 for a million.
    let dear = |turns: u64| {
        let tokens = (json!(1_100 * turns), json!(30 * turns));
        row(
            "dear",
            json!(turns),
            null(),
            null(),
            tokens,
            json!(3_050 * turns),
        )
    };
    let free = |turns: u64| {
        let tokens = (json!(1_100 * turns), json!(30 * turns));
        row("free", json!(turns), null(), null(), tokens, null())
    };
    let list = |calls: u64| {
        let tokens = (null(), null());
        row(
            "fake/thing_list",
            null(),
            json!(calls),
            null(),
            tokens,
            null(),
        )
    };
    assert_eq!(rows(alice, "").await, json!([all(&today)]));
    assert_eq!(rows(alice, "?by=model").await, json!([dear(1), free(1)]));
    assert_eq!(rows(alice, "?by=tool").await, json!([list(2)]));
    let mut both = ["alice", "bob"].map(|name| all(&app.user(name).oid));
    both.sort_by_key(|row| row["key"].as_str().unwrap().to_owned());
    // Those who may read the tenant's audit, and those who set its limits.
    for name in ["carol", "dave"] {
        let reader = app.person(name).await;
        assert_eq!(rows(&reader, "?by=user").await, json!(both), "{name}");
        let by_model = rows(&reader, "?by=model&scope=tenant").await;
        assert_eq!(by_model, json!([dear(2), free(2)]));
        assert_eq!(
            rows(&reader, "?by=tool&scope=tenant").await,
            json!([list(4)])
        );
        assert_eq!(
            rows(&reader, "?by=day").await,
            json!([]),
            "their own is nothing"
        );
    }
    let own = rows(alice, "?by=user&scope=own").await;
    assert_eq!(own, json!([all(&app.user("alice").oid)]));
    for query in ["?by=user", "?by=day&scope=tenant"] {
        let reply = Reply::to(alice.request(Method::GET, &format!("/v1/usage{query}"))).await;
        reply.assert_problem(query, 403, "not_permitted");
        assert_eq!(reply.body["permission"], "audit.read_tenant");
    }
    for (query, parameter) in [
        ("?from=2026-01-01&to=2026-04-03", "from"),
        ("?from=soon", "from"),
        ("?to=2026-02-30", "to"),
        ("?by=colour", "by"),
        ("?scope=world", "scope"),
        ("?page=2", "page"),
    ] {
        let reply = Reply::to(alice.request(Method::GET, &format!("/v1/usage{query}"))).await;
        reply.assert_problem(query, 400, "query_invalid");
        assert_eq!(reply.body["parameter"], parameter, "{query}");
    }
}
