//! Tokens that are not taken, each with its code.

use azimuth_ports::users::UserStatus;
use azimuth_tests::app::TestApp;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};

/// Header and claims of a token that is taken.
async fn genuine(app: &TestApp) -> (Value, Value) {
    let answer = app
        .control("/sandbox/token", json!({"user": "alice"}))
        .await;
    (answer["header"].clone(), answer["claims"].clone())
}

async fn signed(app: &TestApp, header: &Value, claims: &Value) -> String {
    app.token(json!({"header": header, "claims": claims})).await
}

async fn refused(app: &TestApp, what: &str, token: &str, status: u16, code: &str) {
    let person = Person::new("somebody", &app.api, token);
    let reply = Reply::to(person.request(Method::GET, "/v1/me")).await;
    reply.assert_problem(what, status, code);
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_told_by_its_code() {
    let (app, _alice) = super::clerk().await;
    let (header, claims) = genuine(&app).await;
    let good = signed(&app, &header, &claims).await;
    let me = Person::new("alice", &app.api, &good).get("/v1/me").await;
    assert_eq!(
        me.status, 200,
        "the token that all others differ from: {me:?}"
    );

    let now = claims["iat"].as_i64().unwrap();
    let changes: [(&str, Value, u16, &str); 16] = [
        ("exp", json!(now - 400), 401, "token_expired"),
        ("nbf", json!(now + 4000), 401, "token_not_yet_valid"),
        ("iat", json!(now + 4000), 401, "token_not_yet_valid"),
        (
            "aud",
            json!("00000000-0000-4000-8000-0000000000ff"),
            401,
            "token_wrong_audience",
        ),
        ("aud", json!([claims["aud"]]), 401, "token_malformed"),
        (
            "iss",
            json!("https://login.example/v2.0"),
            401,
            "token_wrong_issuer",
        ),
        (
            "iss",
            json!(format!("{}/", claims["iss"].as_str().unwrap())),
            401,
            "token_wrong_issuer",
        ),
        (
            "tid",
            json!("00000000-0000-4000-8000-00000000dead"),
            401,
            "token_wrong_tenant",
        ),
        ("tid", json!("../common"), 401, "token_malformed"),
        (
            "azp",
            json!("00000000-0000-4000-8000-0000000000ff"),
            401,
            "token_wrong_client",
        ),
        ("azp", Value::Null, 401, "token_wrong_client"),
        ("scp", json!("other"), 403, "token_scope_missing"),
        ("scp", Value::Null, 403, "token_app_only"),
        ("idtyp", json!("app"), 403, "token_app_only"),
        ("ver", json!("1.0"), 401, "token_malformed"),
        ("oid", json!("alice"), 401, "token_malformed"),
    ];
    for (claim, value, status, code) in changes {
        let mut other = claims.clone();
        if value.is_null() {
            other.as_object_mut().unwrap().remove(claim);
        } else {
            other[claim] = value.clone();
        }
        let token = signed(&app, &header, &other).await;
        refused(&app, &format!("{claim}={value}"), &token, status, code).await;
    }
    for (name, value, code) in [
        ("alg", json!("none"), "token_malformed"),
        ("alg", json!("HS256"), "token_malformed"),
        ("kid", json!("nobodys"), "token_key_unknown"),
    ] {
        let mut other = header.clone();
        other[name] = value.clone();
        let token = signed(&app, &other, &claims).await;
        refused(&app, &format!("{name}={value}"), &token, 401, code).await;
    }
}

#[tokio::test]
async fn forged_and_mangled_tokens_are_not_taken() {
    let (app, _alice) = super::clerk().await;
    let (header, claims) = genuine(&app).await;
    let good = signed(&app, &header, &claims).await;
    let by_another_key = app
        .token(json!({"header": header, "claims": claims, "key": "other"}))
        .await;
    refused(
        &app,
        "another key",
        &by_another_key,
        401,
        "token_bad_signature",
    )
    .await;

    let parts: Vec<&str> = good.split('.').collect();
    let mut bobs = claims.clone();
    bobs["oid"] = json!(app.user("bob").oid);
    let other = signed(&app, &header, &bobs).await;
    let mixed = format!(
        "{}.{}.{}",
        parts[0],
        other.split('.').nth(1).unwrap(),
        parts[2]
    );
    refused(
        &app,
        "another's payload",
        &mixed,
        401,
        "token_bad_signature",
    )
    .await;

    let too_large = format!("{}.{}.{}", parts[0], "a".repeat(16 * 1024), parts[2]);
    for (what, token, code) in [
        ("garbage", "garbage".to_owned(), "token_malformed"),
        ("three dots", "...".to_owned(), "token_malformed"),
        (
            "no signature",
            format!("{}.{}.", parts[0], parts[1]),
            "token_bad_signature",
        ),
        (
            "two parts",
            format!("{}.{}", parts[0], parts[1]),
            "token_malformed",
        ),
        ("padding", format!("{good}="), "token_malformed"),
        ("too large", too_large, "token_too_large"),
    ] {
        refused(&app, what, &token, 401, code).await;
    }
}

#[tokio::test]
async fn a_token_for_azure_is_not_one_for_us() {
    let (app, _alice) = super::clerk().await;
    let order = json!({"user": "alice", "audience": "https://management.azure.com"});
    let token = app.token(order).await;
    refused(&app, "for Azure", &token, 401, "token_wrong_audience").await;
    let order = json!({"user": "alice", "expires_in": -600});
    refused(
        &app,
        "expired",
        &app.token(order).await,
        401,
        "token_expired",
    )
    .await;
}

#[tokio::test]
async fn a_token_comes_in_the_authorization_header_and_nowhere_else() {
    let (app, alice) = super::clerk().await;
    let stranger = Person::stranger(&app.api);
    let token = alice.token();
    for (what, request, code) in [
        (
            "nothing",
            stranger.request(Method::GET, "/v1/me"),
            "token_missing",
        ),
        (
            "query",
            stranger.request(Method::GET, &format!("/v1/me?access_token={token}")),
            "token_missing",
        ),
        (
            "cookie",
            stranger
                .request(Method::GET, "/v1/me")
                .header("cookie", format!("access_token={token}")),
            "token_missing",
        ),
        (
            "another header",
            stranger
                .request(Method::GET, "/v1/me")
                .header("x-ms-token-aad-access-token", token),
            "token_missing",
        ),
        (
            "basic",
            stranger
                .request(Method::GET, "/v1/me")
                .header("authorization", format!("Basic {token}")),
            "token_missing",
        ),
    ] {
        Reply::to(request).await.assert_problem(what, 401, code);
    }
    let folded = stranger
        .request(Method::GET, "/v1/me")
        .header("authorization", format!("bearer {token}"));
    assert_eq!(
        Reply::to(folded).await.status,
        200,
        "the scheme has no case"
    );
}

#[tokio::test]
async fn a_user_who_is_switched_off_is_refused_everywhere() {
    let (app, alice) = super::clerk().await;
    assert_eq!(alice.get("/v1/me").await.status, 200);
    super::account::set_record(&app, &app.user("alice"), |record| {
        record.status = UserStatus::Disabled;
    })
    .await;
    for path in ["/v1/me", "/v1/conversations", "/v1/tools", "/v1/audit"] {
        let reply = Reply::to(alice.request(Method::GET, path)).await;
        reply.assert_problem(path, 403, "user_disabled");
    }
}
