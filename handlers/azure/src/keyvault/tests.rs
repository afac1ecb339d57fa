//! Somebody who answers in the vault's place, and settings that are none. What a vault
//! itself does, the sandbox shows (tests/sandbox).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use async_trait::async_trait;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode as Status;
use axum::response::{IntoResponse, Response};
use azure_core::credentials::{AccessToken, TokenRequestOptions};
use azure_core::time::OffsetDateTime;

use super::*;
use crate::loopback::{Loopback, closed_port};

const SHORT: Patience = Patience {
    once: Duration::from_millis(400),
    whole: Duration::from_secs(3),
};

#[derive(Debug)]
struct Generous;

#[async_trait]
impl TokenCredential for Generous {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let ends = OffsetDateTime::UNIX_EPOCH + Duration::from_hours(1_000_000);
        Ok(AccessToken::new("t0ken".to_owned(), ends))
    }
}

/// A false vault, and the authorizations that it was shown.
struct False {
    server: Loopback,
    egress: Egress,
    shown: Arc<Mutex<Vec<Option<String>>>>,
}

impl False {
    async fn answering(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Self {
        let shown: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
        let seen = Arc::clone(&shown);
        let router = Router::new().fallback(move |request: Request| {
            let header = request.headers().get("authorization");
            let header = header.map(|value| value.to_str().unwrap().to_owned());
            seen.lock().unwrap().push(header);
            let answer = answer();
            async move { answer }
        });
        let (server, ca_pem) = Loopback::over_tls(router).await;
        let egress = Egress {
            ca_pem: Some(ca_pem),
            ..Egress::default()
        };
        Self {
            server,
            egress,
            shown,
        }
    }

    async fn asked(&self) -> KeyVaultError {
        let settings = KeyVaultSettings {
            url: self.server.url("/"),
            egress: self.egress.clone(),
        };
        let vault = KeyVault::patient(&settings, Arc::new(Generous), SHORT).unwrap();
        vault.key("k").await.unwrap_err()
    }

    fn was_shown_nothing(&self) -> bool {
        self.shown.lock().unwrap().iter().all(Option::is_none)
    }
}

#[tokio::test]
async fn a_token_is_shown_to_nobody_who_wants_it_for_something_else() {
    for resource in [
        "https://management.test",
        "http://0.0.1",
        "https://127.0.0.1",
    ] {
        let challenge = format!("Bearer authorization=\"https://l.test\", resource=\"{resource}\"");
        let answer = move || {
            let header = [("www-authenticate", challenge.clone())];
            (Status::UNAUTHORIZED, header, "{}").into_response()
        };
        let vault = False::answering(answer).await;
        assert_eq!(vault.asked().await, KeyVaultError::ForeignChallenge);
        assert!(vault.was_shown_nothing(), "{resource}");
    }
}

#[tokio::test]
async fn a_token_is_shown_to_nobody_who_does_not_ask_for_one() {
    let answers: [fn() -> Response; 4] = [
        || "{}".into_response(),
        || Status::UNAUTHORIZED.into_response(),
        || (Status::UNAUTHORIZED, [("www-authenticate", "Basic")]).into_response(),
        || (Status::FOUND, [("location", "https://elsewhere.test/")]).into_response(),
    ];
    for answer in answers {
        let vault = False::answering(answer).await;
        let error = vault.asked().await;
        assert!(matches!(error, KeyVaultError::Unreadable(_)), "{error}");
        assert!(vault.was_shown_nothing());
    }
}

#[tokio::test]
async fn a_vault_that_fails_is_asked_a_few_times_and_in_time() {
    let vault = False::answering(|| Status::SERVICE_UNAVAILABLE.into_response()).await;
    let error = vault.asked().await;
    assert_eq!(error, KeyVaultError::NoAnswer("503".to_owned()));
    assert_eq!(vault.shown.lock().unwrap().len(), TRIES as usize);

    let settings = KeyVaultSettings {
        url: format!("https://127.0.0.1:{}/", closed_port().await),
        egress: Egress::default(),
    };
    let nobody = KeyVault::patient(&settings, Arc::new(Generous), SHORT).unwrap();
    let error = nobody.key("k").await.unwrap_err();
    assert_eq!(error, KeyVaultError::NoAnswer("no connection".to_owned()));
}

#[test]
fn a_vault_is_a_host_that_is_reached_over_https() {
    let open = |url: &str| {
        let settings = KeyVaultSettings {
            url: url.to_owned(),
            egress: Egress::default(),
        };
        KeyVault::new(&settings, Arc::new(Generous)).map(|_| ())
    };
    for good in [
        "https://kv.vault.test",
        "https://kv.vault.test/",
        "https://kv.vault.test:8443",
    ] {
        assert_eq!(open(good), Ok(()), "{good}");
    }
    for bad in [
        "http://127.0.0.1/",
        "https://kv.vault.test/secrets",
        "https://kv.vault.test/?x",
        "https://kv.vault.test/#x",
        "https://me:s3cret@kv.vault.test/",
        "kv.vault.test",
        "",
    ] {
        assert_eq!(open(bad), Err(KeyVaultError::Address), "{bad}");
    }
}
