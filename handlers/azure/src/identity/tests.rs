//! Service principal and workload against an identity provider on loopback, over TLS.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use serde_json::json;

use super::*;
use crate::loopback::{Loopback, closed_port};

const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";
const SCOPE: &str = "https://vault.azure.test/.default";
const SHORT: Patience = Patience {
    once: Duration::from_millis(400),
    whole: Duration::from_millis(1500),
};

type Forms = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;
type Answering = Arc<dyn Fn() -> Response + Send + Sync>;

async fn token(
    State((forms, answer)): State<(Forms, Answering)>,
    Path(tenant): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    forms.lock().unwrap().push((tenant, form));
    answer()
}

struct Provider {
    server: Loopback,
    egress: Egress,
    forms: Forms,
}

impl Provider {
    async fn answering(answer: impl Fn() -> Response + Send + Sync + 'static) -> Self {
        let forms = Forms::default();
        let answer: Answering = Arc::new(answer);
        let router = Router::new()
            .route("/{tid}/oauth2/v2.0/token", post(token))
            .with_state((Arc::clone(&forms), answer));
        let (server, ca_pem) = Loopback::over_tls(router).await;
        let egress = Egress {
            ca_pem: Some(ca_pem),
            ..Egress::default()
        };
        Self {
            server,
            egress,
            forms,
        }
    }

    /// Asks as a service principal whose secret is of a form that needs encoding.
    async fn ask(&self) -> Result<String, String> {
        let identity = principal(self.server.url(""));
        let credential = identity.patient(&self.egress, SHORT).unwrap();
        let token = credential.get_token(&[SCOPE], None).await;
        token
            .map(|token| token.token.secret().to_owned())
            .map_err(|error| error.to_string())
    }
}

fn principal(authority: String) -> Identity {
    Identity::ServicePrincipal {
        authority,
        tenant: TENANT.to_owned(),
        client_id: "azimuth".to_owned(),
        secret: Secret::new("s3cret&=+ ü"),
    }
}

fn granted() -> Response {
    json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "ours"})
        .to_string()
        .into_response()
}

#[tokio::test]
async fn a_service_principal_shows_its_secret_once_for_many_tokens() {
    let provider = Provider::answering(granted).await;
    let identity = principal(provider.server.url(""));
    let credential = identity.credential(&provider.egress).unwrap();
    for _ in 0..3 {
        let token = credential.get_token(&[SCOPE], None).await.unwrap();
        assert_eq!(token.token.secret(), "ours");
    }
    let forms = provider.forms.lock().unwrap();
    let [(tenant, form)] = forms.as_slice() else {
        panic!("{} requests", forms.len());
    };
    assert_eq!(tenant, TENANT);
    assert_eq!(form["client_secret"], "s3cret&=+ ü");
    assert_eq!(
        (form["grant_type"].as_str(), form["scope"].as_str()),
        ("client_credentials", SCOPE)
    );
}

#[tokio::test]
async fn a_workload_shows_the_token_of_its_cluster() {
    let provider = Provider::answering(granted).await;
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "of-the-cluster").unwrap();
    let identity = Identity::Workload {
        authority: provider.server.url(""),
        tenant: TENANT.to_owned(),
        client_id: "azimuth".to_owned(),
        token_file,
    };
    let credential = identity.credential(&provider.egress).unwrap();
    let token = credential.get_token(&[SCOPE], None).await.unwrap();
    assert_eq!(token.token.secret(), "ours");
    let forms = provider.forms.lock().unwrap();
    assert_eq!(forms[0].1["client_assertion"], "of-the-cluster");
}

#[tokio::test]
async fn a_refusal_is_told_by_its_number_and_nothing_else_of_it() {
    let provider = Provider::answering(|| {
        let body = json!({
            "error": "invalid_client", "error_codes": [7_000_215],
            "error_description": "AADSTS7000215: s3cret of alice@contoso.test is wrong",
        });
        (StatusCode::UNAUTHORIZED, body.to_string()).into_response()
    })
    .await;
    assert_eq!(
        provider.ask().await.unwrap_err(),
        "there is no token of our identity: the answer is 401 AADSTS7000215"
    );
}

#[tokio::test]
async fn whoever_asks_hears_in_time() {
    let busy = Provider::answering(|| {
        let wait = [("retry-after", "3600")];
        (StatusCode::SERVICE_UNAVAILABLE, wait, "{}").into_response()
    });
    let busy = busy.await;
    let begun = Instant::now();
    let error = busy.ask().await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
    assert!(
        error.starts_with("there is no token of our identity: "),
        "{error}"
    );

    let nobody = principal(format!("https://127.0.0.1:{}", closed_port().await));
    let credential = nobody.patient(&Egress::default(), SHORT).unwrap();
    let begun = Instant::now();
    let error = credential.get_token(&[SCOPE], None).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
    let told = error.to_string();
    let reason = told.strip_prefix("there is no token of our identity: ");
    // Whichever comes first: the end of a try, or of the patience.
    let reasons = [Some("no connection"), Some("no answer in time")];
    assert!(reasons.contains(&reason), "{told}");
}

#[test]
fn a_secret_is_sent_over_https_only() {
    for authority in ["http://127.0.0.1:1", "login.example", ""] {
        let identity = principal(authority.to_owned());
        let refused = identity.credential(&Egress::default()).err().unwrap();
        assert!(matches!(refused, IdentityError::Setting(_)), "{refused}");
    }
}

#[test]
fn settings_that_are_none_are_refused_and_no_secret_is_shown() {
    for (tenant, client_id, secret) in [
        ("a/b", "azimuth", "s3cret"),
        ("", "azimuth", "s3cret"),
        ("t", "", "s3cret"),
        ("t", "azimuth", ""),
    ] {
        let identity = Identity::ServicePrincipal {
            authority: "https://127.0.0.1:1".to_owned(),
            tenant: tenant.to_owned(),
            client_id: client_id.to_owned(),
            secret: Secret::new(secret),
        };
        let refused = identity.credential(&Egress::default()).err().unwrap();
        let shown = format!("{refused} {refused:?} {identity:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
