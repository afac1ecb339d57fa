//! The exchange against a double that checks the form the way Entra documents it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use azure_core::credentials::{AccessToken as SdkToken, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use serde_json::{Value, json};

use super::*;
use crate::loopback::{Loopback, NOW, StandingClock, closed_port, padded};

const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";
const OTHER_TENANT: &str = "0a9900ed-0000-4000-8000-000000000001";
const ARM: &str = "https://management.azure.test";

type Answering = dyn Fn(&HashMap<String, String>) -> Response + Send + Sync;
type Forms = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

#[derive(Clone)]
struct Entra {
    forms: Forms,
    answer: Arc<Answering>,
}

async fn token(
    State(entra): State<Entra>,
    Path(tenant): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    entra.forms.lock().unwrap().push((tenant, form.clone()));
    (entra.answer)(&form)
}

async fn given(
    answer: impl Fn(&HashMap<String, String>) -> Response + Send + Sync + 'static,
) -> (Loopback, EntraExchange, Forms) {
    let entra = Entra {
        forms: Forms::default(),
        answer: Arc::new(answer),
    };
    let forms = Arc::clone(&entra.forms);
    let router = Router::new()
        .route("/{tid}/oauth2/v2.0/token", post(token))
        .with_state(entra);
    let server = Loopback::serving(router).await;
    let exchange = exchange_at(
        server.url("/{tid}/oauth2/v2.0/token"),
        Duration::from_secs(10),
    );
    (server, exchange, forms)
}

fn exchange_at(token_url: String, timeout: Duration) -> EntraExchange {
    let settings = EntraSettings {
        token_url,
        application: Application {
            client_id: "azimuth-api".to_owned(),
            proof: ClientProof::Secret(Secret::new("s3cret&=+ ü")),
        },
        own: [(
            OTHER_TENANT.to_owned(),
            Application {
                client_id: "their-api".to_owned(),
                proof: ClientProof::Secret(Secret::new("theirs")),
            },
        )]
        .into(),
        egress: Egress {
            timeout,
            ..Egress::default()
        },
    };
    EntraExchange::new(settings, Arc::new(StandingClock)).unwrap()
}

/// What Entra answers to a correct form of either grant.
fn entra(form: &HashMap<String, String>) -> Response {
    let says = |name: &str| form.get(name).map_or("", String::as_str);
    let refuse = |error: &str| {
        let body = json!({"error": error, "error_description": "AADSTS0: no", "error_codes": [0]});
        (StatusCode::BAD_REQUEST, body.to_string()).into_response()
    };
    if says("client_id") != "azimuth-api" || says("client_secret") != "s3cret&=+ ü" {
        return refuse("invalid_client");
    }
    if says("scope") != format!("{ARM}/.default offline_access") {
        return refuse("invalid_scope");
    }
    let grant = match says("grant_type") {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            if says("requested_token_use") != "on_behalf_of" {
                return refuse("invalid_request");
            }
            says("assertion")
        }
        "refresh_token" => says("refresh_token"),
        _ => return refuse("unsupported_grant_type"),
    };
    if grant != "good" {
        return refuse("invalid_grant");
    }
    let body = json!({
        "token_type": "Bearer", "scope": format!("{ARM}/user_impersonation"),
        "expires_in": 3599, "ext_expires_in": 3599,
        "access_token": "for-arm", "refresh_token": "next",
    });
    body.to_string().into_response()
}

