//! Signing with an account's key, "Shared Key Lite"
//! (learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key). The
//! SDK knows tokens only, which Azurite takes over TLS alone.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use azimuth_ports::clock::Clock;
use azure_core::http::headers::{AUTHORIZATION, CONTENT_TYPE};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::connection::AccountKey;
use crate::http_date::http_date;

/// Dates and signs each try, so that one that waited is not too old.
pub(super) struct SharedKeyLite {
    account: String,
    key: hmac::Key,
    clock: Arc<dyn Clock>,
}

impl SharedKeyLite {
    pub(super) fn new(account: &AccountKey, clock: Arc<dyn Clock>) -> Self {
        Self {
            account: account.account.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &account.key),
            clock,
        }
    }

    fn sign(&self, request: &Request) -> String {
        let text = string_to_sign(&self.account, request);
        STANDARD.encode(hmac::sign(&self.key, text.as_bytes()))
    }
}

impl fmt::Debug for SharedKeyLite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKeyLite")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Policy for SharedKeyLite {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        request.insert_header("x-ms-date", http_date(self.clock.now()));
        let signature = self.sign(request);
        request.insert_header(
            AUTHORIZATION,
            format!("SharedKeyLite {}:{signature}", self.account),
        );
        next[0].send(ctx, request, &next[1..]).await
    }
}

/// Method, `Content-MD5` (never sent), `Content-Type`, `Date` (`x-ms-date` stands
/// for it), the `x-ms-` headers by name, and the resource.
fn string_to_sign(account: &str, request: &Request) -> String {
    let mut headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    headers.sort_unstable();
    let mut text = format!(
        "{}\n\n{}\n\n",
        request.method(),
        request
            .headers()
            .get_optional_str(&CONTENT_TYPE)
            .unwrap_or_default()
    );
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value.trim());
        text.push('\n');
    }
    // An emulator's path begins with the account too, which so stands there twice.
    text.push('/');
    text.push_str(account);
    text.push_str(request.url().path());
    let comp = request.url().query_pairs().find(|(name, _)| name == "comp");
    if let Some((_, comp)) = comp {
        text.push_str("?comp=");
        text.push_str(&comp);
    }
    text
}
