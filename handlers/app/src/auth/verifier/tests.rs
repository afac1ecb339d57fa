//! What an accepted token becomes, and the limits of the outer form.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use azimuth_domain::principal::{Principal, UserKey};
use azimuth_domain::time::Timestamp;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use azimuth_domain::principal::Role;

use super::*;
use crate::auth::algorithm::TokenAlgorithm;
use crate::auth::jwks::{JwksSettings, KeysAt};
use crate::auth::test_issuer::{ISSUER, TENANT, TestIssuer};
use crate::auth::test_keys::{EcTestKey, TestClock, b64, foreign_key, issuer_key};

/// The present second of these tests.
pub(super) const NOW: i64 = 1_795_525_509;
const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";
const OIDC_ISSUER: &str = "https://id.sandbox.test/realms/contoso";
/// Tenant of that issuer's people.
const OIDC_TENANT: &str = "0c0ffee0-0000-4000-8000-000000000001";
/// A tenant of Entra ID that has an application of its own.
const OWN_TENANT: &str = "0a9900ed-0000-4000-8000-000000000001";

/// Beside Entra ID, another issuer with a key of its own: a verifier for both.
pub(super) async fn given_two_issuers(
    change: impl FnOnce(&mut OidcSettings),
) -> (Vec<TestIssuer>, TokenVerifier) {
    let entra = TestIssuer::publishing(vec![foreign_key().jwk()]).await;
    let other = TestIssuer::publishing(vec![issuer_key().jwk()]).await;
    let clock = Arc::new(TestClock::at(NOW));
    let first = VerifierSettings {
        issuer: ISSUER.to_owned(),
        audience: "azimuth-api".to_owned(),
        own_audiences: [].into(),
        tenants: [TENANT.to_owned()].into(),
        clients: ["azimuth-portal".to_owned()].into(),
        scope: VerifierSettings::SCOPE.to_owned(),
        leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
    };
    let mut second = oidc_settings();
    change(&mut second);
    let verifier = TokenVerifier::of(
        (first.into(), Arc::new(entra.cache(Arc::clone(&clock)))),
        vec![(second.into(), Arc::new(other.cache(Arc::clone(&clock))))],
        clock,
    );
    (vec![entra, other], verifier)
}

fn oidc_settings() -> OidcSettings {
    OidcSettings {
        issuer: OIDC_ISSUER.to_owned(),
        audience: "azimuth-api".to_owned(),
        tenant: OIDC_TENANT.to_owned(),
        clients: ["azimuth-portal".to_owned()].into(),
        algorithm: TokenAlgorithm::Rs256,
        is_typed: false,
        scope: Some("azimuth".to_owned()),
        claims: ClaimNames {
            roles: "realm_access.roles".to_owned(),
            ..ClaimNames::default()
        },
        roles: vec![
            ("ops".to_owned(), Role::Operator),
            ("ops".to_owned(), Role::Reader),
        ],
    }
}

/// As Keycloak writes them.
pub(super) fn oidc_claims() -> Value {
    json!({
        "iss": OIDC_ISSUER, "aud": ["azimuth-api", "account"], "sub": "Alice",
        "exp": NOW + 300, "iat": NOW - 5, "azp": "azimuth-portal", "typ": "Bearer",
        "scope": "openid azimuth", "realm_access": {"roles": ["ops", "admin"]},
        "name": "Alice Kim", "sid": "s-1",
    })
}

#[tokio::test]
async fn a_token_of_another_issuer_becomes_somebody_of_its_one_tenant() {
    let (_issuers, verifier) = given_two_issuers(|_| ()).await;
    let token = |claims: &Value| issuer_key().token(HEADER, &claims.to_string());
    let alice = verifier.verify(&token(&oidc_claims())).await.unwrap();
    assert_eq!(alice.user.tid, OIDC_TENANT);
    assert!(is_guid(&alice.user.oid));
    // Stored everywhere: another hash would be other people.
    assert_eq!(alice.user.oid, object_id(OIDC_ISSUER, "Alice"));
    assert_eq!(alice.roles, [Role::Operator, Role::Reader].into());
    assert!(alice.session.is_some());
    let mut claims = oidc_claims();
    claims["sub"] = json!("alice");
    let other = verifier.verify(&token(&claims)).await.unwrap();
    assert_ne!(other.user, alice.user, "letter case of a subject counts");
    assert_ne!(object_id("https://b.invalid", "Alice"), alice.user.oid);
}

