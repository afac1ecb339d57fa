//! Bent headers.

use serde_json::{Value, json};

use super::{Case, HEADER, deep, header, header_text};
use crate::auth::refusal::TokenCode::{KeyUnknown, Malformed};
use crate::auth::test_keys::foreign_key;

pub(super) fn headers() -> Vec<Case> {
    let set = |name: &'static str, value: Value| header(|h| h[name] = value);
    let no = |name: &'static str| {
        header(|h| {
            h.as_object_mut().unwrap().remove(name);
        })
    };
    let kid_of = |n: usize| set("kid", json!("k".repeat(n)));
    vec![
        ("valid", header(|_| ()), None),
        ("typ at+jwt", set("typ", json!("at+jwt")), None),
        ("header x5t is ignored", set("x5t", json!("abc")), None),
        ("header nonce is ignored", set("nonce", json!("abc")), None),
        ("alg none", set("alg", json!("none")), Some(Malformed)),
        ("alg nOnE", set("alg", json!("nOnE")), Some(Malformed)),
        ("alg empty", set("alg", json!("")), Some(Malformed)),
        ("alg rs256", set("alg", json!("rs256")), Some(Malformed)),
        ("alg RS384", set("alg", json!("RS384")), Some(Malformed)),
        ("alg RS512", set("alg", json!("RS512")), Some(Malformed)),
        ("alg PS256", set("alg", json!("PS256")), Some(Malformed)),
        ("alg ES256", set("alg", json!("ES256")), Some(Malformed)),
        ("alg EdDSA", set("alg", json!("EdDSA")), Some(Malformed)),
        ("alg HS256", set("alg", json!("HS256")), Some(Malformed)),
        ("alg array", set("alg", json!(["RS256"])), Some(Malformed)),
        ("alg null", set("alg", Value::Null), Some(Malformed)),
        ("alg number", set("alg", json!(256)), Some(Malformed)),
        ("alg missing", no("alg"), Some(Malformed)),
        ("typ missing", no("typ"), Some(Malformed)),
        (
            "typ secevent+jwt",
            set("typ", json!("secevent+jwt")),
            Some(Malformed),
        ),
        (
            "typ logout+jwt",
            set("typ", json!("logout+jwt")),
            Some(Malformed),
        ),
        ("typ jwt", set("typ", json!("jwt")), Some(Malformed)),
        ("typ null", set("typ", Value::Null), Some(Malformed)),
        ("kid missing", no("kid"), Some(Malformed)),
        ("kid empty", set("kid", json!("")), Some(Malformed)),
        ("kid number", set("kid", json!(1)), Some(Malformed)),
        (
            "kid path",
            set("kid", json!("../../dev/null")),
            Some(Malformed),
        ),
        ("kid sql", set("kid", json!("' or 1=1 --")), Some(Malformed)),
        (
            "kid url",
            set("kid", json!("http://127.0.0.1/k")),
            Some(Malformed),
        ),
        (
            "kid nul",
            set("kid", json!("issuer-key_1\u{0}")),
            Some(Malformed),
        ),
        (
            "kid space",
            set("kid", json!("issuer-key_1 ")),
            Some(Malformed),
        ),
        ("kid korean", set("kid", json!("키")), Some(Malformed)),
        ("kid of 127", kid_of(127), Some(KeyUnknown)),
        ("kid of 128", kid_of(128), Some(KeyUnknown)),
        ("kid of 129", kid_of(129), Some(Malformed)),
        (
            "kid other case",
            set("kid", json!("ISSUER-KEY_1")),
            Some(KeyUnknown),
        ),
        (
            "crit unknown",
            set("crit", json!(["urn:x"])),
            Some(Malformed),
        ),
        ("crit exp", set("crit", json!(["exp"])), Some(Malformed)),
        ("crit empty", set("crit", json!([])), Some(Malformed)),
        ("crit null", set("crit", Value::Null), Some(Malformed)),
        (
            "crit b64",
            header(|h| {
                h["crit"] = json!(["b64"]);
                h["b64"] = json!(false);
            }),
            Some(Malformed),
        ),
        ("b64 false", set("b64", json!(false)), Some(Malformed)),
        (
            "jku",
            set("jku", json!("http://127.0.0.1/keys")),
            Some(Malformed),
        ),
        ("jku null", set("jku", Value::Null), Some(Malformed)),
        (
            "jwk of a stranger",
            set("jwk", foreign_key().jwk()),
            Some(Malformed),
        ),
        (
            "x5u",
            set("x5u", json!("http://127.0.0.1/c")),
            Some(Malformed),
        ),
        ("x5c", set("x5c", json!(["MIIB"])), Some(Malformed)),
        ("zip", set("zip", json!("DEF")), Some(Malformed)),
        ("enc", set("enc", json!("A256GCM")), Some(Malformed)),
        (
            "alg twice",
            header_text(r#"{"typ":"JWT","alg":"none","alg":"RS256","kid":"issuer-key_1"}"#),
            Some(Malformed),
        ),
        (
            "alg twice, escaped",
            header_text(r#"{"typ":"JWT","\u0061lg":"none","alg":"RS256","kid":"issuer-key_1"}"#),
            Some(Malformed),
        ),
        (
            "kid twice",
            header_text(r#"{"typ":"JWT","alg":"RS256","kid":"x","kid":"issuer-key_1"}"#),
            Some(Malformed),
        ),
        (
            "header array",
            header_text(r#"["RS256","JWT","issuer-key_1"]"#),
            Some(Malformed),
        ),
        ("header text", header_text(r#""RS256""#), Some(Malformed)),
        (
            "header with a tail",
            header_text(&format!("{HEADER} x")),
            Some(Malformed),
        ),
        (
            "header two objects",
            header_text(&format!("{HEADER}{HEADER}")),
            Some(Malformed),
        ),
        (
            "header with a BOM",
            header_text(&format!("\u{feff}{HEADER}")),
            Some(Malformed),
        ),
        (
            "header deep",
            header_text(&deep(HEADER, 4000)),
            Some(Malformed),
        ),
    ]
}
