//! The token corpus: one valid token and every way to bend it that §2.3 lists,
//! each with the code that refuses it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_lc_rs::{hmac, signature};
use serde_json::{Value, json};

use super::tests::{NOW, given_a_verifier};
use crate::auth::refusal::TokenCode;
use crate::auth::refusal::TokenCode::{
    AppOnly, BadSignature, Expired, KeyUnknown, Malformed, Missing, NotYetValid, ScopeMissing,
    TooLarge, WrongAudience, WrongClient, WrongIssuer, WrongTenant,
};
use crate::auth::test_issuer::TENANT;
use crate::auth::test_keys::{b64, foreign_key, issuer_key};

const HEADER: &str = r#"{"typ":"JWT","alg":"RS256","kid":"issuer-key_1"}"#;

type Case = (&'static str, String, Option<TokenCode>);

#[tokio::test]
async fn every_bent_token_is_refused_with_its_code() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    let mut wrong = Vec::new();
    let cases: Vec<Case> = [
        headers(),
        claims_of_who_and_for_whom(),
        claims_of_time(),
        claims_of_delegation(),
        forms(),
        signatures(),
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

pub(super) fn claims(change: impl FnOnce(&mut Value)) -> String {
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

fn headers() -> Vec<Case> {
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

/// `object` with a member that makes it nest this deep.
fn deep(object: &str, depth: usize) -> String {
    let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
    format!("{{\"x\":{open}{close},{}", &object[1..])
}

fn claims_of_who_and_for_whom() -> Vec<Case> {
    let upper = TENANT.to_uppercase();
    let other = "11111111-2222-3333-4444-555555555555";
    let consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let issuer = format!("http://login.sandbox.test/{TENANT}/v2.0");
    vec![
        ("aud missing", without("aud"), Some(Malformed)),
        ("aud other", with("aud", json!(other)), Some(WrongAudience)),
        ("aud empty", with("aud", json!("")), Some(WrongAudience)),
        (
            "aud as uri",
            with("aud", json!("api://azimuth-api")),
            Some(WrongAudience),
        ),
        (
            "aud with a tail",
            with("aud", json!("azimuth-api ")),
            Some(WrongAudience),
        ),
        (
            "aud other case",
            with("aud", json!("AZIMUTH-API")),
            Some(WrongAudience),
        ),
        (
            "aud array",
            with("aud", json!(["azimuth-api"])),
            Some(Malformed),
        ),
        ("aud number", with("aud", json!(7)), Some(Malformed)),
        ("aud null", with("aud", Value::Null), Some(Malformed)),
        (
            "aud twice",
            doubled(r#""aud":"azimuth-api""#),
            Some(Malformed),
        ),
        ("iss missing", without("iss"), Some(Malformed)),
        ("iss array", with("iss", json!([issuer])), Some(Malformed)),
        (
            "iss of v1",
            with("iss", json!(format!("http://sts.sandbox.test/{TENANT}/"))),
            Some(WrongIssuer),
        ),
        (
            "iss with a slash",
            with("iss", json!(format!("{issuer}/"))),
            Some(WrongIssuer),
        ),
        (
            "iss with https",
            with("iss", json!(issuer.replace("http:", "https:"))),
            Some(WrongIssuer),
        ),
        (
            "iss of another tenant",
            with("iss", json!(issuer.replace(TENANT, other))),
            Some(WrongIssuer),
        ),
        (
            "iss with the tenant in capitals",
            with("iss", json!(issuer.replace(TENANT, &upper))),
            Some(WrongIssuer),
        ),
        (
            "iss as template",
            with("iss", json!(issuer.replace(TENANT, "{tid}"))),
            Some(WrongIssuer),
        ),
        (
            "iss twice",
            doubled(r#""iss":"http://login.sandbox.test""#),
            Some(Malformed),
        ),
        ("tid missing", without("tid"), Some(Malformed)),
        ("tid other", with("tid", json!(other)), Some(WrongTenant)),
        (
            "tid of consumers",
            with("tid", json!(consumers)),
            Some(WrongTenant),
        ),
        ("tid common", with("tid", json!("common")), Some(Malformed)),
        ("tid path", with("tid", json!("../common")), Some(Malformed)),
        ("tid template", with("tid", json!("{tid}")), Some(Malformed)),
        (
            "tid twice",
            doubled(&format!("\"tid\":\"{other}\"")),
            Some(Malformed),
        ),
        (
            "tid twice, escaped",
            doubled(&format!("\"t\\u0069d\":\"{other}\"")),
            Some(Malformed),
        ),
        ("tid array", with("tid", json!([TENANT])), Some(Malformed)),
        (
            "tid in capitals is the same tenant",
            with("tid", json!(upper)),
            None,
        ),
        ("oid missing", without("oid"), Some(Malformed)),
        ("oid no guid", with("oid", json!("alice")), Some(Malformed)),
        (
            "oid mail",
            with("oid", json!("alice@contoso.test")),
            Some(Malformed),
        ),
        (
            "oid braces",
            with("oid", json!(format!("{{{other}}}"))),
            Some(Malformed),
        ),
        (
            "oid without dashes",
            with("oid", json!(other.replace('-', ""))),
            Some(Malformed),
        ),
        ("oid number", with("oid", json!(1)), Some(Malformed)),
        (
            "oid twice",
            doubled(&format!("\"oid\":\"{other}\"")),
            Some(Malformed),
        ),
        ("sub missing", without("sub"), Some(Malformed)),
        ("sub number", with("sub", json!(1)), Some(Malformed)),
        ("ver missing", without("ver"), Some(Malformed)),
        ("ver 1.0", with("ver", json!("1.0")), Some(Malformed)),
        ("ver number", with("ver", json!(2.0)), Some(Malformed)),
        ("name number", with("name", json!(1)), Some(Malformed)),
        ("name missing", without("name"), None),
        (
            "claim that nobody knows",
            with("wids", json!([{"a": 1}])),
            None,
        ),
    ]
}

fn claims_of_time() -> Vec<Case> {
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

fn claims_of_delegation() -> Vec<Case> {
    let changed = |change: fn(&mut Value)| issuer_key().token(HEADER, &claims(change));
    vec![
        ("scp missing", without("scp"), Some(AppOnly)),
        (
            "scp other",
            with("scp", json!("user.read")),
            Some(ScopeMissing),
        ),
        ("scp empty", with("scp", json!("")), Some(ScopeMissing)),
        (
            "scp prefix",
            with("scp", json!("access_as_user2")),
            Some(ScopeMissing),
        ),
        (
            "scp other case",
            with("scp", json!("Access_As_User")),
            Some(ScopeMissing),
        ),
        (
            "scp comma list",
            with("scp", json!("a,access_as_user")),
            Some(ScopeMissing),
        ),
        (
            "scp among others",
            with("scp", json!("a access_as_user b")),
            None,
        ),
        (
            "scp array",
            with("scp", json!(["access_as_user"])),
            Some(Malformed),
        ),
        ("scp null", with("scp", Value::Null), Some(Malformed)),
        (
            "scp twice",
            doubled(r#""scp":"access_as_user""#),
            Some(Malformed),
        ),
        ("idtyp user", with("idtyp", json!("user")), None),
        ("idtyp app", with("idtyp", json!("app")), Some(AppOnly)),
        (
            "idtyp device",
            with("idtyp", json!("device")),
            Some(Malformed),
        ),
        ("idtyp null", with("idtyp", Value::Null), Some(Malformed)),
        (
            "application token",
            changed(|c| {
                c.as_object_mut().unwrap().remove("scp");
                c["idtyp"] = json!("app");
                c["sub"] = c["oid"].clone();
            }),
            Some(AppOnly),
        ),
        (
            "id token",
            changed(|c| {
                for name in ["scp", "azp"] {
                    c.as_object_mut().unwrap().remove(name);
                }
                c["nonce"] = json!("n");
            }),
            Some(AppOnly),
        ),
        (
            "user token without scp",
            changed(|c| {
                c.as_object_mut().unwrap().remove("scp");
                c["idtyp"] = json!("user");
            }),
            Some(ScopeMissing),
        ),
        ("azp missing", without("azp"), Some(WrongClient)),
        (
            "azp other",
            with("azp", json!("someone")),
            Some(WrongClient),
        ),
        (
            "azp array",
            with("azp", json!(["azimuth-portal"])),
            Some(Malformed),
        ),
        (
            "azp twice",
            doubled(r#""azp":"azimuth-portal""#),
            Some(Malformed),
        ),
        ("roles missing", without("roles"), None),
        (
            "roles text",
            with("roles", json!("operator")),
            Some(Malformed),
        ),
        ("roles null", with("roles", Value::Null), Some(Malformed)),
        (
            "roles of numbers",
            with("roles", json!([1])),
            Some(Malformed),
        ),
        (
            "roles that nobody knows",
            with("roles", json!(["root"])),
            None,
        ),
        (
            "roles twice",
            doubled(r#""roles":["admin"]"#),
            Some(Malformed),
        ),
    ]
}

fn forms() -> Vec<Case> {
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
            "4 MiB",
            format!("{token}{}", "A".repeat(4 << 20)),
            Some(TooLarge),
        ),
    ]
}

/// The claims as an array in the order of our struct.
fn as_array() -> String {
    let c = super::tests::valid_claims();
    let order = [
        "iss", "aud", "sub", "exp", "nbf", "iat", "ver", "tid", "oid", "azp", "scp",
    ];
    let mut values: Vec<Value> = order.iter().map(|name| c[*name].clone()).collect();
    values.extend([json!("user"), json!([]), json!("n")]);
    Value::Array(values).to_string()
}

fn signatures() -> Vec<Case> {
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