#[tokio::test]
async fn an_issuer_speaks_for_its_own_people_and_nobody_elses() {
    let (_issuers, verifier) = given_two_issuers(|_| ()).await;
    // A genuine key of one issuer under the name, and with the claims, of the other.
    let of_entra = issuer_key().token(HEADER, &valid_claims().to_string());
    let refused = verifier.verify(&of_entra).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::KeyUnknown);
    let header = HEADER.replace("key_1", "key_2");
    let of_other = foreign_key().token(&header, &oidc_claims().to_string());
    let refused = verifier.verify(&of_other).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::KeyUnknown);
    let entra = foreign_key().token(&header, &valid_claims().to_string());
    assert_eq!(verifier.verify(&entra).await.unwrap().user.tid, TENANT);
}

#[tokio::test]
async fn an_issuer_that_signs_by_es256_is_believed_by_that_alone() {
    let (key, foreign) = (EcTestKey::new("ec-key_1"), EcTestKey::new("ec-key_1"));
    // Its other key is of the other kind, and dropped.
    let published = vec![key.jwk(), issuer_key().jwk()];
    let issuer = TestIssuer::publishing(published).await;
    let clock = Arc::new(TestClock::at(NOW));
    let (_issuers, verifier) = given_two_issuers(|_| ()).await;
    let mut rules = oidc_settings();
    rules.algorithm = TokenAlgorithm::Es256;
    let at = KeysAt::Url(issuer.url("/{tid}/keys"));
    let settings = JwksSettings::of(at, OIDC_ISSUER, TokenAlgorithm::Es256);
    let keys = TestIssuer::cache_with(settings, Arc::clone(&clock));
    let by_es256 = TokenVerifier::of((rules.into(), Arc::new(keys)), Vec::new(), clock);

    let message = |alg: &str, kid: &str| {
        let header = json!({"typ": "JWT", "alg": alg, "kid": kid}).to_string();
        format!("{}.{}", b64(header), b64(oidc_claims().to_string()))
    };
    let signed = message("ES256", key.kid);
    let good = key.sign(&signed);
    let bent = |byte: usize| {
        let mut signature = good.clone();
        signature[byte] ^= 1;
        signature
    };
    let token = |signature: &[u8]| format!("{signed}.{}", b64(signature));
    let alice = by_es256.verify(&token(&good)).await.unwrap();
    assert_eq!(alice.user.oid, object_id(OIDC_ISSUER, "Alice"));
    let rs256 = issuer_key().token(HEADER, &oidc_claims().to_string());
    let rsa_key = message("ES256", issuer_key().kid);
    let rsa_key = format!("{rsa_key}.{}", b64(key.sign(&rsa_key)));
    for (what, token, code) in [
        ("r", token(&bent(0)), TokenCode::BadSignature),
        ("s", token(&bent(63)), TokenCode::BadSignature),
        ("short", token(&good[..63]), TokenCode::BadSignature),
        ("nothing", token(&[0; 64]), TokenCode::BadSignature),
        (
            "another key",
            token(&foreign.sign(&signed)),
            TokenCode::BadSignature,
        ),
        ("RS256", rs256, TokenCode::Malformed),
        ("a key of the other kind", rsa_key, TokenCode::KeyUnknown),
    ] {
        let refused = by_es256.verify(&token).await.unwrap_err();
        assert_eq!(refused.code, code, "{what}");
    }
    // Who signs by RS256 is not believed by the other.
    let refused = verifier.verify(&token(&good)).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::Malformed);
}

const HEADER: &str = r#"{"typ":"JWT","alg":"RS256","kid":"issuer-key_1"}"#;

pub(super) fn valid_claims() -> Value {
    json!({
        "iss": ISSUER.replace("{tid}", TENANT), "aud": "azimuth-api", "sub": "s-1",
        "exp": NOW + 3600, "nbf": NOW - 5, "iat": NOW - 5, "ver": "2.0",
        "tid": TENANT, "oid": ALICE, "azp": "azimuth-portal", "scp": "access_as_user",
        "roles": ["operator", "approver"], "name": "Alice Kim",
    })
}

pub(super) async fn given_a_verifier() -> (TestIssuer, TokenVerifier, Arc<TestClock>) {
    let issuer = TestIssuer::publishing(vec![issuer_key().jwk()]).await;
    let clock = Arc::new(TestClock::at(NOW));
    let settings = VerifierSettings {
        issuer: ISSUER.to_owned(),
        audience: "azimuth-api".to_owned(),
        own_audiences: [(OWN_TENANT.to_owned(), "their-api".to_owned())].into(),
        tenants: [TENANT.to_owned(), OWN_TENANT.to_owned()].into(),
        clients: ["azimuth-portal".to_owned()].into(),
        scope: VerifierSettings::SCOPE.to_owned(),
        leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
    };
    let keys = Arc::new(issuer.cache(Arc::clone(&clock)));
    let verifier = TokenVerifier::new(settings, keys, Arc::clone(&clock) as Arc<dyn Clock>);
    (issuer, verifier, clock)
}

