//! Where the endpoint is and how it is asked.

use std::time::Duration;

use azimuth_ports::tokens::Secret;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// In which header the key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer …`: most endpoints.
    Bearer,
    /// `api-key: …`: Azure's.
    ApiKey,
}

/// An endpoint. `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// Name in pickers, events and settings.
    pub name: String,
    /// Address up to the version: `https://api.openai.com/v1`.
    pub base_url: Url,
    /// The key; local servers often want none.
    pub api_key: Option<Secret>,
    /// Where the key goes.
    pub key_header: KeyHeader,
    /// The endpoint's name of the model (Azure: of the deployment).
    pub model: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest silence, before the first byte and between two.
    pub idle_timeout: Duration,
    /// Pause before the second try; doubled before the third.
    pub retry_pause: Duration,
    /// A longer pause than this is left to the caller.
    pub longest_pause: Duration,
    /// Proxy for the way out; the environment's variables are not looked at.
    pub proxy: Option<String>,
}

/// What is wrong with a configuration. The texts name no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not an address of a web server.
    #[error("the model's base URL must begin with https:// (or http://) and name a host")]
    Address,
    /// A key would cross the network in clear.
    #[error("the model's base URL must be https:// when there is a key, except on this machine")]
    ClearText,
    /// User information or a query in the address.
    #[error("the model's base URL must not hold a user, a password, a query or a fragment")]
    AddressParts,
    /// The key has characters that a header cannot carry.
    #[error("the model's key cannot be sent in a header")]
    Key,
    /// No model named.
    #[error("the model's name is empty")]
    Model,
    /// The proxy is no address.
    #[error("the model's proxy is not an address")]
    Proxy,
    /// The HTTP client cannot be made.
    #[error("the HTTP client for the model cannot be made: {0}")]
    Client(String),
}

impl OpenAiConfig {
    /// An endpoint with the usual limits: 10 s to connect, 120 s of silence, two
    /// more tries 0.5 s and 1 s later, waits above 10 s left to the caller. The
    /// key goes where the host wants it.
    pub fn new(base_url: &str, api_key: Option<Secret>, model: &str) -> Result<Self, ConfigError> {
        let base_url = Url::parse(base_url.trim()).map_err(|_| ConfigError::Address)?;
        let azure = base_url.host_str().is_some_and(|host| {
            [
                ".openai.azure.com",
                ".cognitiveservices.azure.com",
                ".services.ai.azure.com",
            ]
            .iter()
            .any(|domain| host.ends_with(domain))
        });
        let config = Self {
            name: model.to_owned(),
            base_url,
            api_key,
            key_header: if azure {
                KeyHeader::ApiKey
            } else {
                KeyHeader::Bearer
            },
            model: model.to_owned(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(2),
            retry_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(10),
            proxy: None,
        };
        config.check()?;
        Ok(config)
    }

    /// Whether it can be used.
    pub fn check(&self) -> Result<(), ConfigError> {
        let url = &self.base_url;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(ConfigError::Address);
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(ConfigError::AddressParts);
        }
        if self.api_key.is_some() && url.scheme() == "http" && !is_local(url) {
            return Err(ConfigError::ClearText);
        }
        if self.model.trim().is_empty() {
            return Err(ConfigError::Model);
        }
        self.key_header().map(|_| ())
    }

    pub(super) fn key_header(&self) -> Result<Option<(HeaderName, HeaderValue)>, ConfigError> {
        let Some(key) = &self.api_key else {
            return Ok(None);
        };
        let (name, text) = match self.key_header {
            KeyHeader::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose())),
            KeyHeader::ApiKey => (HeaderName::from_static("api-key"), key.expose().to_owned()),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| ConfigError::Key)?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    pub(super) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    pub(super) fn host(&self) -> &str {
        self.base_url.host_str().unwrap_or("")
    }
}

fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn config(url: &str, key: Option<&str>) -> Result<OpenAiConfig, ConfigError> {
        OpenAiConfig::new(url, key.map(Secret::new), "gpt")
    }

    #[test]
    fn addresses_are_checked() {
        for (url, key, expected) in [
            ("https://api.openai.com/v1", Some("k"), Ok(())),
            ("http://127.0.0.1:8000/v1", Some("k"), Ok(())),
            ("http://[::1]:8000/v1", Some("k"), Ok(())),
            ("http://localhost:8000", Some("k"), Ok(())),
            ("http://10.0.0.5:8000/v1", None, Ok(())),
            (
                "http://10.0.0.5:8000/v1",
                Some("k"),
                Err(ConfigError::ClearText),
            ),
            ("ftp://x/v1", None, Err(ConfigError::Address)),
            ("api.openai.com", None, Err(ConfigError::Address)),
            ("https://u:p@x/v1", None, Err(ConfigError::AddressParts)),
            ("https://x/v1?a=b", None, Err(ConfigError::AddressParts)),
            ("https://x/v1", Some("a\nb"), Err(ConfigError::Key)),
        ] {
            assert_eq!(config(url, key).map(|_| ()), expected, "{url}");
        }
        assert_eq!(
            OpenAiConfig::new("https://x/v1", None, " ").map(|_| ()),
            Err(ConfigError::Model)
        );
    }

    #[test]
    fn azure_gets_its_own_header() {
        let azure = config("https://x.openai.azure.com/openai/v1/", Some("k")).unwrap();
        assert_eq!(azure.key_header().unwrap().unwrap().0, "api-key");
        assert_eq!(
            azure.endpoint("models").as_str(),
            "https://x.openai.azure.com/openai/v1/models"
        );
        let other = config("https://api.openai.com/v1", Some("k")).unwrap();
        assert_eq!(other.key_header().unwrap().unwrap().0, "authorization");
    }

    #[test]
    fn the_key_is_not_shown() {
        let config = config("https://api.openai.com/v1", Some("sk-very-secret")).unwrap();
        let model = super::super::OpenAiModel::new(config.clone()).unwrap();
        assert!(!format!("{config:?} {model:?}").contains("very-secret"));
    }
}