fn says(status: u16, body: Value) -> impl Fn(&HashMap<String, String>) -> Response + Clone {
    move |_| (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

async fn refused(
    answer: impl Fn(&HashMap<String, String>) -> Response + Send + Sync + 'static,
) -> TokenError {
    let (_server, exchange, _forms) = given(answer).await;
    exchange
        .refresh(TENANT, &Secret::new("good"), ARM)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn both_grants_are_asked_for_as_documented() {
    let (_server, exchange, forms) = given(entra).await;
    let good = Secret::new("good");
    let first = exchange.on_behalf_of(TENANT, &good, ARM).await.unwrap();
    let second = exchange
        .refresh(TENANT, &good, &format!("{ARM}/"))
        .await
        .unwrap();
    for grant in [first, second] {
        assert_eq!(grant.access.token, Secret::new("for-arm"));
        assert_eq!(grant.access.expires_at, NOW.plus_ms(3_599_000));
        assert_eq!(grant.refresh, Some(Secret::new("next")));
    }
    let forms = forms.lock().unwrap();
    let keys = |i: usize| {
        let (tenant, form) = &forms[i];
        let mut keys: Vec<&str> = form.keys().map(String::as_str).collect();
        keys.sort_unstable();
        (tenant.as_str(), keys)
    };
    assert_eq!(
        keys(0),
        (
            TENANT,
            vec![
                "assertion",
                "client_id",
                "client_secret",
                "grant_type",
                "requested_token_use",
                "scope"
            ]
        )
    );
    assert_eq!(
        keys(1),
        (
            TENANT,
            vec![
                "client_id",
                "client_secret",
                "grant_type",
                "refresh_token",
                "scope"
            ]
        )
    );
}

#[tokio::test]
async fn a_tenant_with_an_application_of_its_own_is_asked_by_that_one_alone() {
    let body = json!({"token_type": "Bearer", "expires_in": 60, "access_token": "t"});
    let (_server, exchange, forms) = given(says(200, body)).await;
    let good = Secret::new("good");
    let shouted = OTHER_TENANT.to_ascii_uppercase();
    for tenant in [TENANT, OTHER_TENANT, &shouted] {
        exchange.on_behalf_of(tenant, &good, ARM).await.unwrap();
        exchange.refresh(tenant, &good, ARM).await.unwrap();
    }
    let forms = forms.lock().unwrap();
    assert_eq!(forms.len(), 6);
    for (tenant, form) in forms.iter() {
        let expected = match tenant.as_str() {
            TENANT => ("azimuth-api", "s3cret&=+ ü"),
            _ => ("their-api", "theirs"),
        };
        let said = (form["client_id"].as_str(), form["client_secret"].as_str());
        assert_eq!(said, expected, "{tenant}");
    }
    assert!(!format!("{exchange:?}").contains("theirs"));
}

/// Our own identity, which has a token or has none.
#[derive(Debug)]
struct Ours(Option<&'static str>);

#[async_trait]
impl TokenCredential for Ours {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<SdkToken> {
        assert_eq!(scopes, [EXCHANGE_SCOPE]);
        let ends = OffsetDateTime::UNIX_EPOCH + Duration::from_hours(1_000_000);
        match self.0 {
            Some(token) => Ok(SdkToken::new(token.to_owned(), ends)),
            None => Err(Error::with_message(ErrorKind::Credential, "s3cret")),
        }
    }
}

#[tokio::test]
async fn an_assertion_of_our_identity_stands_in_the_place_of_the_secret() {
    let body = json!({"token_type": "Bearer", "expires_in": 60, "access_token": "t"});
    let (_server, mut exchange, forms) = given(says(200, body)).await;
    exchange.settings.application.proof = ClientProof::Assertion(Arc::new(Ours(Some("ours"))));
    let good = Secret::new("good");
    exchange.on_behalf_of(TENANT, &good, ARM).await.unwrap();
    exchange.refresh(TENANT, &good, ARM).await.unwrap();
    let forms = forms.lock().unwrap();
    assert_eq!(forms.len(), 2);
    for (_, form) in forms.iter() {
        assert_eq!(form["client_assertion"], "ours");
        let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(form["client_assertion_type"], jwt);
        assert!(!form.contains_key("client_secret"));
    }
}

#[tokio::test]
async fn without_an_assertion_nothing_is_asked() {
    let (_server, mut exchange, forms) = given(entra).await;
    exchange.settings.application.proof = ClientProof::Assertion(Arc::new(Ours(None)));
    let error = exchange.refresh(TENANT, &Secret::new("good"), ARM).await;
    let error = error.unwrap_err();
    assert!(matches!(error, TokenError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(forms.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_assertion_is_a_grant_that_is_gone() {
    let (_server, exchange, _forms) = given(entra).await;
    let gone = exchange
        .on_behalf_of(TENANT, &Secret::new("bad"), ARM)
        .await
        .unwrap_err();
    assert!(matches!(gone, TokenError::GrantGone(why) if why == "invalid_grant AADSTS0"));
}

#[tokio::test]
async fn each_refusal_is_for_the_person_or_for_later() {
    let error = |name: &str| json!({"error": name, "error_description": "for alice@contoso.test"});
    let consent =
        json!({"error": "invalid_grant", "suberror": "consent_required", "error_codes": [65001]});
    let cases = [
        (400, error("invalid_grant"), Some("invalid_grant")),
        (
            400,
            consent,
            Some("invalid_grant/consent_required AADSTS65001"),
        ),
        (
            400,
            error("interaction_required"),
            Some("interaction_required"),
        ),
        (401, error("consent_required"), Some("consent_required")),
        (400, error("login_required"), Some("login_required")),
        (401, error("invalid_client"), None),
        (400, error("unauthorized_client"), None),
        (400, error("invalid_scope"), None),
        (400, error("temporarily_unavailable"), None),
        (429, error("invalid_grant"), None),
        (500, error("invalid_grant"), None),
        (503, json!("busy"), None),
        (404, json!([]), None),
        (302, json!({}), None),
    ];
    for (status, body, gone) in cases {
        let error = refused(says(status, body.clone())).await;
        match gone {
            Some(reason) => {
                assert!(
                    matches!(&error, TokenError::GrantGone(why) if why == reason),
                    "{error}"
                );
            }
            None => assert!(
                matches!(error, TokenError::Unavailable(_)),
                "{status} {body}: {error}"
            ),
        }
        assert!(!error.to_string().contains("alice"), "{error}");
    }
}

#[tokio::test]
async fn a_broken_success_is_no_token() {
    let answer = |change: fn(&mut Value)| {
        let mut body = json!({"token_type": "Bearer", "expires_in": 60, "access_token": "t"});
        change(&mut body);
        body
    };
    for body in [
        json!({}),
        json!("t"),
        answer(|b| b["access_token"] = json!("")),
        answer(|b| b["access_token"] = json!(1)),
        answer(|b| b["token_type"] = json!("pop")),
        answer(|b| b["expires_in"] = json!(-1)),
        answer(|b| b["expires_in"] = json!("soon")),
    ] {
        let error = refused(says(200, body.clone())).await;
        assert!(
            matches!(error, TokenError::Unavailable(_)),
            "{body}: {error}"
        );
    }
}

#[tokio::test]
async fn a_life_without_end_is_cut_and_a_missing_refresh_token_is_none() {
    let body = json!({"token_type": "bearer", "expires_in": u64::MAX, "access_token": "t", "refresh_token": ""});
    let (_server, exchange, _forms) = given(says(200, body)).await;
    let grant = exchange
        .refresh(TENANT, &Secret::new("good"), ARM)
        .await
        .unwrap();
    assert_eq!(grant.access.expires_at, NOW.plus_ms(28 * 3600 * 1000));
    assert_eq!(grant.refresh, None);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_cap() {
    for (bytes, fits) in [
        (MAX_ANSWER_BYTES - 1, true),
        (MAX_ANSWER_BYTES, true),
        (MAX_ANSWER_BYTES + 1, false),
    ] {
        let body = json!({"token_type": "Bearer", "expires_in": 60, "access_token": "t"});
        let padded = padded(&body, bytes);
        let (_server, exchange, _forms) = given(move |_| padded.clone().into_response()).await;
        let granted = exchange.refresh(TENANT, &Secret::new("good"), ARM).await;
        assert_eq!(granted.is_ok(), fits, "{bytes}");
    }
}

#[tokio::test]
async fn redirects_silence_and_closed_ports_are_unavailable() {
    let elsewhere = |_: &HashMap<String, String>| {
        (
            StatusCode::TEMPORARY_REDIRECT,
            [("location", "/7f3a/oauth2/v2.0/token")],
        )
            .into_response()
    };
    let (_server, exchange, forms) = given(elsewhere).await;
    let good = Secret::new("good");
    let error = exchange.refresh(TENANT, &good, ARM).await.unwrap_err();
    assert!(matches!(error, TokenError::Unavailable(_)), "{error}");
    assert_eq!(forms.lock().unwrap().len(), 1);

    let port = closed_port().await;
    let nobody = exchange_at(
        format!("http://127.0.0.1:{port}/{{tid}}"),
        Duration::from_secs(10),
    );
    let error = nobody.refresh(TENANT, &good, ARM).await.unwrap_err();
    assert!(matches!(error, TokenError::Unavailable(_)), "{error}");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/{{tid}}", silent.local_addr().unwrap());
    let error = exchange_at(url, Duration::from_millis(50))
        .refresh(TENANT, &good, ARM)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, TokenError::Unavailable(why) if why == "no answer in time"),
        "{error}"
    );
}

#[tokio::test]
async fn a_tenant_is_nothing_but_an_id() {
    let (_server, exchange, forms) = given(entra).await;
    for tenant in ["", "..", "a/b", "a?b", "a#b", "a%2fb", "키"] {
        let error = exchange.refresh(tenant, &Secret::new("good"), ARM).await;
        assert!(error.is_err(), "{tenant}");
    }
    assert!(forms.lock().unwrap().is_empty());
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let exchange = exchange_at(
        "http://127.0.0.1:1/{tid}".to_owned(),
        Duration::from_secs(1),
    );
    let shown = format!("{exchange:?} {:?}", exchange.settings);
    assert!(!shown.contains("s3cret"), "{shown}");
}