fn token(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = valid_claims();
    change(&mut claims);
    issuer_key().token(HEADER, &claims.to_string())
}

#[tokio::test]
async fn tokens_are_for_the_application_of_their_tenant_alone() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    for (tenant, audience, is_accepted) in [
        (TENANT, "azimuth-api", true),
        (TENANT, "their-api", false),
        (OWN_TENANT, "their-api", true),
        (OWN_TENANT, "azimuth-api", false),
    ] {
        let token = token(|claims| {
            claims["tid"] = json!(tenant);
            claims["iss"] = json!(ISSUER.replace("{tid}", tenant));
            claims["aud"] = json!(audience);
        });
        let found = verifier.verify(&token).await;
        let code = found.as_ref().err().map(|refused| refused.code);
        let expected = (!is_accepted).then_some(TokenCode::WrongAudience);
        assert_eq!(code, expected, "{tenant} {audience}");
        let tenant_of_it = found.ok().map(|principal| principal.user.tid);
        assert_eq!(tenant_of_it, is_accepted.then(|| tenant.to_owned()));
    }
}

#[tokio::test]
async fn who_vouches_for_a_tenant_is_told_and_for_no_other() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    for (tenant, audience, is_own) in [
        (TENANT, "azimuth-api", false),
        (OWN_TENANT, "their-api", true),
    ] {
        let trust = verifier.trust_of(tenant).unwrap();
        assert_eq!(trust.issuer, ISSUER.replace("{tid}", tenant));
        let said = (trust.audience.as_str(), trust.has_own_application);
        assert_eq!(said, (audience, is_own));
    }
    assert_eq!(verifier.trust_of(OIDC_TENANT), None);
    let (_issuers, verifier) = given_two_issuers(|_| ()).await;
    assert_eq!(verifier.trust_of(OIDC_TENANT).unwrap().issuer, OIDC_ISSUER);
    assert_eq!(verifier.trust_of(OWN_TENANT), None);
}

#[tokio::test]
async fn an_accepted_token_becomes_the_principal_it_describes() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    assert_eq!(
        verifier.verify(&token(|_| ())).await.unwrap(),
        Principal {
            user: UserKey::new(TENANT, ALICE),
            name: Some("Alice Kim".to_owned()),
            roles: [Role::Operator, Role::Approver].into(),
            token_issued_at: Timestamp((NOW - 5) * 1000),
            token_expires_at: Timestamp((NOW + 3600) * 1000),
            session: None,
        }
    );
}

#[tokio::test]
async fn unknown_roles_give_nothing_and_names_are_tamed() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    let principal = verifier
        .verify(&token(|c| {
            c["roles"] = json!(["root", "Admin", "reader", "reader"]);
            c["name"] = json!(format!("a\u{1b}[31m\n{}", "ü".repeat(200)));
            c["oid"] = json!(ALICE.to_uppercase());
        }))
        .await
        .unwrap();
    assert_eq!(principal.roles, [Role::Reader].into());
    assert_eq!(principal.name, Some(format!("a[31m{}", "ü".repeat(123))));
    assert_eq!(principal.user, UserKey::new(TENANT, ALICE));
}

#[tokio::test]
async fn a_token_of_16_kib_is_read_and_one_byte_more_is_not() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    for (length, expected) in [
        (MAX_TOKEN_BYTES - 1, None),
        (MAX_TOKEN_BYTES, None),
        (MAX_TOKEN_BYTES + 1, Some(TokenCode::TooLarge)),
    ] {
        let token = token_of_length(length);
        assert_eq!(token.len(), length);
        let got = verifier.verify(&token).await.err().map(|e| e.code);
        assert_eq!(got, expected, "{length}");
    }
}

/// A valid token of exactly this many bytes: padded in the payload, and by
/// spaces in the header where base64 skips a length.
fn token_of_length(length: usize) -> String {
    let base = token(|c| c["pad"] = json!("")).len();
    (0..3)
        .flat_map(|spaces| {
            let header = HEADER.replacen(',', &format!(",{}", " ".repeat(spaces)), 1);
            let start = (length - base) * 3 / 4;
            (start.saturating_sub(8)..start + 8).map(move |pad| {
                let mut claims = valid_claims();
                claims["pad"] = json!("x".repeat(pad));
                (header.clone(), claims.to_string())
            })
        })
        .find(|(header, payload)| {
            let encoded = |bytes: usize| (bytes * 4).div_ceil(3);
            encoded(header.len()) + encoded(payload.len()) + 2 + encoded(256) == length
        })
        .map(|(header, payload)| issuer_key().token(&header, &payload))
        .unwrap()
}

