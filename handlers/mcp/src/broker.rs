//! The token broker: hands the tool server processes short-lived tokens of
//! exactly one user each.
//!
//! It speaks the App Service managed-identity protocol on loopback
//! (`GET /msi/token?api-version=2019-08-01&resource=…` with the header
//! `X-IDENTITY-HEADER`), which an unmodified Azure SDK understands. Each process
//! has a header value of its own; the value names the user, nothing in the
//! request can. Refusals are always 4xx: a client retries a 5xx or a refused
//! connection for half a minute.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use azimuth_domain::principal::UserKey;
use azimuth_ports::clock::Clock;
use azimuth_ports::tokens::{AccessToken, TokenError, UserTokens};
use azimuth_ports::tools::TokenUsed;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Answers expire this soon, so that the SDK in the process asks again on every
/// call (it caches what is good for longer than 300 s) and a revoked grant ends
/// the process's rights at once.
const TOKEN_LIFE_SECONDS: i64 = 240;
/// Longest wait for the vault and the identity provider.
const TOKEN_DEADLINE: Duration = Duration::from_secs(20);
/// Longest id of a token that is kept, bytes.
const MAX_TOKEN_ID: usize = 64;
const ENDPOINT: &str = "/msi/token";
const IDENTITY_HEADER: &str = "x-identity-header";

/// A running broker. Clones share one table; it stops with its token.
#[derive(Clone)]
pub struct Broker {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    entries: Mutex<Vec<Entry>>,
    tokens: Arc<dyn UserTokens>,
    clock: Arc<dyn Clock>,
    audiences: Vec<String>,
}

struct Entry {
    digest: [u8; 32],
    user: UserKey,
    newest: TokenUsed,
}

/// One process's right to ask. It ends when this is dropped.
pub struct Ticket {
    header: String,
    digest: [u8; 32],
    newest: TokenUsed,
    shared: Arc<Shared>,
}

impl Broker {
    /// Listens on a loopback port of the system's choice. `audiences` are the
    /// only ones for which tokens are given (`https://management.azure.com`;
    /// a trailing slash makes no difference).
    pub async fn start(
        tokens: Arc<dyn UserTokens>,
        clock: Arc<dyn Clock>,
        audiences: &[String],
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            entries: Mutex::new(Vec::new()),
            tokens,
            clock,
            audiences: audiences.iter().map(|a| normalised(a).to_owned()).collect(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route(ENDPOINT, get(get_token))
            .with_state(Arc::clone(&shared));
        tasks.spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(async move { stop.cancelled().await })
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "the token broker stopped");
            }
        });
        Ok(Self { shared, address })
    }

    /// The URL for `IDENTITY_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}{ENDPOINT}", self.address)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets the holder of the ticket ask as `user`. `secret` must be fresh from
    /// the system's random generator.
    pub fn admit(&self, user: &UserKey, secret: [u8; 32]) -> Ticket {
        let header = hex::encode(secret);
        let digest = digest(header.as_bytes());
        let newest = TokenUsed::default();
        self.shared.lock().push(Entry {
            digest,
            user: user.clone(),
            newest: newest.clone(),
        });
        Ticket {
            header,
            digest,
            newest,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Ticket {
    /// The value for `IDENTITY_HEADER`.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The newest token that its holder was given.
    pub fn newest(&self) -> TokenUsed {
        self.newest.clone()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared
            .lock()
            .retain(|entry| entry.digest != self.digest);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose header value this is. Every entry is compared, in constant time, so
    /// that the answer's delay says nothing about the table.
    fn holder(&self, presented: &[u8]) -> Option<(UserKey, TokenUsed)> {
        let presented = digest(presented);
        let mut found = None;
        for entry in self.lock().iter() {
            if bool::from(entry.digest.ct_eq(&presented)) {
                found = Some((entry.user.clone(), entry.newest.clone()));
            }
        }
        found
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn normalised(audience: &str) -> &str {
    audience.trim_end_matches('/')
}

async fn get_token(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some((user, newest)) = headers
        .get(IDENTITY_HEADER)
        .and_then(|h| shared.holder(h.as_bytes()))
    else {
        return refusal(
            StatusCode::UNAUTHORIZED,
            "unknown_identity",
            "This process has no identity.",
        );
    };
    let Some(resource) = resource(query.as_deref().unwrap_or_default()) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Name one resource.",
        );
    };
    let audience = normalised(&resource);
    if !shared.audiences.iter().any(|allowed| allowed == audience) {
        tracing::warn!(tid = %user.tid, oid = %user.oid, "a tool server asked for a token of an audience that is not allowed");
        return forbidden(&TokenError::Audience(audience.chars().take(200).collect()));
    }
    let token = tokio::time::timeout(TOKEN_DEADLINE, shared.tokens.access_token(&user, audience));
    match token.await {
        Ok(Ok(token)) => {
            newest.set(token_id(&token));
            let now = shared.clock.now().0.div_euclid(1000);
            let expires_on = token
                .expires_at
                .0
                .div_euclid(1000)
                .min(now + TOKEN_LIFE_SECONDS);
            let body = json!({
                "access_token": token.token.expose(),
                "expires_on": expires_on.to_string(),
                "resource": resource,
                "token_type": "Bearer",
            });
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, body.to_string()).into_response()
        }
        Ok(Err(error)) => {
            tracing::warn!(tid = %user.tid, oid = %user.oid, audience, %error, "no token for a tool server");
            forbidden(&error)
        }
        Err(_) => forbidden(&TokenError::Unavailable(
            "the identity provider is slow".to_owned(),
        )),
    }
}

/// The claim `uti` of a token, if it has one. The vault gave the token, so its
/// signature is not looked at.
fn token_id(token: &AccessToken) -> Option<String> {
    let payload = token.token.expose().split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let id = claims["uti"].as_str()?;
    let is_short = id.len() <= MAX_TOKEN_ID && id.bytes().all(|b| b.is_ascii_graphic());
    is_short.then(|| id.to_owned())
}

fn forbidden(error: &TokenError) -> Response {
    let (code, message) = match error {
        TokenError::GrantGone(_) => (
            "grant_gone",
            "The sign-in to Azure has ended; sign in to Azure again.".to_owned(),
        ),
        TokenError::Unavailable(_) => (
            "unavailable",
            "No Azure token can be had at the moment; try again later.".to_owned(),
        ),
        TokenError::NotOffered => (
            "not_offered",
            "The sign-in of this person gives no access to Azure.".to_owned(),
        ),
        TokenError::Audience(audience) => {
            ("audience", format!("No token is given for {audience}."))
        }
    };
    refusal(StatusCode::FORBIDDEN, code, &message)
}

/// The SDK shows `message` to its caller word for word.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({"statusCode": status.as_u16(), "error": code, "message": message});
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

/// The query's `resource`, decoded; `None` when missing, doubled or broken.
fn resource(query: &str) -> Option<String> {
    let mut values = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("resource="));
    let value = values.next().filter(|value| !value.is_empty())?;
    if values.next().is_some() {
        return None;
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                bytes.push(*hex::decode(pair).ok()?.first()?);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
