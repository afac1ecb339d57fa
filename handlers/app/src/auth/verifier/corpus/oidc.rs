//! The same bent headers, and the bent claims of an issuer that is not Entra ID.

use serde_json::{Value, json};

use super::super::tests::{NOW, given_two_issuers, oidc_claims};
use super::{Case, HEADER, headers};
use crate::auth::refusal::TokenCode::{
    self, AppOnly, Expired, Malformed, NotYetValid, ScopeMissing, WrongAudience, WrongClient,
};
use crate::auth::test_keys::{b64, issuer_key};

fn with(name: &str, value: Value) -> String {
    let mut claims = oidc_claims();
    claims[name] = value;
    issuer_key().token(HEADER, &claims.to_string())
}

fn without(name: &str) -> String {
    let mut claims = oidc_claims();
    claims.as_object_mut().unwrap().remove(name);
    issuer_key().token(HEADER, &claims.to_string())
}

fn doubled(extra: &str) -> String {
    let claims = oidc_claims().to_string();
    issuer_key().token(HEADER, &format!("{{{extra},{}", &claims[1..]))
}

/// The same header over claims of this issuer.
fn reheaded(token: &str) -> String {
    let header = token.split('.').next().unwrap_or_default();
    let message = format!("{header}.{}", b64(oidc_claims().to_string()));
    format!("{message}.{}", issuer_key().sign(&message))
}

fn claims() -> Vec<Case> {
    let nested = |text: &str| doubled(&format!(r#""x":{text}"#));
    vec![
        ("as issued", with("x", json!(1)), None),
        ("aud alone", with("aud", json!("azimuth-api")), None),
        ("aud missing", without("aud"), Some(Malformed)),
        (
            "aud of others",
            with("aud", json!(["account"])),
            Some(WrongAudience),
        ),
        ("aud empty", with("aud", json!([])), Some(WrongAudience)),
        ("aud of numbers", with("aud", json!([1])), Some(Malformed)),
        (
            "aud prefix",
            with("aud", json!("azimuth-api2")),
            Some(WrongAudience),
        ),
        ("iss missing", without("iss"), Some(Malformed)),
        ("iss number", with("iss", json!(1)), Some(Malformed)),
        ("iss twice", doubled(r#""iss":"x""#), Some(Malformed)),
        (
            "iss of nobody",
            with("iss", json!("https://id.sandbox.test/realms/Contoso")),
            Some(Malformed),
        ),
        (
            "iss with a slash",
            with("iss", json!("https://id.sandbox.test/realms/contoso/")),
            Some(Malformed),
        ),
        ("sub missing", without("sub"), Some(Malformed)),
        ("sub empty", with("sub", json!("")), Some(Malformed)),
        ("sub number", with("sub", json!(7)), Some(Malformed)),
        (
            "sub is the application",
            with("sub", json!("azimuth-portal")),
            Some(AppOnly),
        ),
        ("idtyp app", with("idtyp", json!("app")), Some(AppOnly)),
        ("idtyp APP", with("idtyp", json!("APP")), Some(Malformed)),
        ("exp missing", without("exp"), Some(Malformed)),
        ("exp 60 s ago", with("exp", json!(NOW - 60)), None),
        ("exp 61 s ago", with("exp", json!(NOW - 61)), Some(Expired)),
        (
            "exp text",
            with("exp", json!("4102444800")),
            Some(Malformed),
        ),
        ("exp twice", doubled(r#""exp":4102444800"#), Some(Malformed)),
        ("iat missing", without("iat"), Some(Malformed)),
        (
            "iat in 61 s",
            with("iat", json!(NOW + 61)),
            Some(NotYetValid),
        ),
        ("nbf in 60 s", with("nbf", json!(NOW + 60)), None),
        (
            "nbf in 61 s",
            with("nbf", json!(NOW + 61)),
            Some(NotYetValid),
        ),
        ("nbf null", with("nbf", Value::Null), Some(Malformed)),
        ("azp missing", without("azp"), Some(WrongClient)),
        (
            "azp other",
            with("azp", json!("someone")),
            Some(WrongClient),
        ),
        ("azp null", with("azp", Value::Null), Some(Malformed)),
        (
            "client_id other beside azp",
            with("client_id", json!("someone")),
            Some(WrongClient),
        ),
        ("scope missing", without("scope"), Some(ScopeMissing)),
        (
            "scope other",
            with("scope", json!("openid azimuth2")),
            Some(ScopeMissing),
        ),
        (
            "scope list",
            with("scope", json!(["openid", "azimuth"])),
            None,
        ),
        ("scope number", with("scope", json!(1)), Some(Malformed)),
        ("typ ID", with("typ", json!("ID")), Some(Malformed)),
        (
            "typ Refresh",
            with("typ", json!("Refresh")),
            Some(Malformed),
        ),
        ("typ bearer", with("typ", json!("bearer")), Some(Malformed)),
        ("typ missing", without("typ"), None),
        ("nonce", with("nonce", json!("n")), Some(Malformed)),
        ("nonce null", with("nonce", Value::Null), Some(Malformed)),
        ("at_hash", with("at_hash", json!("h")), Some(Malformed)),
        ("c_hash", with("c_hash", json!("h")), Some(Malformed)),
        ("s_hash", with("s_hash", json!("h")), Some(Malformed)),
        ("roles missing", without("realm_access"), None),
        (
            "roles text",
            with("realm_access", json!({"roles": "ops"})),
            Some(Malformed),
        ),
        ("roles elsewhere", with("roles", json!("admin")), None),
        (
            "roles twice in their place",
            doubled(r#""y":{"roles":[],"roles":[]}"#),
            Some(Malformed),
        ),
        ("name number", with("name", json!(1)), Some(Malformed)),
        ("sid number", with("sid", json!(1)), Some(Malformed)),
        (
            "tid of somebody else",
            with("tid", json!("7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b")),
            None,
        ),
        (
            "a claim 63 deep",
            nested(&format!("{}{}", "[".repeat(63), "]".repeat(63))),
            None,
        ),
        (
            "a claim 64 deep",
            nested(&format!("{}{}", "[".repeat(64), "]".repeat(64))),
            Some(Malformed),
        ),
    ]
}

#[tokio::test]
async fn every_bent_token_of_another_issuer_is_refused_with_its_code() {
    let (_issuers, verifier) = given_two_issuers(|_| ()).await;
    let heads = headers::headers().into_iter();
    let heads = heads.map(|(name, token, expected)| (name, reheaded(&token), expected));
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, token, expected) in heads.chain(claims()) {
        count += 1;
        let got = verifier.verify(&token).await.err().map(|e| e.code);
        if got != expected {
            wrong.push(format!("{name}: {got:?} instead of {expected:?}"));
        }
    }
    assert!(count >= 100, "only {count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn where_access_tokens_have_a_type_nothing_else_is_one() {
    let (_issuers, verifier) = given_two_issuers(|oidc| oidc.is_typed = true).await;
    let claims = oidc_claims().to_string();
    for (header, expected) in [
        (HEADER.to_owned(), Some(Malformed)),
        (HEADER.replace("JWT", "at+jwt"), None::<TokenCode>),
    ] {
        let token = issuer_key().token(&header, &claims);
        let got = verifier.verify(&token).await.err().map(|e| e.code);
        assert_eq!(got, expected, "{header}");
    }
}
