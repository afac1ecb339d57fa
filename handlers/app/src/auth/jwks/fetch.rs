//! One bounded GET: time-out, size cap, no redirect, no ambient proxy.

use std::time::Duration;

use reqwest::{Certificate, Client, NoProxy, Proxy, redirect};

/// How the issuer is reached.
#[derive(Debug, Clone)]
pub struct FetcherSettings {
    /// Whole request, connection included.
    pub timeout: Duration,
    /// Longest answer, bytes.
    pub max_bytes: usize,
    /// Proxy for everything but loopback, `http://host:port`.
    pub proxy: Option<String>,
    /// PEM bundle; when set, these are the only roots that are trusted.
    pub ca_pem: Option<Vec<u8>>,
}

impl Default for FetcherSettings {
    /// 5 s, 256 KiB (Entra's sets are about 20 KiB), direct, the system's roots.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_bytes: 256 * 1024,
            proxy: None,
            ca_pem: None,
        }
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the issuer cannot be reached with these settings: {0}")]
pub struct SettingsError(#[from] reqwest::Error);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, a cut one, or too slow.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// Another status than 200.
    #[error("status {0}")]
    Status(u16),
    /// Longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
}

/// Fetches key sets.
pub struct Fetcher {
    client: Client,
    max_bytes: usize,
}

impl Fetcher {
    /// A fetcher with a client of its own.
    pub fn new(settings: &FetcherSettings) -> Result<Self, SettingsError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(settings.timeout)
            .no_proxy();
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(
                Proxy::all(proxy)?.no_proxy(NoProxy::from_string("127.0.0.1,localhost,::1")),
            );
        }
        if let Some(pem) = &settings.ca_pem {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
        }
        Ok(Self {
            client: builder.build()?,
            max_bytes: settings.max_bytes,
        })
    }

    /// The body of a 200 answer.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let no_answer =
            |error: reqwest::Error| FetchError::NoAnswer(error.without_url().to_string());
        let mut response = self.client.get(url).send().await.map_err(no_answer)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(FetchError::TooLarge(self.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
