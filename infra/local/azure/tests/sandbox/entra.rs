//! Sign-in at the portal: code, verifier, tokens, the picker, and who may call from a browser.

use azimuth_sandbox::directory::{API_CLIENT, API_CLIENT_SECRET, CONTOSO, PORTAL_CLIENT, user};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use url::Url;

use crate::client::{Answer, Running};

/// The example pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://127.0.0.1:4280/signed-in";

fn authorization() -> Vec<(&'static str, String)> {
    vec![
        ("client_id", PORTAL_CLIENT.into()),
        ("redirect_uri", CALLBACK.into()),
        ("response_type", "code".into()),
        ("code_challenge", CHALLENGE.into()),
        ("code_challenge_method", "S256".into()),
        (
            "scope",
            format!("openid profile offline_access api://{API_CLIENT}/access_as_user"),
        ),
        ("state", "the-state".into()),
        ("nonce", "the-nonce".into()),
    ]
}

pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Picks an account and returns the parameters that the browser brings back.
pub async fn pick(world: &Running, name: &str) -> std::collections::HashMap<String, String> {
    let mut form = authorization();
    form.push(("user", name.into()));
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let answer = world
        .form("/organizations/oauth2/v2.0/authorize", &form)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let location = Url::parse(answer.header("location")).unwrap();
    assert!(location.as_str().starts_with(CALLBACK));
    location.query_pairs().into_owned().collect()
}

async fn redeem(world: &Running, code: &str, verifier: &str) -> Answer {
    world
        .form(
            "/organizations/oauth2/v2.0/token",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", PORTAL_CLIENT),
                ("code", code),
                ("code_verifier", verifier),
                ("redirect_uri", CALLBACK),
            ],
        )
        .await
}

pub async fn refresh(world: &Running, client: &str, token: &str, scope: &str) -> Answer {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", token),
        ("scope", scope),
    ];
    if client == API_CLIENT {
        form.push(("client_secret", API_CLIENT_SECRET));
    }
    world
        .form(&format!("/{CONTOSO}/oauth2/v2.0/token"), &form)
        .await
}

#[tokio::test]
async fn a_person_signs_in_with_pkce_and_the_token_holds_what_the_verifier_demands() {
    let world = Running::start().await;
    let back = pick(&world, "alice").await;
    assert_eq!(back["state"], "the-state");
    let answer = redeem(&world, &back["code"], VERIFIER).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");

    let metadata = world
        .get(&format!("/{CONTOSO}/v2.0/.well-known/openid-configuration"))
        .await
        .body;
    let issuer = metadata["issuer"].as_str().unwrap();
    let keys_at = Url::parse(metadata["jwks_uri"].as_str().unwrap()).unwrap();
    let keys = world.get(keys_at.path()).await.body;
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["use"], &key["e"]),
        (&json!("RSA"), &json!("sig"), &json!("AQAB"))
    );
    assert_eq!(key["issuer"], issuer);
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(key["n"].as_str().unwrap())
            .unwrap()
            .len(),
        256
    );

    let token = answer.body["access_token"].as_str().unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.kid.as_deref(), key["kid"].as_str());
    assert_eq!(
        (header.typ.as_deref(), header.alg),
        (Some("JWT"), Algorithm::RS256)
    );
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.set_audience(&[API_CLIENT]);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
    let public = DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), "AQAB").unwrap();
    let said = jsonwebtoken::decode::<Value>(token, &public, &rules)
        .unwrap()
        .claims;
    let alice = user("alice").unwrap();
    assert_eq!(said["tid"], CONTOSO);
    assert_eq!(said["oid"], alice.oid);
    assert_eq!(said["roles"], json!(["operator"]));
    assert_eq!(said["scp"], "access_as_user");
    assert_eq!(said["azp"], PORTAL_CLIENT);
    assert_eq!(said["ver"], "2.0");
    let life = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
    assert!((3600..=5400).contains(&life));

    let id = claims(answer.body["id_token"].as_str().unwrap());
    assert_eq!(
        (&id["aud"], &id["nonce"]),
        (&json!(PORTAL_CLIENT), &json!("the-nonce"))
    );
    assert_eq!(id["preferred_username"], "alice@contoso.example");

    let token = answer.body["refresh_token"].as_str().unwrap();
    let scope = format!("openid api://{API_CLIENT}/access_as_user");
    let again = refresh(&world, PORTAL_CLIENT, token, &scope).await;
    assert_eq!(
        claims(again.body["access_token"].as_str().unwrap())["oid"],
        alice.oid
    );
    assert_eq!(
        claims(again.body["access_token"].as_str().unwrap())["sid"],
        said["sid"]
    );
}

