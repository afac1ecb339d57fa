//! The token corpus: one valid token and every way to bend it that §2.3 lists,
//! each with the code that refuses it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod form;
mod headers;
mod identity;
mod oidc;

use serde_json::Value;

use super::tests::given_a_verifier;
use crate::auth::refusal::TokenCode;
use crate::auth::test_keys::issuer_key;

const HEADER: &str = r#"{"typ":"JWT","alg":"RS256","kid":"issuer-key_1"}"#;

type Case = (&'static str, String, Option<TokenCode>);

#[tokio::test]
async fn every_bent_token_is_refused_with_its_code() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    let mut wrong = Vec::new();
    let cases: Vec<Case> = [
        headers::headers(),
        identity::claims_of_who_and_for_whom(),
        form::claims_of_time(),
        identity::claims_of_delegation(),
        form::forms(),
        form::signatures(),
    ]
    .concat();
    let names: std::collections::BTreeSet<&str> = cases.iter().map(|c| c.0).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    assert!(cases.len() >= 120, "only {} cases", cases.len());
    for (name, token, expected) in &cases {
        let got = verifier.verify(token).await.err().map(|e| e.code);
        if got != *expected {
            wrong.push(format!("{name}: {got:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn header(change: impl FnOnce(&mut Value)) -> String {
    let mut header: Value = serde_json::from_str(HEADER).unwrap();
    change(&mut header);
    issuer_key().token(&header.to_string(), &claims(|_| ()))
}

fn header_text(header: &str) -> String {
    issuer_key().token(header, &claims(|_| ()))
}

fn claims(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = super::tests::valid_claims();
    change(&mut claims);
    claims.to_string()
}

/// A signed token with this claim changed.
fn with(name: &str, value: Value) -> String {
    issuer_key().token(HEADER, &claims(|c| c[name] = value))
}

fn without(name: &str) -> String {
    let token = claims(|c| {
        c.as_object_mut().unwrap().remove(name);
    });
    issuer_key().token(HEADER, &token)
}

/// A signed token whose payload has `extra` (`"name":value`) in front.
fn doubled(extra: &str) -> String {
    let payload = claims(|_| ());
    issuer_key().token(HEADER, &format!("{{{extra},{}", &payload[1..]))
}

/// `object` with a member that makes it nest this deep.
fn deep(object: &str, depth: usize) -> String {
    let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
    format!("{{\"x\":{open}{close},{}", &object[1..])
}
