//! Tokens, as a managed identity has them, over TLS to Azurite.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_embedded::SystemClock;
use azimuth_ports::clock::Clock;
use azimuth_ports::queue::{QueueError, WorkQueue};
use azimuth_stack::azurite::Azurite;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::sync::OnceCell;

use super::super::client;
use super::super::{AzureQueue, QueueConnection};
use crate::egress::Egress;
use crate::patience::Patience;

/// What Azurite's basic level looks at: the audience, an issuer of Microsoft's
/// form, and the times. Nobody signs it.
fn token(now: OffsetDateTime, audience: &str) -> String {
    let now = now.unix_timestamp();
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "RS256", "typ": "JWT"}));
    let claims = part(json!({
        "aud": audience,
        "iss": "https://sts.windows-ppe.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
        "iat": now - 60, "nbf": now - 60, "exp": now + 3600,
    }));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode("none"))
}

#[derive(Debug)]
enum Identity {
    Gives(&'static str),
    Silent,
}

#[async_trait]
impl TokenCredential for Identity {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        match self {
            Self::Gives(audience) => {
                let now = OffsetDateTime::from_unix_timestamp(SystemClock.now().0 / 1000).unwrap();
                let ends = now + Duration::from_hours(1);
                Ok(AccessToken::new(token(now, audience), ends))
            }
            Self::Silent => Err(Error::with_message(ErrorKind::Credential, "no identity")),
        }
    }
}

/// Azurite over TLS, and who trusts it. It ends with the program: nobody drops what
/// is static.
static AZURITE: OnceCell<(Azurite, Egress)> = OnceCell::const_new();

async fn azurite() -> &'static (Azurite, Egress) {
    AZURITE.get_or_init(start).await
}

async fn start() -> (Azurite, Egress) {
    let folder = tempfile::tempdir().unwrap();
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let certificate = file("certificate.pem", certificate.pem());
    let key = file("key.pem", key.serialize_pem());
    let more = ["--oauth", "basic", "--cert", &certificate, "--key", &key];
    let azurite = Azurite::start(folder.path(), &more).await.unwrap();
    let egress = Egress {
        ca_pem: Some(authority.pem().into_bytes()),
        ..Egress::default()
    };
    (azurite, egress)
}

fn queue(azurite: &Azurite, egress: &Egress, identity: Identity) -> AzureQueue {
    let endpoint = azurite.account().endpoint;
    let connection = QueueConnection::from_settings("C", |name| {
        (name == "C__queueServiceUri").then(|| endpoint.clone())
    })
    .unwrap();
    let patience = Patience::default();
    let options = patience.options(egress).unwrap();
    AzureQueue {
        service: client::build(&connection, Some(Arc::new(identity)), options).unwrap(),
        whole: patience.whole,
    }
}

#[tokio::test]
async fn with_a_token_everything_works() {
    let (azurite, egress) = azurite().await;
    let audience = "https://storage.azure.com";
    let queue = queue(azurite, egress, Identity::Gives(audience));
    assert_eq!(queue.depth("work").await.unwrap(), 0);
    let id = queue.enqueue("work", "<x> & 서울", Duration::ZERO).await;
    let id = id.unwrap();
    let got = queue.receive("work", 32, Duration::from_mins(1)).await;
    let got = got.unwrap().remove(0);
    assert_eq!((got.id, got.body.as_str()), (id.clone(), "<x> & 서울"));
    let later = Duration::from_mins(2);
    let next = queue.renew("work", &id, &got.receipt, later).await.unwrap();
    assert!(!queue.delete("work", &id, &got.receipt).await.unwrap());
    assert!(queue.delete("work", &id, &next.unwrap()).await.unwrap());
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused_with_what_to_do() {
    let (azurite, egress) = azurite().await;
    let queue = queue(azurite, egress, Identity::Gives("https://example.invalid"));
    let failed = queue.depth("work").await.unwrap_err();
    assert!(matches!(failed, QueueError::Refused(_)), "{failed:?}");
    assert!(
        failed
            .to_string()
            .contains("Storage Queue Data Contributor")
    );
}

#[tokio::test]
async fn without_a_token_nothing_is_asked() {
    let (azurite, egress) = azurite().await;
    let queue = queue(azurite, egress, Identity::Silent);
    let failed = queue.enqueue("work", "x", Duration::ZERO).await;
    let told = failed.unwrap_err().to_string();
    assert!(
        told.contains("the managed identity gives no token"),
        "{told}"
    );
}

#[tokio::test]
async fn an_authority_that_is_not_known_is_not_trusted() {
    let (azurite, _) = azurite().await;
    let audience = "https://storage.azure.com";
    let queue = queue(azurite, &Egress::default(), Identity::Gives(audience));
    let failed = queue.depth("work").await.unwrap_err();
    assert!(matches!(failed, QueueError::Unavailable(_)), "{failed:?}");
}
