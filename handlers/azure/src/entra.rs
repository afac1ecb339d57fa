//! Entra ID's token endpoint: the on-behalf-of and the refresh-token grant
//! (learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azimuth_ports::clock::Clock;
use azimuth_ports::tokens::{AccessToken, Grant, Secret, TokenError, TokenExchange};
use azure_core::credentials::TokenCredential;
use reqwest::{Client, StatusCode};
use serde::Deserialize;

use crate::egress::{self, Answer, Egress, EgressError, NoAnswer};
use crate::identity;

/// Longest answer of a token endpoint, bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Longest life that is believed of an access token, seconds (Entra's longest,
/// with continuous access evaluation, is 28 h).
const MAX_LIFETIME_SECONDS: u64 = 28 * 3600;
/// What a client assertion of ours is a token for.
pub const EXCHANGE_SCOPE: &str = "api://AzureADTokenExchange/.default";
/// Form of a client assertion (RFC 7523).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How our application proves itself. Shows nothing of a secret.
#[derive(Clone)]
pub enum ClientProof {
    /// A secret that both know.
    Secret(Secret),
    /// A token of our own identity for [`EXCHANGE_SCOPE`], which a federated credential
    /// of the application accepts in the place of a secret
    /// (learn.microsoft.com/entra/workload-id/workload-identity-federation). The
    /// credential must cache, it is asked at every exchange.
    Assertion(Arc<dyn TokenCredential>),
}

impl fmt::Debug for ClientProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(…)",
            Self::Assertion(_) => "Assertion(…)",
        })
    }
}

/// An application of ours at the identity provider.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub client_id: String,
    /// What proves that it is us who ask.
    pub proof: ClientProof,
}

/// Who we are at the identity provider.
#[derive(Debug, Clone)]
pub struct EntraSettings {
    /// Token endpoint with `{tid}` where the tenant goes.
    pub token_url: String,
    /// Our application, for every tenant that has none of its own.
    pub application: Application,
    /// Those of tenants that have one, by tenant id in lower case: tokens of their
    /// people are exchanged by it alone.
    pub own: BTreeMap<String, Application>,
    /// How to get there.
    pub egress: Egress,
}

impl EntraSettings {
    fn application_of(&self, tenant: &str) -> &Application {
        let own = self.own.get(&tenant.to_ascii_lowercase());
        own.unwrap_or(&self.application)
    }
}

/// Exchanges tokens at Entra ID, or at what speaks its protocol.
pub struct EntraExchange {
    settings: EntraSettings,
    client: Client,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for EntraExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraExchange")
            .field("token_url", &self.settings.token_url)
            .field("application", &self.settings.application)
            .field("own", &self.settings.own)
            .finish_non_exhaustive()
    }
}

impl EntraExchange {
    /// An exchange with a client of its own.
    pub fn new(settings: EntraSettings, clock: Arc<dyn Clock>) -> Result<Self, EgressError> {
        Ok(Self {
            client: settings.egress.client()?,
            settings,
            clock,
        })
    }

    async fn ask(&self, tenant: &str, grant: &[(&str, &str)]) -> Result<Grant, TokenError> {
        // The tenant becomes part of an address: it must be nothing but an id.
        if tenant.is_empty()
            || !tenant
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Err(TokenError::Unavailable(
                "the tenant is not an id".to_owned(),
            ));
        }
        let url = self.settings.token_url.replace("{tid}", tenant);
        let Application { client_id, proof } = self.settings.application_of(tenant);
        let mut form = vec![("client_id", client_id.as_str())];
        let assertion;
        match proof {
            ClientProof::Secret(secret) => form.push(("client_secret", secret.expose())),
            ClientProof::Assertion(credential) => {
                assertion = client_assertion(&**credential).await?;
                form.push(("client_assertion_type", ASSERTION_TYPE));
                form.push(("client_assertion", assertion.expose()));
            }
        }
        form.extend_from_slice(grant);
        let asked_at = self.clock.now();
        let answer = self.post(&url, &form).await?;
        if answer.status != StatusCode::OK {
            return Err(refusal(&answer));
        }
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| unavailable("the answer is not a token response"))?;
        if !granted.token_type.eq_ignore_ascii_case("bearer") || granted.access_token.is_empty() {
            return Err(unavailable("the answer holds no bearer token"));
        }
        let lifetime = granted.expires_in.min(MAX_LIFETIME_SECONDS);
        let lifetime_ms = i64::try_from(lifetime).unwrap_or(0) * 1000;
        Ok(Grant {
            access: AccessToken {
                token: Secret::new(granted.access_token),
                expires_at: asked_at.plus_ms(lifetime_ms),
            },
            refresh: granted
                .refresh_token
                .filter(|token| !token.is_empty())
                .map(Secret::new),
        })
    }

    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer, TokenError> {
        let sent = self.client.post(url).form(form).send().await;
        let response = sent.map_err(|e| no_answer(&e.into()))?;
        egress::read(response, MAX_ANSWER_BYTES)
            .await
            .map_err(|e| no_answer(&e))
    }
}

