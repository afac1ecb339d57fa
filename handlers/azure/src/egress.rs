//! How requests leave this process: time-out, proxy, trusted roots, no redirect,
//! bounded answers.

#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::{Certificate, Client, NoProxy, Proxy, Response, StatusCode, Url, redirect};

/// Settings of outgoing requests.
#[derive(Debug, Clone)]
pub struct Egress {
    /// Whole request, connection included.
    pub timeout: Duration,
    /// Proxy for everything but loopback, `http://host:port`.
    pub proxy: Option<String>,
    /// PEM bundle; when set, these are the only roots that are trusted.
    pub ca_pem: Option<Vec<u8>>,
}

impl Default for Egress {
    /// 7 s (the vault gives an exchange 8 s), direct, the system's roots.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(7),
            proxy: None,
            ca_pem: None,
        }
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("requests to Azure cannot be made with these settings: {0}")]
pub struct EgressError(#[from] reqwest::Error);

impl Egress {
    /// A client of these settings.
    pub fn client(&self) -> Result<Client, EgressError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(self.timeout)
            .no_proxy();
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(
                Proxy::all(proxy)?.no_proxy(NoProxy::from_string("127.0.0.1,localhost,::1")),
            );
        }
        if let Some(pem) = &self.ca_pem {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
        }
        Ok(builder.build()?)
    }
}

/// Whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// What came back: the status and at most `max_bytes` of body.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// Why nothing usable came back; the text names no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("{0}")]
    Network(String),
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
}

impl From<reqwest::Error> for NoAnswer {
    fn from(error: reqwest::Error) -> Self {
        Self::Network(kind(&error).to_owned())
    }
}

/// What went wrong, in words that name no address.
pub(crate) fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the request broke off"
    }
}

/// Reads a response up to `max_bytes`.
pub(crate) async fn read(mut response: Response, max_bytes: usize) -> Result<Answer, NoAnswer> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max_bytes {
            return Err(NoAnswer::TooLarge(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}
