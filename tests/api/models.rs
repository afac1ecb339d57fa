//! Which models a tenant offers to whom, as administrators settle it and everybody meets
//! it.

use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Script, say};
use reqwest::Method;
use serde_json::{Value, json};

const OFFER: &str = "/v1/admin/models";

/// Two models, `large` the default of the deployment; `small` says its name.
async fn app() -> TestApp {
    TestApp::start(shape()).await
}

fn shape() -> AppShape {
    let models = ["small", "large"];
    AppShape {
        models: models
            .map(|name| Script::named(name, move |_| vec![say(name)]) as _)
            .to_vec(),
        ..AppShape::with(Script::clerk())
    }
}

async fn read(person: &Person) -> (Value, String) {
    let reply = Reply::to(person.request(Method::GET, OFFER)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let etag = reply.header("etag");
    (reply.body, etag)
}

async fn put(person: &Person, etag: &str, body: &Value) -> Reply {
    let request = person.request(Method::PUT, OFFER).header("if-match", etag);
    Reply::to(request.json(body)).await
}

/// Stores it whatever is there.
async fn settle(admin: &Person, body: Value) {
    let reply = put(admin, "*", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Models on offer, the default marked with a star.
async fn offered(person: &Person) -> Vec<String> {
    let reply = person.get("/v1/models").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let items = reply.body["items"].as_array().unwrap();
    let shown = items.iter().map(|model| {
        let star = if model["default"] == true { "*" } else { "" };
        format!("{}{star}", model["name"].as_str().unwrap())
    });
    shown.collect()
}

/// How a question ended that names a model, or leaves the choice to the product.
async fn answered_by(person: &Person, model: Option<&str>) -> Result<String, Value> {
    let conversation = person.converse().await;
    let asked = person
        .post(
            &format!("/v1/conversations/{conversation}/turns"),
            json!({"text": "who?", "model": model}),
        )
        .await;
    if asked.status != 202 {
        return Err(json!([
            asked.status,
            asked.body["code"],
            asked.body["pointer"]
        ]));
    }
    let turn = asked.text("turn_id");
    person
        .wait_for(&turn, &["done"], Duration::from_mins(2))
        .await;
    Ok(person.said(&conversation, &turn).await)
}

async fn prefer(person: &Person, model: &str) -> Reply {
    let settings = person.request(Method::PATCH, "/v1/settings");
    let settings = settings.header("if-match", "*");
    Reply::to(settings.json(&json!({"model": model}))).await
}

#[tokio::test]
async fn an_administrator_says_which_models_are_for_whom_on_record() {
    let app = app().await;
    let [alice, carol, dave] = [
        app.person("alice").await,
        app.person("carol").await,
        app.person("dave").await,
    ];
    let (nothing, first) = read(&dave).await;
    assert_eq!(nothing["stored"], Value::Null);
    assert_eq!(nothing["default"], Value::Null);
    assert_eq!(nothing["default_of_deployment"], "large");
    assert_eq!(offered(&alice).await, ["small", "large*"]);

    let offer = json!({"default": "small", "only_for": {"large": ["admin"]}});
    let mut body = offer.clone();
    body["reason"] = json!("it is dear");
    let stored = put(&dave, &first, &body).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let (now, second) = read(&dave).await;
    assert_eq!(now, stored.body);
    assert_eq!(now["stored"]["reason"], "it is dear");
    assert_eq!(now["default"], "small");
    let shown = now["items"].as_array().unwrap().iter().map(|model| {
        let [name, default, only_for] = ["name", "default", "only_for"].map(|k| model[k].clone());
        json!([name, default, only_for])
    });
    assert_eq!(
        shown.collect::<Value>(),
        json!([["small", true, null], ["large", false, ["admin"]]])
    );
    let (before, after, why) = super::limits::change(&carol, "models").await;
    assert_eq!(
        (before, after, why),
        (json!({}), offer, json!("it is dear"))
    );
    assert_eq!(offered(&alice).await, ["small*"]);
    assert_eq!(offered(&dave).await, ["small*", "large"]);

    // Only under the version that was read, and by administrators.
    let stale = put(&dave, &first, &body).await;
    stale.assert_problem("stale", 412, "if_match_stale");
    let refused = put(&alice, "*", &body).await;
    refused.assert_problem("alice", 403, "not_permitted");
    assert_eq!(read(&dave).await, (now, second));
    // Nothing of it crosses to another tenant.
    let eve = app.person_with("eve", json!({"roles": ["admin"]})).await;
    assert_eq!(read(&eve).await.0["stored"], Value::Null);
    assert_eq!(offered(&eve).await, ["small", "large*"]);
}

#[tokio::test]
async fn whoever_is_not_offered_a_model_is_not_answered_by_it_and_the_attempt_is_on_record() {
    let app = app().await;
    let [alice, dave] = [app.person("alice").await, app.person("dave").await];
    assert_eq!(prefer(&alice, "large").await.status, 200);
    assert_eq!(answered_by(&alice, None).await, Ok("large".to_owned()));
    settle(
        &dave,
        json!({"default": "small", "only_for": {"large": ["admin"]}, "reason": "dear"}),
    )
    .await;

    // What was preferred before is not what answers now.
    assert_eq!(answered_by(&alice, None).await, Ok("small".to_owned()));
    let refused = json!([403, "model_not_offered", "/model"]);
    assert_eq!(answered_by(&alice, Some("large")).await, Err(refused));
    let refused = prefer(&alice, "large").await;
    refused.assert_problem("preferred", 403, "model_not_offered");
    let unknown = json!([422, "model_unknown", "/model"]);
    assert_eq!(answered_by(&alice, Some("huge")).await, Err(unknown));
    let denied = alice.get("/v1/audit?kind=denied").await.body;
    let of_model = |record: &&Value| record["detail"].to_string().contains("does not offer");
    let denied = denied["items"].as_array().unwrap().iter();
    assert_eq!(denied.filter(of_model).count(), 2);
    assert_eq!(
        answered_by(&dave, Some("large")).await,
        Ok("large".to_owned())
    );

    // The setting was kept, and counts again.
    settle(&dave, json!({"reason": "cheap now"})).await;
    assert_eq!(answered_by(&alice, None).await, Ok("large".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_offered_is_told_with_its_place_and_not_stored() {
    let app = app().await;
    let dave = app.person("dave").await;
    let before = read(&dave).await;
    for (offer, code, pointer) in [
        (json!({"default": "huge"}), "model_unknown", "/default"),
        (
            json!({"only_for": {"a/b": []}}),
            "model_unknown",
            "/only_for/a~1b",
        ),
        (
            json!({"only_for": {"large": ["admin"]}}),
            "model_default_restricted",
            "/only_for/large",
        ),
        (
            json!({"default": "small", "only_for": {"small": []}}),
            "model_default_restricted",
            "/default",
        ),
        (
            json!({"only_for": {"small": ["boss"]}}),
            "field_invalid",
            "/only_for/small/0",
        ),
        (
            json!({"only_for": {"small": "admin"}}),
            "field_invalid",
            "/only_for/small",
        ),
        (json!({"everybody": []}), "field_unknown", "/everybody"),
        (json!({"reason": " "}), "field_invalid", "/reason"),
    ] {
        let mut body = offer.clone();
        if body.get("reason").is_none() {
            body["reason"] = json!("a test");
        }
        let reply = put(&dave, "*", &body).await;
        reply.assert_problem(&offer.to_string(), 422, code);
        assert_eq!(reply.body["pointer"], pointer, "{offer}");
    }
    assert_eq!(read(&dave).await, before);
}

#[tokio::test]
async fn another_process_offers_by_it_within_half_a_minute() {
    let app = app().await;
    let other = app.beside(shape()).await;
    let [alice, dave] = [app.person("alice").await, app.person("dave").await];
    let there = alice.at(&other.api);
    assert_eq!(offered(&there).await, ["small", "large*"]);
    settle(
        &dave,
        json!({"default": "small", "only_for": {"large": []}, "reason": "gone"}),
    )
    .await;
    assert_eq!(offered(&alice).await, ["small*"]);
    app.clock.advance(Duration::from_secs(31));
    assert_eq!(offered(&there).await, ["small*"]);
    let refused = json!([403, "model_not_offered", "/model"]);
    assert_eq!(answered_by(&there, Some("large")).await, Err(refused));
}
