//! When the cache asks the issuer, and which keys it takes from the answer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::keys::{Dropped, sound_key};
use super::*;
use crate::auth::test_issuer::{Answer, ISSUER, TENANT, TestIssuer, key_set};
use crate::auth::test_keys::{EcTestKey, TestClock, b64, foreign_key, issuer_key};

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn given_a_cache() -> (TestIssuer, Arc<JwksCache>, Arc<TestClock>) {
    let issuer = TestIssuer::publishing(vec![issuer_key().jwk()]).await;
    let clock = Arc::new(TestClock::at(1_795_525_509));
    let cache = Arc::new(issuer.cache(Arc::clone(&clock)));
    (issuer, cache, clock)
}

async fn code(cache: &JwksCache, kid: &str) -> Option<TokenCode> {
    cache.key(TENANT, kid).await.err().map(|e| e.code)
}

#[tokio::test]
async fn a_set_is_fetched_once_and_again_after_a_day() {
    let (issuer, cache, clock) = given_a_cache().await;
    for (ms, hits) in [(0, 1), (0, 1), (DAY - 1, 1), (1, 2), (0, 2)] {
        clock.advance(ms);
        assert_eq!(code(&cache, "issuer-key_1").await, None);
        assert_eq!(issuer.hits(), hits, "after {ms} ms");
    }
}

#[tokio::test]
async fn an_issuer_tells_itself_where_its_keys_are() {
    let issuer = TestIssuer::publishing(vec![issuer_key().jwk()]).await;
    let clock = || Arc::new(TestClock::at(1_795_525_509));
    for (named, expected) in [
        (issuer.url(""), None),
        // The document is of the one without a slash.
        (issuer.url("/"), Some(TokenCode::IssuerUnavailable)),
        (issuer.url("/realm"), Some(TokenCode::IssuerUnavailable)),
    ] {
        let settings = JwksSettings::of(KeysAt::Discovery, &named, TokenAlgorithm::Rs256);
        let cache = TestIssuer::cache_with(settings, clock());
        assert_eq!(code(&cache, "issuer-key_1").await, expected, "{named}");
    }
    assert_eq!(issuer.hits(), 1, "keys are not asked for in vain");
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_at_a_bounded_rate() {
    let (issuer, cache, clock) = given_a_cache().await;
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    for (ms, hits) in [(0, 1), (5 * 60 * 1000 - 1, 1), (1, 2), (0, 2), (1000, 2)] {
        clock.advance(ms);
        for kid in ["issuer-key_2", "x", "y"] {
            assert_eq!(code(&cache, kid).await, Some(TokenCode::KeyUnknown));
        }
        assert_eq!(issuer.hits(), hits, "after {ms} ms");
    }
    issuer.publish(vec![issuer_key().jwk(), foreign_key().jwk()]);
    assert_eq!(
        code(&cache, "issuer-key_2").await,
        Some(TokenCode::KeyUnknown)
    );
    clock.advance(5 * 60 * 1000);
    assert_eq!(code(&cache, "issuer-key_2").await, None);
}

#[tokio::test]
async fn many_callers_share_one_fetch() {
    let (issuer, cache, _clock) = given_a_cache().await;
    issuer.close_gate();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let cache = Arc::clone(&cache);
        callers.spawn(async move { code(&cache, "issuer-key_1").await });
    }
    wait_until(|| issuer.hits() == 1).await;
    issuer.open_gate();
    assert!(callers.join_all().await.iter().all(Option::is_none));
    assert_eq!(issuer.hits(), 1);
}

#[tokio::test]
async fn while_an_old_set_is_renewed_others_are_served_from_it() {
    let (issuer, cache, clock) = given_a_cache().await;
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    clock.advance(DAY);
    issuer.close_gate();
    let mut renewal = tokio::task::JoinSet::new();
    let renewing = Arc::clone(&cache);
    renewal.spawn(async move { code(&renewing, "issuer-key_1").await });
    wait_until(|| issuer.hits() == 2).await;
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    issuer.open_gate();
    assert_eq!(renewal.join_all().await, [None]);
    assert_eq!(issuer.hits(), 2);
}

