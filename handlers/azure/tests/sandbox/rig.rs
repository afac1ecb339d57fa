//! A sandbox, the way to it, and who we are there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_azure::egress::Egress;
use azimuth_azure::keyvault::{KeyVault, KeyVaultSettings};
use azimuth_sandbox::clock::Clock;
use azimuth_sandbox::directory::IDENTITY_HEADER;
use azimuth_sandbox::{Options, Sandbox};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The vault of the product itself.
pub const VAULT: &str = "https://kv-azimuth.vault.azure.net/";

pub struct Azure {
    sandbox: Sandbox,
    folder: TempDir,
}

impl Azure {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            data: folder.path().to_owned(),
            port: 0,
            operation_ms: 1,
            clock: Clock::System,
        });
        Self {
            sandbox: sandbox.await.unwrap(),
            folder,
        }
    }

    /// An address of its control port.
    pub fn control(&self, path: &str) -> String {
        format!("http://{}{path}", self.sandbox.control)
    }

    pub fn egress(&self) -> Egress {
        Egress {
            timeout: Duration::from_secs(20),
            proxy: Some(format!("http://{}", self.sandbox.proxy)),
            ca_pem: Some(std::fs::read(self.folder.path().join("ca.pem")).unwrap()),
        }
    }

    /// What its control port answers.
    pub async fn order(&self, path: &str, order: &Value) -> Value {
        let client = Egress::default().client().unwrap();
        let asked = client.post(self.control(path)).json(order).send().await;
        asked.unwrap().json().await.unwrap()
    }

    /// What it was asked so far.
    pub async fn requests(&self) -> Vec<Value> {
        let client = Egress::default().client().unwrap();
        let asked = client.get(self.control("/sandbox/requests")).send().await;
        let mut log: Value = asked.unwrap().json().await.unwrap();
        serde_json::from_value(log["items"].take()).unwrap()
    }

    /// Makes a new version of a key of the vault.
    pub async fn rotate(&self, key: &str) {
        let url = format!("{VAULT}keys/{key}/rotate");
        self.as_dave(Method::POST, &url, &json!({})).await;
    }

    /// Switches off the newest version of a key of the vault.
    pub async fn switch_off(&self, key: &str) {
        let url = format!("{VAULT}keys/{key}");
        let shown = self.as_dave(Method::GET, &url, &Value::Null).await;
        let newest = shown["key"]["kid"].as_str().unwrap();
        let off = json!({"attributes": {"enabled": false}});
        self.as_dave(Method::PATCH, newest, &off).await;
    }

    /// What the vault answers to its keys' officer.
    async fn as_dave(&self, method: Method, url: &str, body: &Value) -> Value {
        let order = json!({"user": "dave", "audience": "https://vault.azure.net"});
        let token = self.order("/sandbox/token", &order).await;
        let client = self.egress().client().unwrap();
        let asked = client
            .request(method, url)
            .query(&[("api-version", "7.4")])
            .bearer_auth(token["access_token"].as_str().unwrap())
            .json(body)
            .send()
            .await
            .unwrap();
        assert!(asked.status().is_success(), "{url}: {}", asked.status());
        asked.json().await.unwrap()
    }

    /// A person's token for our API.
    pub async fn api_token(&self, name: &str) -> String {
        let issued = self.order("/sandbox/token", &json!({"user": name})).await;
        issued["access_token"].as_str().unwrap().to_owned()
    }

    /// A vault, asked as the function app.
    pub fn vault(&self, url: &str) -> KeyVault {
        self.vault_as(url, Arc::new(AsOurselves(self.control("/msi/token"))))
    }

    /// A vault, asked as somebody else.
    pub fn vault_as(&self, url: &str, credential: Arc<dyn TokenCredential>) -> KeyVault {
        let settings = KeyVaultSettings {
            url: url.to_owned(),
            egress: self.egress(),
        };
        KeyVault::new(&settings, credential).unwrap()
    }
}

/// The function app's identity, asked for at the endpoint itself: what the SDK's
/// credential reads from the environment, only a process of its own can have.
#[derive(Debug)]
struct AsOurselves(String);

#[async_trait]
impl TokenCredential for AsOurselves {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let resource = scopes[0].trim_end_matches("/.default");
        let client = Egress::default().client().unwrap();
        let asked = client
            .get(&self.0)
            .query(&[("api-version", "2019-08-01"), ("resource", resource)])
            .header("x-identity-header", IDENTITY_HEADER)
            .send()
            .await;
        let answer: Value = asked.unwrap().json().await.unwrap();
        match answer["access_token"].as_str() {
            Some(token) => Ok(given(token)),
            None => Err(Error::with_message(ErrorKind::Credential, "refused")),
        }
    }
}

/// Always the same token.
#[derive(Debug)]
pub struct Fixed(pub String);

#[async_trait]
impl TokenCredential for Fixed {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(given(&self.0))
    }
}

fn given(token: &str) -> AccessToken {
    // As far away as the token's own end, which nobody looks at here.
    let ends = OffsetDateTime::from_unix_timestamp(4_102_444_800).unwrap();
    AccessToken::new(token.to_owned(), ends)
}
