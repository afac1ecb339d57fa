//! What an account says of itself. The SDK reads it and does not tell, so we ask once
//! more (learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources).

use azimuth_ports::clock::Clock;
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::account::{CosmosAuth, CosmosSettings};
use super::startup::CosmosStartError;
use crate::egress;
use crate::http_date::http_date;

/// Longest answer, bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Version of the REST API.
const API_VERSION: &str = "2020-07-15";
/// What a token for the data plane is for.
const SCOPE: &str = "https://cosmos.azure.com/.default";

/// The account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountProperties {
    #[serde(default)]
    writable_locations: Vec<Location>,
    #[serde(default)]
    enable_multiple_write_locations: bool,
    user_consistency_policy: Consistency,
}

#[derive(Debug, Deserialize)]
struct Location {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    default_consistency_level: String,
}

impl AccountProperties {
    /// The level of a read that names none.
    pub(super) fn consistency(&self) -> &str {
        &self.user_consistency_policy.default_consistency_level
    }

    /// Names of the regions that take writes.
    pub(super) fn write_regions(&self) -> Vec<&str> {
        self.writable_locations
            .iter()
            .map(|location| location.name.as_str())
            .collect()
    }

    /// Whether more than one region may take writes.
    pub(super) fn is_multi_write(&self) -> bool {
        self.enable_multiple_write_locations || self.writable_locations.len() > 1
    }
}

/// Asks the account.
pub(super) async fn read(
    settings: &CosmosSettings,
    clock: &dyn Clock,
) -> Result<AccountProperties, CosmosStartError> {
    let url = Url::parse(&settings.endpoint).map_err(|_| CosmosStartError::Address)?;
    let date = http_date(clock.now());
    let request = settings
        .egress
        .client()?
        .get(url)
        .header("x-ms-date", &date)
        .header("x-ms-version", API_VERSION)
        .header("authorization", authorization(&settings.auth, &date).await?);
    let no_answer = |e: egress::NoAnswer| CosmosStartError::NoAnswer(e.to_string());
    let response = request.send().await.map_err(|e| no_answer(e.into()))?;
    let answer = egress::read(response, MAX_BYTES).await.map_err(no_answer)?;
    match answer.status {
        StatusCode::OK => serde_json::from_slice(&answer.body)
            .map_err(|_| CosmosStartError::NoAnswer("not the properties of an account".to_owned())),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(CosmosStartError::Refused),
        other => Err(CosmosStartError::NoAnswer(format!(
            "status {}",
            other.as_u16()
        ))),
    }
}

async fn authorization(auth: &CosmosAuth, date: &str) -> Result<String, CosmosStartError> {
    let text = match auth {
        CosmosAuth::Token(credential) => {
            let token = credential.get_token(&[SCOPE], None).await;
            let token = token.map_err(|_| CosmosStartError::NoToken)?;
            format!("type=aad&ver=1.0&sig={}", token.token.secret())
        }
        CosmosAuth::Key(key) => {
            // Method, type and name of the resource, of which the account has none.
            let signed = format!("get\n\n\n{}\n\n", date.to_ascii_lowercase());
            let key = azure_core::credentials::Secret::new(key.expose().to_owned());
            let signature = azure_core::hmac::hmac_sha256(&signed, &key);
            let signature = signature.map_err(|_| CosmosStartError::NoToken)?;
            format!("type=master&ver=1.0&sig={signature}")
        }
    };
    Ok(percent_encoded(&text))
}

/// Everything but letters and digits as `%XX`.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_ports::tokens::Secret;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_key_signs_the_request() {
        let auth = CosmosAuth::Key(Secret::new("a2V5"));
        let signed = authorization(&auth, "Sun, 06 Nov 1994 08:49:37 GMT")
            .await
            .unwrap();
        assert!(
            signed.starts_with("type%3Dmaster%26ver%3D1.0%26sig%3D"),
            "{signed}"
        );
        assert!(!signed.contains('='));
    }

    #[test]
    fn an_account_tells_its_level_and_its_regions() {
        let of = |regions: &[&str], is_multi| {
            let locations: Vec<_> = regions.iter().map(|name| json!({"name": name})).collect();
            let account = json!({
                "writableLocations": locations,
                "enableMultipleWriteLocations": is_multi,
                "userConsistencyPolicy": {"defaultConsistencyLevel": "Strong"},
            });
            serde_json::from_value::<AccountProperties>(account).unwrap()
        };
        let one = of(&["Korea Central"], false);
        assert_eq!(one.consistency(), "Strong");
        assert_eq!(one.write_regions(), ["Korea Central"]);
        assert!(!one.is_multi_write());
        assert!(of(&["Korea Central"], true).is_multi_write());
        assert!(of(&["Korea Central", "Korea South"], false).is_multi_write());
    }
}
