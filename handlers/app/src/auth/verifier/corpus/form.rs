//! Bent times, forms and signatures.

use aws_lc_rs::{hmac, signature};
use serde_json::{Value, json};

use super::super::tests::{NOW, valid_claims};
use super::{Case, HEADER, claims, deep, doubled, header, with, without};
use crate::auth::refusal::TokenCode::{
    BadSignature, Expired, KeyUnknown, Malformed, Missing, NotYetValid, TooLarge,
};
use crate::auth::test_keys::{b64, foreign_key, issuer_key};

pub(super) fn claims_of_time() -> Vec<Case> {
    let at = |name: &'static str, offset: i64| with(name, json!(NOW + offset));
    vec![
        ("exp missing", without("exp"), Some(Malformed)),
        ("exp 59 s ago", at("exp", -59), None),
        ("exp 60 s ago", at("exp", -60), None),
        ("exp 61 s ago", at("exp", -61), Some(Expired)),
        ("exp zero", with("exp", json!(0)), Some(Expired)),
        ("exp negative", with("exp", json!(-1)), Some(Malformed)),
        (
            "exp text",
            with("exp", json!("4102444800")),
            Some(Malformed),
        ),
        (
            "exp fraction",
            with("exp", json!(4_102_444_800.5)),
            Some(Malformed),
        ),
        ("exp 1e300", with("exp", json!(1e300)), Some(Malformed)),
        ("exp 2^64 - 1", with("exp", json!(u64::MAX)), None),
        ("exp null", with("exp", Value::Null), Some(Malformed)),
        ("exp array", with("exp", json!([NOW + 60])), Some(Malformed)),
        ("exp twice", doubled(r#""exp":4102444800"#), Some(Malformed)),
        ("nbf missing", without("nbf"), Some(Malformed)),
        ("nbf in 59 s", at("nbf", 59), None),
        ("nbf in 60 s", at("nbf", 60), None),
        ("nbf in 61 s", at("nbf", 61), Some(NotYetValid)),
        ("nbf in 1 h", at("nbf", 3600), Some(NotYetValid)),
        ("nbf text", with("nbf", json!("0")), Some(Malformed)),
        ("nbf twice", doubled(r#""nbf":0"#), Some(Malformed)),
        ("iat missing", without("iat"), Some(Malformed)),
        ("iat in 60 s", at("iat", 60), None),
        ("iat in 61 s", at("iat", 61), Some(NotYetValid)),
        ("iat text", with("iat", json!("0")), Some(Malformed)),
    ]
}

pub(super) fn forms() -> Vec<Case> {
    let token = header(|_| ());
    let parts: Vec<&str> = token.split('.').collect();
    let payload = |text: &str| issuer_key().token(HEADER, text);
    vec![
        ("empty", String::new(), Some(Missing)),
        ("one segment", parts[0].to_owned(), Some(Malformed)),
        ("two segments", parts[..2].join("."), Some(Malformed)),
        ("four segments", format!("{token}."), Some(Malformed)),
        ("five segments", format!("{token}.a.b"), Some(Malformed)),
        ("dots", "..".to_owned(), Some(Malformed)),
        ("leading space", format!(" {token}"), Some(Malformed)),
        ("trailing space", format!("{token} "), Some(Malformed)),
        ("trailing line feed", format!("{token}\n"), Some(Malformed)),
        ("padding", format!("{token}=="), Some(Malformed)),
        (
            "padding in the header",
            format!("{}=.{}", parts[0], parts[1..].join(".")),
            Some(Malformed),
        ),
        (
            "standard alphabet",
            token.replacen('.', "+.", 1),
            Some(Malformed),
        ),
        ("korean", "토큰.토큰.토큰".to_owned(), Some(Malformed)),
        (
            "percent encoded",
            token.replace('.', "%2E"),
            Some(Malformed),
        ),
        (
            "json form",
            json!({"payload": parts[1], "signatures": []}).to_string(),
            Some(Malformed),
        ),
        ("payload array", payload("[]"), Some(Malformed)),
        (
            "payload array of all claims",
            payload(&as_array()),
            Some(Malformed),
        ),
        ("payload text", payload(r#""x""#), Some(Malformed)),
        ("payload null", payload("null"), Some(Malformed)),
        ("payload empty", payload(""), Some(Malformed)),
        ("payload broken", payload(r#"{"aud":"#), Some(Malformed)),
        ("payload 63 deep", payload(&deep(&claims(|_| ()), 63)), None),
        ("payload 64 deep", payload(&deep(&claims(|_| ()), 64)), None),
        (
            "payload 65 deep",
            payload(&deep(&claims(|_| ()), 65)),
            Some(Malformed),
        ),
        (
            "payload 4000 deep",
            payload(&deep(&claims(|_| ()), 4000)),
            Some(Malformed),
        ),
        (
            "brackets in a text",
            with("x", json!(format!("\\\"{}", "[".repeat(100)))),
            None,
        ),
        (
            "payload no utf-8",
            issuer_key().token(HEADER, "{\"a\":\"\\ud800\"}"),
            Some(Malformed),
        ),
        (
            "no utf-8 in what nobody reads",
            signed_bytes(&claims(|_| ()).replacen('{', "{\"x\":\"?\",", 1)),
            Some(Malformed),
        ),
        (
            "4 MiB",
            format!("{token}{}", "A".repeat(4 << 20)),
            Some(TooLarge),
        ),
    ]
}

/// A signed token whose payload has a byte in the place of `?` that is no text.
fn signed_bytes(payload: &str) -> String {
    let mut bytes = payload.as_bytes().to_vec();
    let place = bytes.iter().position(|byte| *byte == b'?');
    bytes[place.unwrap()] = 0x94;
    let message = format!("{}.{}", b64(HEADER), b64(bytes));
    format!("{message}.{}", issuer_key().sign(&message))
}

/// The claims as an array in the order of our struct.
fn as_array() -> String {
    let c = valid_claims();
    let order = [
        "iss", "aud", "sub", "exp", "nbf", "iat", "ver", "tid", "oid", "azp", "scp",
    ];
    let mut values: Vec<Value> = order.iter().map(|name| c[*name].clone()).collect();
    values.extend([json!("user"), json!([]), json!("n")]);
    Value::Array(values).to_string()
}

pub(super) fn signatures() -> Vec<Case> {
    let token = header(|_| ());
    let parts: Vec<&str> = token.split('.').collect();
    let message = parts[..2].join(".");
    let hs256 = |secret: &[u8]| {
        let header = b64(HEADER.replace("RS256", "HS256"));
        let message = format!("{header}.{}", parts[1]);
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            message.as_bytes(),
        );
        format!("{message}.{}", b64(tag))
    };
    let flipped = |index: usize| {
        let mut segments: Vec<String> = parts.iter().map(|p| (*p).to_owned()).collect();
        let swap = if segments[index].ends_with("AA") {
            "BB"
        } else {
            "AA"
        };
        let end = segments[index].len() - 2;
        segments[index].replace_range(end - 8..end - 6, swap);
        segments.join(".")
    };
    let other_payload = b64(claims(|c| c["roles"] = json!(["admin"])));
    vec![
        (
            "signature missing",
            format!("{message}."),
            Some(BadSignature),
        ),
        (
            "signature of zeros",
            format!("{message}.{}", b64([0; 256])),
            Some(BadSignature),
        ),
        (
            "signature of ones",
            format!("{message}.{}", b64([255; 256])),
            Some(BadSignature),
        ),
        (
            "signature short",
            format!("{message}.{}", b64([1; 255])),
            Some(BadSignature),
        ),
        (
            "signature long",
            format!("{message}.{}", b64([0; 257])),
            Some(BadSignature),
        ),
        (
            "signature with a bit flipped",
            flipped(2),
            Some(BadSignature),
        ),
        (
            "payload exchanged",
            format!("{}.{other_payload}.{}", parts[0], parts[2]),
            Some(BadSignature),
        ),
        (
            "signed by a stranger under the issuer's kid",
            foreign_key().token(HEADER, &claims(|_| ())),
            Some(BadSignature),
        ),
        (
            "signed by a stranger under his own kid",
            foreign_key().token(&HEADER.replace("key_1", "key_2"), &claims(|_| ())),
            Some(KeyUnknown),
        ),
        (
            "signed with SHA-384",
            format!(
                "{message}.{}",
                issuer_key().sign_as(&signature::RSA_PKCS1_SHA384, &message)
            ),
            Some(BadSignature),
        ),
        (
            "signed with PSS",
            format!(
                "{message}.{}",
                issuer_key().sign_as(&signature::RSA_PSS_SHA256, &message)
            ),
            Some(BadSignature),
        ),
        (
            "hmac with the modulus",
            hs256(issuer_key().n().as_bytes()),
            Some(Malformed),
        ),
        (
            "hmac with the key set",
            hs256(issuer_key().jwk().to_string().as_bytes()),
            Some(Malformed),
        ),
        ("hmac with nothing", hs256(b""), Some(Malformed)),
        (
            "header re-encoded after signing",
            format!(
                "{}.{}.{}",
                b64(HEADER.replace(',', ", ")),
                parts[1],
                parts[2]
            ),
            Some(BadSignature),
        ),
    ]
}
