//! Azure Key Vault: secrets of settings, the key that wraps data keys, the key that
//! signs the audit's digests (learn.microsoft.com/rest/api/keyvault, version 7.4).
//!
//! **Invariant:** a token goes to the configured vault's host and nowhere else, over
//! https, and only when it is a token for key vaults of that vault's own domain.

mod challenge;
mod keys;
mod sealer;
mod secrets;
mod signer;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Client, Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::egress::{self, Egress, EgressError, NoAnswer};
use crate::identity;
use crate::patience::Patience;

pub use sealer::{DataKeyError, SealerKeys, VaultSealer};
pub use secrets::{SecretFault, SecretName, SecretNameError, SecretsError, Wanted};
pub use signer::{VaultSigner, VaultSignerError};

const API_VERSION: &str = "7.4";
/// Longest answer, bytes: a secret has at most 25,000, each of which may be escaped.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long one operation may take, its tries included. It is asked for when a process
/// starts, and in the background.
const PATIENCE: Patience = Patience {
    once: Duration::from_secs(4),
    whole: Duration::from_secs(15),
};
/// Tries of one operation. Each of them can be repeated: none changes the vault.
const TRIES: u32 = 4;
/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Which vault, and how to get there.
#[derive(Debug, Clone)]
pub struct KeyVaultSettings {
    /// Its address, `https://name.domain/`.
    pub url: String,
    /// Proxy and roots; the time-out is not used: an operation ends within 15 s.
    pub egress: Egress,
}

/// One key vault, asked as one identity.
pub struct KeyVault {
    base: Url,
    client: Client,
    credential: Arc<dyn TokenCredential>,
    /// What a token must be for, as the vault itself told.
    scope: OnceCell<String>,
    patience: Patience,
}

impl fmt::Debug for KeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVault")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// Why the key vault did not do what it was asked. The text names no address and no
/// part of an answer but the vault's own word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyVaultError {
    /// The address is none, or would show the token to others.
    #[error("the key vault's address must be https://host/ and no more")]
    Address,
    /// Proxy or roots.
    #[error("{0}")]
    Egress(String),
    /// The vault asks for a token that would open something else.
    #[error("the key vault asks for a token of another service than its own")]
    ForeignChallenge,
    /// We have no token. Trying again is safe.
    #[error("our identity has no token for the key vault: {0}")]
    NoToken(String),
    /// There is no such secret or key.
    #[error("it is not in the key vault")]
    Missing,
    /// The vault does not allow it.
    #[error("the key vault refuses: {0}")]
    Refused(String),
    /// No usable answer. Trying again is safe.
    #[error("the key vault does not answer: {0}")]
    NoAnswer(String),
    /// The answer is not what was expected.
    #[error("the key vault's answer cannot be read: {0}")]
    Unreadable(&'static str),
}

impl From<EgressError> for KeyVaultError {
    fn from(error: EgressError) -> Self {
        Self::Egress(error.to_string())
    }
}

impl KeyVaultError {
    /// Whether the next try may go better.
    fn may_pass(&self) -> bool {
        matches!(self, Self::NoAnswer(_))
    }
}

impl KeyVault {
    /// A vault with a client of its own; asks nobody yet. The credential must cache, it
    /// is asked at every operation.
    pub fn new(
        settings: &KeyVaultSettings,
        credential: Arc<dyn TokenCredential>,
    ) -> Result<Self, KeyVaultError> {
        Self::patient(settings, credential, PATIENCE)
    }

    fn patient(
        settings: &KeyVaultSettings,
        credential: Arc<dyn TokenCredential>,
        patience: Patience,
    ) -> Result<Self, KeyVaultError> {
        let egress = Egress {
            timeout: patience.once,
            ..settings.egress.clone()
        };
        Ok(Self {
            base: address(&settings.url).ok_or(KeyVaultError::Address)?,
            client: egress.client()?,
            credential,
            scope: OnceCell::new(),
            patience,
        })
    }

    /// One operation. What comes back may be a secret and is wiped when it is dropped.
    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyVaultError> {
        let url = self.url(path)?;
        let tries = async {
            let mut pause = FIRST_PAUSE;
            for _ in 1..TRIES {
                match self.once(method.clone(), url.clone(), body).await {
                    Err(error) if error.may_pass() => tokio::time::sleep(pause).await,
                    answer => return answer,
                }
                pause *= 2;
            }
            self.once(method, url.clone(), body).await
        };
        tokio::time::timeout(self.patience.whole, tries)
            .await
            .unwrap_or_else(|_| Err(KeyVaultError::NoAnswer("no answer in time".to_owned())))
    }

    async fn once(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyVaultError> {
        let scope = self.scope.get_or_try_init(|| self.challenge()).await?;
        let token = self.credential.get_token(&[scope], None).await;
        let token = token.map_err(|error| KeyVaultError::NoToken(identity::reason(&error)))?;
        let request = self.client.request(method, url);
        let request = request.bearer_auth(token.token.secret());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.map_err(NoAnswer::from)?;
        let answer = egress::read(response, MAX_ANSWER_BYTES).await?;
        let body = Zeroizing::new(answer.body);
        if answer.status == StatusCode::OK {
            Ok(body)
        } else {
            Err(refusal(answer.status, &body))
        }
    }

    /// Asks without a token, to be told for what one is wanted.
    async fn challenge(&self) -> Result<String, KeyVaultError> {
        let url = self.url(&["keys"])?;
        let response = self.client.get(url).send().await.map_err(NoAnswer::from)?;
        let status = response.status();
        if status != StatusCode::UNAUTHORIZED {
            let answer = egress::read(response, MAX_ANSWER_BYTES).await?;
            return Err(match refusal(status, &answer.body) {
                error if error.may_pass() => error,
                _ => KeyVaultError::Unreadable("it asks for no token"),
            });
        }
        let challenge = response
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(challenge::resource)
            .ok_or(KeyVaultError::Unreadable("it does not say which token"))?;
        challenge::scope(&challenge, &self.base).ok_or(KeyVaultError::ForeignChallenge)
    }

    fn url(&self, path: &[&str]) -> Result<Url, KeyVaultError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| KeyVaultError::Address)?
            .clear()
            .extend(path);
        url.query_pairs_mut()
            .append_pair("api-version", API_VERSION);
        Ok(url)
    }
}

/// https, and nothing but a host.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (url.scheme() == "https" && url.has_host() && is_bare).then_some(url)
}

impl From<NoAnswer> for KeyVaultError {
    fn from(why: NoAnswer) -> Self {
        Self::NoAnswer(why.to_string())
    }
}

/// An error as Key Vault writes it. Its message is left out: it names who asked.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Wrong {
    error: WrongCode,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WrongCode {
    code: String,
    #[serde(rename = "innererror")]
    inner: Option<InnerCode>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InnerCode {
    code: String,
}

/// What a status other than 200 means: `403 ForbiddenByRbac`.
fn refusal(status: StatusCode, body: &[u8]) -> KeyVaultError {
    let Wrong { error } = serde_json::from_slice(body).unwrap_or_default();
    let code = error.inner.map_or(error.code, |inner| inner.code);
    let word: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(60)
        .collect();
    let told = format!("{} {word}", status.as_u16());
    let told = told.trim_end().to_owned();
    match status.as_u16() {
        404 => KeyVaultError::Missing,
        408 | 429 | 500.. => KeyVaultError::NoAnswer(told),
        _ => KeyVaultError::Refused(told),
    }
}