#[tokio::test]
async fn a_token_dies_when_its_time_has_come() {
    let (_issuer, verifier, clock) = given_a_verifier().await;
    let token = token(|c| c["exp"] = json!(NOW + 10));
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(70_000);
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(1_000);
    assert_eq!(
        verifier.verify(&token).await.unwrap_err().code,
        TokenCode::Expired
    );
}

#[tokio::test]
async fn one_authorization_header_with_one_token_is_accepted() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    let token = token(|_| ());
    let cases: [(&[String], Option<TokenCode>); 9] = [
        (&[format!("Bearer {token}")], None),
        (&[format!("bearer {token}")], None),
        (&[], Some(TokenCode::Missing)),
        (&[String::new()], Some(TokenCode::Missing)),
        (&["Bearer".to_owned()], Some(TokenCode::Missing)),
        (&["Basic YTpi".to_owned()], Some(TokenCode::Missing)),
        (std::slice::from_ref(&token), Some(TokenCode::Missing)),
        (&[format!("Bearer  {token}")], Some(TokenCode::Malformed)),
        (
            &[format!("Bearer {token}"), format!("Bearer {token}")],
            Some(TokenCode::Malformed),
        ),
    ];
    for (values, expected) in cases {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", HeaderValue::from_str(value).unwrap());
        }
        let got = verifier.authenticate(&headers).await.err().map(|e| e.code);
        assert_eq!(got, expected, "{} header(s)", values.len());
    }
}

#[tokio::test]
async fn platform_identity_headers_identify_nobody() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    let mut headers = HeaderMap::new();
    for name in [
        "x-ms-client-principal",
        "x-ms-client-principal-id",
        "cookie",
    ] {
        headers.insert(name, HeaderValue::from_static("eyJ1c2VySWQiOiJhZG1pbiJ9"));
    }
    headers.insert(
        "x-ms-token-aad-access-token",
        token(|_| ()).parse().unwrap(),
    );
    let refused = verifier.authenticate(&headers).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::Missing);
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn a_token_that_was_seen_before_is_held_against_the_clock_each_time() {
    let (_issuer, verifier, clock) = given_a_verifier().await;
    let token = token(|_| ());
    verifier.verify(&token).await.unwrap();
    clock.advance((3600 + 60) * 1000);
    verifier.verify(&token).await.unwrap();
    clock.advance(1000);
    let refused = verifier.verify(&token).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::Expired);
}

#[tokio::test]
async fn a_token_that_was_seen_before_is_refused_once_its_key_is_gone_or_another() {
    let (issuer, verifier, clock) = given_a_verifier().await;
    let token = token(|c| c["exp"] = json!(NOW + 100 * 24 * 60 * 60));
    verifier.verify(&token).await.unwrap();

    // The same key id for another key.
    let mut other = foreign_key().jwk();
    other["kid"] = issuer_key().jwk()["kid"].clone();
    issuer.publish(vec![other]);
    clock.advance(DAY_MS);
    let refused = verifier.verify(&token).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::BadSignature);

    issuer.publish(vec![issuer_key().jwk()]);
    clock.advance(DAY_MS);
    verifier.verify(&token).await.unwrap();
    issuer.publish(vec![foreign_key().jwk()]);
    clock.advance(DAY_MS);
    let refused = verifier.verify(&token).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::KeyUnknown);
}

#[tokio::test]
async fn a_token_that_differs_in_one_character_was_not_seen_before() {
    let (_issuer, verifier, _clock) = given_a_verifier().await;
    let token = token(|_| ());
    verifier.verify(&token).await.unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{first}{}", &signature[1..]);
    let refused = verifier.verify(&forged).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::BadSignature);
}

#[tokio::test]
async fn an_unreachable_issuer_is_told_apart_from_a_bad_token() {
    let (issuer, verifier, _clock) = given_a_verifier().await;
    issuer.break_down();
    let refused = verifier.verify(&token(|_| ())).await.unwrap_err();
    assert_eq!(refused.code, TokenCode::IssuerUnavailable);
    assert!(refused.code.retry_is_useful());
}

#[test]
fn a_refusal_shows_the_sentence_and_keeps_the_context() {
    let refused = TokenRefused::new(TokenCode::BadSignature, "kid 7 of tenant x");
    assert_eq!(refused.to_string(), TokenCode::BadSignature.sentence());
    assert_eq!(refused.context(), "kid 7 of tenant x");
}
