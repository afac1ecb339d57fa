//! Keys of the product's own vault: who may do what with them, and what they do.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use azimuth_sandbox::directory::IDENTITY_HEADER;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Answer, Running, VAULT, arm_request};

const HOST: &str = "kv-azimuth.vault.azure.net";
const WRAPPING: &str = "/keys/token-wrapping";
const SIGNING: &str = "/keys/audit-signing";

/// A token of the function app's identity for key vaults.
async fn ours(world: &Running) -> String {
    let request = Request::get(format!(
        "/msi/token?api-version=2019-08-01&resource={VAULT}"
    ))
    .header("x-identity-header", IDENTITY_HEADER)
    .body(Full::default())
    .unwrap();
    let answer = world.send(request).await;
    answer.body["access_token"].as_str().unwrap().to_owned()
}

async fn ask(
    world: &Running,
    token: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let request = arm_request(token, method, path, body);
    world.azure(HOST, request).await
}

async fn post(world: &Running, token: &str, path: &str, body: &Value) -> Answer {
    ask(world, token, Method::POST, path, Some(body)).await
}

/// The path of the newest version.
async fn newest(world: &Running, token: &str, key: &str) -> String {
    let answer = ask(world, token, Method::GET, key, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let kid = answer.body["key"]["kid"].as_str().unwrap();
    kid.strip_prefix(&format!("https://{HOST}"))
        .unwrap()
        .to_owned()
}

fn inner(answer: &Answer) -> (&str, &str) {
    let code = answer.body["error"]["innererror"]["code"].as_str();
    (answer.code(), code.unwrap_or_default())
}

#[tokio::test]
async fn what_a_version_wrapped_it_unwraps_after_rotation_and_restart_too() {
    let world = Running::start().await;
    let token = ours(&world).await;
    let key = newest(&world, &token, WRAPPING).await;
    let plain = URL_SAFE_NO_PAD.encode([7; 32]);
    let order = json!({"alg": "RSA-OAEP-256", "value": plain});
    let wrapped = post(&world, &token, &format!("{key}/wrapkey"), &order).await;
    assert_eq!(wrapped.status, StatusCode::OK, "{wrapped:?}");
    assert_eq!(wrapped.body["kid"], format!("https://{HOST}{key}"));

    let dave = world.azure_token("dave", VAULT).await;
    let rotated = post(&world, &dave, &format!("{WRAPPING}/rotate"), &json!({})).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    let world = world.restart().await;
    let next = newest(&world, &token, WRAPPING).await;
    assert_ne!(next, key);
    let order = json!({"alg": "RSA-OAEP-256", "value": wrapped.body["value"]});
    let opened = post(&world, &token, &format!("{key}/unwrapkey"), &order).await;
    assert_eq!(opened.body["value"], plain);
    let other = post(&world, &token, &format!("{next}/unwrapkey"), &order).await;
    assert_eq!(
        (other.status, other.code()),
        (StatusCode::BAD_REQUEST, "BadParameter")
    );
}

#[tokio::test]
async fn a_signature_holds_under_the_key_that_is_shown() {
    let world = Running::start().await;
    let token = ours(&world).await;
    let shown = ask(&world, &token, Method::GET, SIGNING, None).await;
    let key = &shown.body["key"];
    assert_eq!((&key["kty"], &key["crv"]), (&json!("EC"), &json!("P-256")));
    let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
    let point = [vec![4], bytes(&key["x"]), bytes(&key["y"])].concat();

    let version = newest(&world, &token, SIGNING).await;
    let order = json!({"alg": "ES256", "value": URL_SAFE_NO_PAD.encode(Sha256::digest(b"text"))});
    let signed = post(&world, &token, &format!("{version}/sign"), &order).await;
    let signature = bytes(&signed.body["value"]);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    assert!(key.verify(b"text", &signature).is_ok());
    assert!(key.verify(b"test", &signature).is_err());
}

#[tokio::test]
async fn whoever_lacks_the_right_is_refused_before_anything_else() {
    let world = Running::start().await;
    let token = ours(&world).await;
    let alice = world.azure_token("alice", VAULT).await;
    let refused = ask(&world, &alice, Method::GET, WRAPPING, None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(inner(&refused), ("Forbidden", "ForbiddenByRbac"));
    let rotate = post(&world, &token, &format!("{WRAPPING}/rotate"), &json!({})).await;
    assert_eq!(inner(&rotate), ("Forbidden", "ForbiddenByRbac"));
    let elsewhere = arm_request(&token, Method::GET, WRAPPING, None);
    let elsewhere = world.azure("kv-dev.vault.azure.net", elsewhere).await;
    assert_eq!(inner(&elsewhere), ("Forbidden", "ForbiddenByRbac"));
    let arm = arm_request("nothing", Method::GET, WRAPPING, None);
    let unknown = world.azure(HOST, arm).await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_key_is_not_for_is_refused_in_the_vaults_words() {
    let world = Running::start().await;
    let token = ours(&world).await;
    let dave = world.azure_token("dave", VAULT).await;
    let signing = newest(&world, &token, SIGNING).await;
    let digest = URL_SAFE_NO_PAD.encode([7; 32]);
    let sign = |alg: &str, value: &str| json!({"alg": alg, "value": value});

    let wrap = post(
        &world,
        &token,
        &format!("{signing}/wrapkey"),
        &sign("ES256", &digest),
    )
    .await;
    assert_eq!(inner(&wrap), ("Forbidden", "KeyOperationForbidden"));
    for bad in [
        sign("RS256", &digest),
        sign("EdDSA", &digest),
        sign("ES256", "AAAA"),
        sign("ES256", "="),
        json!({}),
    ] {
        let refused = post(&world, &token, &format!("{signing}/sign"), &bad).await;
        assert_eq!(refused.code(), "BadParameter", "{bad}");
    }

    let off = json!({"attributes": {"enabled": false}});
    let off = ask(&world, &dave, Method::PATCH, &signing, Some(&off)).await;
    assert_eq!(off.body["attributes"]["enabled"], false);
    let path = format!("{signing}/sign");
    let refused = post(&world, &token, &path, &sign("ES256", &digest)).await;
    assert_eq!(inner(&refused), ("Forbidden", "KeyDisabled"));

    let missing = ask(&world, &dave, Method::GET, &format!("{SIGNING}/0"), None).await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::NOT_FOUND, "KeyNotFound")
    );
    let operations: Vec<Value> = world.items("/sandbox/effects").await;
    assert_eq!(operations.len(), 1, "only the change is an effect");
}
