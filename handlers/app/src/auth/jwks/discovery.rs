//! Where an issuer says that its keys are (`OpenID` Connect Discovery 1.0 §4).

use reqwest::Url;
use serde::Deserialize;

use super::Fetcher;

/// Path behind the issuer.
const DOCUMENT: &str = ".well-known/openid-configuration";

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// Asks `issuer`. The document must name exactly this issuer, and keys at the same
/// place (scheme, host and port): whoever can bend the document sends us nowhere else.
pub(super) async fn keys_url(fetcher: &Fetcher, issuer: &str) -> Result<String, String> {
    let url = format!("{}/{DOCUMENT}", issuer.trim_end_matches('/'));
    let body = fetcher.get(&url).await;
    let body = body.map_err(|error| format!("discovery document: {error}"))?;
    read(&body, issuer)
}

fn read(body: &[u8], issuer: &str) -> Result<String, String> {
    let document: Document = serde_json::from_slice(body)
        .map_err(|_| "the discovery document has no issuer and jwks_uri".to_owned())?;
    if document.issuer != issuer {
        return Err("the discovery document is another issuer's".to_owned());
    }
    match (Url::parse(&document.jwks_uri), Url::parse(issuer)) {
        (Ok(keys), Ok(own))
            if keys.origin().is_tuple()
                && keys.origin() == own.origin()
                && keys.username().is_empty()
                && keys.password().is_none() =>
        {
            Ok(document.jwks_uri)
        }
        _ => Err(
            "the issuer's keys are on another host; AZIMUTH_OIDC_JWKS_URL may name it".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_issuers_own_document_is_believed_and_only_about_its_own_host() {
        let issuer = "https://id.example.invalid/realms/a";
        let keys = "https://id.example.invalid/keys";
        let document = |issuer: &str, keys: &str| {
            serde_json::json!({"issuer": issuer, "jwks_uri": keys}).to_string()
        };
        let table = [
            (document(issuer, keys), true),
            (document(&format!("{issuer}/"), keys), false),
            (document("https://ID.example.invalid/realms/a", keys), false),
            (
                document(issuer, "https://other.example.invalid/keys"),
                false,
            ),
            (
                document(issuer, "https://id.example.invalid:8443/keys"),
                false,
            ),
            (document(issuer, "http://id.example.invalid/keys"), false),
            (document(issuer, "https://a@id.example.invalid/keys"), false),
            (document(issuer, "/keys"), false),
            (document(issuer, "data:,{}"), false),
            (serde_json::json!({"issuer": issuer}).to_string(), false),
            (
                serde_json::json!({"issuer": [issuer], "jwks_uri": keys}).to_string(),
                false,
            ),
            (String::new(), false),
        ];
        for (body, expected) in table {
            let read = read(body.as_bytes(), issuer);
            assert_eq!(read.as_deref().ok(), expected.then_some(keys), "{body}");
        }
    }
}