#[async_trait]
impl TokenExchange for EntraExchange {
    async fn on_behalf_of(
        &self,
        tenant: &str,
        assertion: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError> {
        let scope = scope(audience);
        self.ask(
            tenant,
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", assertion.expose()),
                ("requested_token_use", "on_behalf_of"),
                ("scope", &scope),
            ],
        )
        .await
    }

    async fn refresh(
        &self,
        tenant: &str,
        refresh: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError> {
        let scope = scope(audience);
        self.ask(
            tenant,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.expose()),
                ("scope", &scope),
            ],
        )
        .await
    }
}

async fn client_assertion(credential: &dyn TokenCredential) -> Result<Secret, TokenError> {
    let token = credential.get_token(&[EXCHANGE_SCOPE], None).await;
    let token = token.map_err(|error| {
        unavailable(format!(
            "our identity cannot vouch for our application: {}",
            identity::reason(&error)
        ))
    })?;
    Ok(Secret::new(token.token.secret().to_owned()))
}

/// A token response. No `Debug`: it holds secrets.
#[derive(Deserialize)]
struct Granted {
    token_type: String,
    access_token: String,
    expires_in: u64,
    refresh_token: Option<String>,
}

/// An error response. Its description is left out: it can name the person.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: String,
    suberror: Option<String>,
    error_codes: Vec<u32>,
}

/// What a status other than 200 means. `invalid_grant` and its kin are for the
/// person to mend; all else is ours or the provider's and may pass.
fn refusal(answer: &Answer) -> TokenError {
    let refused: Refused = serde_json::from_slice(&answer.body).unwrap_or_default();
    let reason = refused.reason(answer.status);
    let the_persons = answer.status.is_client_error()
        && answer.status != StatusCode::TOO_MANY_REQUESTS
        && matches!(
            refused.error.as_str(),
            "invalid_grant" | "interaction_required" | "consent_required" | "login_required"
        );
    if the_persons {
        TokenError::GrantGone(reason)
    } else {
        unavailable(format!("the identity provider answers {reason}"))
    }
}

impl Refused {
    /// `invalid_grant/consent_required AADSTS65001`, made of known-safe parts.
    fn reason(&self, status: StatusCode) -> String {
        let word = |text: &str| -> String {
            text.chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
                .take(40)
                .collect()
        };
        let mut reason = word(&self.error);
        if reason.is_empty() {
            return format!("status {}", status.as_u16());
        }
        if let Some(suberror) = self.suberror.as_deref().map(word).filter(|s| !s.is_empty()) {
            reason = format!("{reason}/{suberror}");
        }
        if let Some(code) = self.error_codes.first() {
            reason = format!("{reason} AADSTS{code}");
        }
        reason
    }
}

fn scope(audience: &str) -> String {
    format!("{}/.default offline_access", audience.trim_end_matches('/'))
}

fn no_answer(why: &NoAnswer) -> TokenError {
    unavailable(why.to_string())
}

fn unavailable(why: impl Into<String>) -> TokenError {
    TokenError::Unavailable(why.into())
}
