//! Bent claims: whom the token is for, whom it speaks for, what it may.

use serde_json::{Value, json};

use super::{Case, HEADER, claims, doubled, with, without};
use crate::auth::refusal::TokenCode::{
    AppOnly, Malformed, ScopeMissing, WrongAudience, WrongClient, WrongIssuer, WrongTenant,
};
use crate::auth::test_issuer::TENANT;
use crate::auth::test_keys::issuer_key;

pub(super) fn claims_of_who_and_for_whom() -> Vec<Case> {
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
        ("sid number", with("sid", json!(1)), Some(Malformed)),
        ("sid null", with("sid", Value::Null), Some(Malformed)),
        (
            "sid twice",
            doubled(r#""sid":"a","sid":"b""#),
            Some(Malformed),
        ),
        ("sid", with("sid", json!("a")), None),
        (
            "claim that nobody knows",
            with("wids", json!([{"a": 1}])),
            None,
        ),
    ]
}

pub(super) fn claims_of_delegation() -> Vec<Case> {
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