#[tokio::test]
async fn an_issuer_that_fails_is_survived_for_two_days() {
    let (issuer, cache, clock) = given_a_cache().await;
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    issuer.break_down();
    clock.advance(DAY);
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    assert_eq!(
        code(&cache, "other").await,
        Some(TokenCode::IssuerUnavailable)
    );
    clock.advance(DAY - 1);
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    clock.advance(1);
    assert_eq!(
        code(&cache, "issuer-key_1").await,
        Some(TokenCode::IssuerUnavailable)
    );
    issuer.publish(vec![issuer_key().jwk()]);
    clock.advance(5_000);
    assert_eq!(code(&cache, "issuer-key_1").await, None);
}

#[tokio::test]
async fn a_failed_fetch_is_repeated_after_five_seconds_and_not_before() {
    let (issuer, cache, clock) = given_a_cache().await;
    issuer.break_down();
    for (ms, hits) in [(0, 1), (4_999, 1), (1, 2)] {
        clock.advance(ms);
        assert_eq!(
            code(&cache, "issuer-key_1").await,
            Some(TokenCode::IssuerUnavailable)
        );
        assert_eq!(issuer.hits(), hits, "after {ms} ms");
    }
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_gone_with_the_next_set() {
    let (issuer, cache, clock) = given_a_cache().await;
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    issuer.publish(vec![foreign_key().jwk()]);
    clock.advance(DAY);
    assert_eq!(
        code(&cache, "issuer-key_1").await,
        Some(TokenCode::KeyUnknown)
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_renewals() {
    let (issuer, cache, clock) = given_a_cache().await;
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    clock.advance(-DAY);
    assert_eq!(code(&cache, "issuer-key_1").await, None);
    assert_eq!(issuer.hits(), 2);
}

#[tokio::test]
async fn answers_that_are_no_key_set_are_refused() {
    let key = issuer_key().jwk();
    let body = |body: String| Answer {
        body,
        ..key_set(vec![])
    };
    let cases = [
        ("empty", body(String::new())),
        ("html", body("<html>".to_owned())),
        ("array", body(json!([[key]]).to_string())),
        (
            "keys is an object",
            body(json!({"keys": {"a": key}}).to_string()),
        ),
        ("a key is text", body(json!({"keys": ["a"]}).to_string())),
        ("no keys", key_set(vec![])),
        ("duplicate kid", key_set(vec![key.clone(), key.clone()])),
        ("101 keys", key_set(vec![json!({}); 101])),
        (
            "a redirect",
            Answer {
                status: StatusCode::FOUND,
                location: Some("/elsewhere".to_owned()),
                ..key_set(vec![key.clone()])
            },
        ),
        (
            "not found",
            Answer {
                status: StatusCode::NOT_FOUND,
                ..key_set(vec![key.clone()])
            },
        ),
    ];
    for (name, answer) in cases {
        let (issuer, cache, _clock) = given_a_cache().await;
        issuer.answer_with(answer);
        assert_eq!(
            code(&cache, "issuer-key_1").await,
            Some(TokenCode::IssuerUnavailable),
            "{name}"
        );
        assert_eq!(issuer.hits(), 1, "{name}");
    }
}

#[tokio::test]
async fn an_answer_is_cut_at_its_cap() {
    for (bytes, expected) in [
        (19_999, None),
        (20_000, None),
        (20_001, Some(TokenCode::IssuerUnavailable)),
    ] {
        let (issuer, cache, _clock) = given_a_cache().await;
        let mut answer = key_set(vec![issuer_key().jwk()]);
        answer.body = format!("{:<bytes$}", answer.body);
        issuer.answer_with(answer);
        assert_eq!(code(&cache, "issuer-key_1").await, expected, "{bytes}");
    }
}

#[tokio::test]
async fn a_silent_issuer_is_given_up() {
    let (issuer, _cache, clock) = given_a_cache().await;
    issuer.close_gate();
    let fetcher = Fetcher::new(&FetcherSettings {
        timeout: Duration::from_millis(50),
        ..FetcherSettings::default()
    })
    .unwrap();
    let cache = JwksCache::new(issuer.settings(), fetcher, clock);
    assert_eq!(
        code(&cache, "issuer-key_1").await,
        Some(TokenCode::IssuerUnavailable)
    );
}

#[test]
fn only_sound_rsa_signing_keys_of_the_issuer_are_taken() {
    let issuer = ISSUER.replace("{tid}", TENANT);
    let changed = |member: &str, value: Value| {
        let mut key = issuer_key().jwk();
        key[member] = value;
        key
    };
    let without = |member: &str| {
        let mut key = issuer_key().jwk();
        key.as_object_mut().unwrap().remove(member);
        key
    };
    let modulus = |bytes: usize| {
        let mut n = vec![0xC3; bytes];
        n[bytes - 1] |= 1;
        json!(b64(n))
    };
    let padded = |zeros: usize| {
        let mut n = vec![0; zeros];
        n.extend([0x80; 255]);
        n.push(0x81);
        json!(b64(n))
    };
    let bits_2047 = {
        let mut n = vec![0x41; 256];
        n[255] = 0x43;
        json!(b64(n))
    };
    let cases = [
        ("as published", issuer_key().jwk(), None),
        ("use absent", without("use"), None),
        ("alg RS256", changed("alg", json!("RS256")), None),
        ("issuer exact", changed("issuer", json!(issuer)), None),
        (
            "issuer template",
            changed("issuer", json!(ISSUER.replace("{tid}", "{tenantid}"))),
            None,
        ),
        ("x5c beside", changed("x5c", json!(["MII"])), None),
        ("leading zero bytes", changed("n", padded(3)), None),
        ("8192 bits", changed("n", modulus(1024)), None),
        ("kid absent", without("kid"), Some(Dropped::NoKid)),
        (
            "kid path",
            changed("kid", json!("../k")),
            Some(Dropped::NoKid),
        ),
        ("kty absent", without("kty"), Some(Dropped::WrongKind)),
        (
            "kty EC",
            changed("kty", json!("EC")),
            Some(Dropped::WrongKind),
        ),
        (
            "kty oct",
            json!({"kty": "oct", "kid": "a", "k": "AAAA"}),
            Some(Dropped::WrongKind),
        ),
        (
            "k beside",
            changed("k", json!("AAAA")),
            Some(Dropped::SecretMember),
        ),
        (
            "private exponent",
            changed("d", json!("AAAA")),
            Some(Dropped::SecretMember),
        ),
        (
            "prime",
            changed("p", json!("AAAA")),
            Some(Dropped::SecretMember),
        ),
        (
            "use enc",
            changed("use", json!("enc")),
            Some(Dropped::WrongUse),
        ),
        (
            "use null",
            changed("use", Value::Null),
            Some(Dropped::WrongUse),
        ),
        (
            "alg RS512",
            changed("alg", json!("RS512")),
            Some(Dropped::WrongAlgorithm),
        ),
        (
            "alg HS256",
            changed("alg", json!("HS256")),
            Some(Dropped::WrongAlgorithm),
        ),
        (
            "alg RSA-OAEP",
            changed("alg", json!("RSA-OAEP")),
            Some(Dropped::WrongAlgorithm),
        ),
        (
            "issuer of consumers",
            changed(
                "issuer",
                json!("http://login.sandbox.test/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
            ),
            Some(Dropped::ForeignIssuer),
        ),
        (
            "issuer null",
            changed("issuer", Value::Null),
            Some(Dropped::ForeignIssuer),
        ),
        ("n absent", without("n"), Some(Dropped::BadNumber)),
        ("n empty", changed("n", json!("")), Some(Dropped::BadNumber)),
        (
            "n zero",
            changed("n", json!(b64([0; 256]))),
            Some(Dropped::BadNumber),
        ),
        (
            "n even",
            changed("n", json!(b64([0x82; 256]))),
            Some(Dropped::BadNumber),
        ),
        (
            "n padded base64",
            changed("n", json!(format!("{}==", issuer_key().n()))),
            Some(Dropped::BadNumber),
        ),
        (
            "1024 bits",
            changed("n", modulus(128)),
            Some(Dropped::WrongSize),
        ),
        (
            "2047 bits",
            changed("n", bits_2047),
            Some(Dropped::WrongSize),
        ),
        (
            "8200 bits",
            changed("n", modulus(1025)),
            Some(Dropped::WrongSize),
        ),
        ("e absent", without("e"), Some(Dropped::BadNumber)),
        (
            "e one",
            changed("e", json!("AQ")),
            Some(Dropped::WrongExponent),
        ),
        (
            "e three",
            changed("e", json!("Aw")),
            Some(Dropped::WrongExponent),
        ),
        (
            "e with zeros in front",
            changed("e", json!(b64([0, 1, 0, 1]))),
            None,
        ),
    ];
    for (name, key, expected) in cases {
        let got = sound_key(
            key.as_object().unwrap(),
            TENANT,
            &issuer,
            TokenAlgorithm::Rs256,
        )
        .err();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn only_points_of_p_256_are_keys_of_es256() {
    let key = EcTestKey::new("ec-key_1").jwk();
    let issuer = ISSUER.replace("{tid}", TENANT);
    let changed = |member: &str, value: Value| {
        let mut key = key.clone();
        key[member] = value;
        key
    };
    for (name, key, expected) in [
        ("as published", key.clone(), None),
        ("alg ES256", changed("alg", json!("ES256")), None),
        (
            "alg RS256",
            changed("alg", json!("RS256")),
            Some(Dropped::WrongAlgorithm),
        ),
        (
            "kty RSA",
            changed("kty", json!("RSA")),
            Some(Dropped::WrongKind),
        ),
        (
            "P-384",
            changed("crv", json!("P-384")),
            Some(Dropped::WrongKind),
        ),
        (
            "no curve",
            changed("crv", Value::Null),
            Some(Dropped::WrongKind),
        ),
        (
            "31 bytes",
            changed("x", json!(b64([1; 31]))),
            Some(Dropped::NoPoint),
        ),
        (
            "33 bytes",
            changed("y", json!(b64([1; 33]))),
            Some(Dropped::NoPoint),
        ),
        (
            "no base64",
            changed("y", json!("*")),
            Some(Dropped::NoPoint),
        ),
        ("no y", changed("y", Value::Null), Some(Dropped::NoPoint)),
        (
            "private",
            changed("d", json!(b64([1; 32]))),
            Some(Dropped::SecretMember),
        ),
    ] {
        let key = key.as_object().unwrap();
        let got = sound_key(key, TENANT, &issuer, TokenAlgorithm::Es256).err();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn a_set_has_at_most_a_hundred_keys() {
    let sound = issuer_key().jwk();
    for (count, expected) in [(99, None), (100, None), (101, Some(KeySetError::TooMany))] {
        let others = (1..count).map(|n| json!({"kid": format!("k{n}"), "kty": "oct"}));
        let keys: Vec<Value> = others.chain([sound.clone()]).collect();
        let body = json!({"keys": keys}).to_string();
        let read = KeySet::read(body.as_bytes(), TENANT, ISSUER, TokenAlgorithm::Rs256);
        assert_eq!(read.err(), expected, "{count} keys");
    }
}

async fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(
            Instant::now() < deadline,
            "the condition did not come to hold"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
