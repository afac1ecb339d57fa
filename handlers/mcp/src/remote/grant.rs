//! A token for a server elsewhere, which we get as ourselves (OAuth, client credentials):
//! the same for everybody, and for nothing else.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use azimuth_domain::tool_servers::ServerOAuth;
use azimuth_ports::tokens::Secret;
use http_body_util::Full;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::endpoint::Endpoint;
use super::exchange::{Way, read};
use crate::secrets::{self, Secrets};

/// Longest answer, bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// How long before its end a token is used no more, where it lives longer than twice that.
const MARGIN: Duration = Duration::from_mins(1);
/// Shortest life that is believed.
const SHORTEST: Duration = Duration::from_secs(10);

/// Who gives the token, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where tokens are given.
    pub token_url: Endpoint,
    /// Who we are there.
    pub client_id: String,
    /// The name of our secret there, `@keyvault:name`.
    pub client_secret: String,
    /// What the token is for.
    pub scope: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

/// What is wrong with what was given for a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantFault {
    /// The field.
    pub(crate) field: &'static str,
    /// What it must be: "must …".
    pub(crate) why: String,
}

impl Grant {
    /// Reads what was given. Whether it may be used is for whoever gave it to say.
    pub(crate) fn read(given: &ServerOAuth) -> Result<Self, GrantFault> {
        let fault = |field, why: String| GrantFault { field, why };
        let token_url =
            Endpoint::parse(&given.token_url).map_err(|why| fault("token_url", why.to_string()))?;
        if given.client_id.is_empty() {
            return Err(fault("client_id", "must not be empty".to_owned()));
        }
        if !matches!(
            secrets::read(&given.client_secret),
            secrets::Value::Names(_)
        ) {
            let why = "must be @keyvault: and the name of a secret".to_owned();
            return Err(fault("client_secret", why));
        }
        Ok(Self {
            token_url,
            client_id: given.client_id.clone(),
            client_secret: given.client_secret.clone(),
            scope: given.scope.clone(),
        })
    }

    /// Gets a token and puts it into the headers; gives how long it may be used. The error
    /// is for people.
    pub(super) async fn authorize(
        &self,
        way: &Way,
        secrets: &Secrets,
        headers: &mut HeaderMap,
    ) -> Result<Option<Duration>, String> {
        let secret = secrets.in_place_of(&self.client_secret).await?;
        let token_url = &self.token_url;
        let no_token = |why: &str| format!("{token_url} gives no token: it {why}.");
        let request = Request::builder()
            .method(Method::POST)
            .uri(token_url.path())
            .header(HOST, token_url.authority())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(Full::new(Bytes::from(self.form(&secret))))
            .map_err(|_| no_token("cannot be asked"))?;
        let answer = way.open(token_url).await?.send(request).await;
        let answer = answer.map_err(|why| no_token(&why))?;
        // What it says beside that may repeat what it was asked with.
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            return Err(no_token(&format!("answered {status}")));
        }
        let bytes = read(answer.into_body(), MAX_ANSWER).await;
        let bytes = bytes.map_err(|why| no_token(&why))?;
        let answer: Answer =
            serde_json::from_slice(&bytes).map_err(|_| no_token("answered with none"))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") || answer.access_token.is_empty() {
            return Err(no_token("gave one that is no bearer token"));
        }
        let value = HeaderValue::from_str(&format!("Bearer {}", answer.access_token));
        let mut value = value.map_err(|_| no_token("gave one that cannot be sent"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(answer.expires_in.map(usable))
    }

    fn form(&self, secret: &Secret) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", secret.expose());
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }
}

/// How much of its life, in seconds, a token is used.
fn usable(life: u64) -> Duration {
    let life = Duration::from_secs(life);
    life.saturating_sub(MARGIN).max(life / 2).max(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_up_to_a_minute_before_its_end_or_half_its_life() {
        for (life, seconds) in [(0, 10), (10, 10), (60, 30), (120, 60), (3600, 3540)] {
            assert_eq!(usable(life), Duration::from_secs(seconds), "{life}");
        }
    }
}