#[tokio::test]
async fn a_code_is_good_once_for_its_verifier_and_for_five_minutes() {
    let world = Running::start().await;
    let code = pick(&world, "alice").await["code"].clone();
    let wrong = redeem(
        &world,
        &code,
        "another-verifier-of-sufficient-length-0000000",
    )
    .await;
    assert_eq!(wrong.refusal(), ("invalid_grant", 501_481));
    assert_eq!(
        redeem(&world, &code, VERIFIER).await.refusal(),
        ("invalid_grant", 70008)
    );

    let late = pick(&world, "alice").await["code"].clone();
    world.advance(5 * 60 * 1000);
    assert_eq!(
        redeem(&world, &late, VERIFIER).await.refusal(),
        ("invalid_grant", 70008)
    );
}

#[tokio::test]
async fn the_picker_speaks_both_languages_and_never_sends_anybody_off_the_machine() {
    let world = Running::start().await;
    let page = async |tenant: &str, change: (&str, &str), language: &str| {
        let mut pairs = authorization();
        pairs.retain(|(key, _)| *key != change.0);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())))
            .extend_pairs([change])
            .finish();
        let request = Request::get(format!("/{tenant}/oauth2/v2.0/authorize?{query}"))
            .header("accept-language", language)
            .body(Full::default())
            .unwrap();
        world.send(request).await
    };
    let korean = page("organizations", ("nonce", "n"), "ko-KR,ko").await;
    let text = korean.body.as_str().unwrap();
    assert!(text.contains("계정 선택") && text.contains("eve@fabrikam.example"));
    assert!(!text.contains("<script"));
    let english = page(CONTOSO, ("nonce", "\"><b>"), "en-US").await;
    let text = english.body.as_str().unwrap();
    assert!(text.contains("Pick an account") && !text.contains("eve@fabrikam.example"));
    assert!(!text.contains("\"><b>"));

    for change in [
        ("redirect_uri", "https://evil.example/"),
        ("client_id", API_CLIENT),
    ] {
        let refused = page("organizations", change, "en").await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.header("location"), "");
    }
    for (change, error) in [
        (("code_challenge_method", "plain"), "error=invalid_request"),
        (
            ("response_type", "token"),
            "error=unsupported_response_type",
        ),
        (("prompt", "none"), "error=login_required"),
    ] {
        let refused = page("organizations", change, "en").await;
        assert!(refused.header("location").contains(error), "{refused:?}");
        assert!(refused.header("location").contains("state=the-state"));
    }
}

#[tokio::test]
async fn a_page_on_loopback_may_fetch_tokens_and_no_page_may_forge_them() {
    let world = Running::start().await;
    let ask = async |method: Method, path: &str, origin: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", origin)
            .body(Full::default())
            .unwrap();
        world.send(request).await
    };
    let path = format!("/{CONTOSO}/oauth2/v2.0/token");
    let ours = ask(Method::OPTIONS, &path, "http://127.0.0.1:4280").await;
    assert_eq!(ours.status, StatusCode::NO_CONTENT);
    assert_eq!(
        ours.header("access-control-allow-origin"),
        "http://127.0.0.1:4280"
    );
    let theirs = ask(Method::OPTIONS, &path, "https://evil.example").await;
    assert_eq!(theirs.header("access-control-allow-origin"), "");
    let forged = ask(Method::POST, "/sandbox/token", "http://127.0.0.1:4280").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}
