//! Versions on the wire: strong entity tags (RFC 9110 §8.8.3) over the store's.

use axum::extract::FromRequestParts;
use azimuth_ports::store::Etag;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderValue, header};

use crate::problem::{Code, Problem};

/// Longest `If-Match` that is looked at, bytes.
const MAX_HEADER_LENGTH: usize = 1024;

/// The header's value for a stored version, whatever characters that has.
pub fn header_value(etag: &Etag) -> HeaderValue {
    HeaderValue::from_str(&tag(etag)).unwrap_or(HeaderValue::from_static("\"\""))
}

fn tag(etag: &Etag) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&etag.0))
}

/// What a change expects to find: the `If-Match` header, which must be there.
#[derive(Debug, Clone)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// Refuses a version that is not among those expected; `*` expects any.
    pub fn check(&self, etag: &Etag) -> Result<(), Problem> {
        let present = tag(etag);
        if self.0.iter().any(|t| t == "*" || *t == present) {
            Ok(())
        } else {
            Err(Problem::new(Code::IfMatchStale))
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts
            .headers
            .get(header::IF_MATCH)
            .ok_or_else(|| Problem::new(Code::IfMatchMissing).parameter("If-Match"))?;
        let text = value
            .to_str()
            .ok()
            .filter(|t| t.len() <= MAX_HEADER_LENGTH)
            .ok_or_else(|| Problem::new(Code::HeaderInvalid).parameter("If-Match"))?;
        Ok(Self(text.split(',').map(|t| t.trim().to_owned()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_present_version_or_any_matches() {
        let etag = Etag("\"0000-ü\"".to_owned());
        let sent = tag(&etag);
        assert!(IfMatch(vec![sent.clone()]).check(&etag).is_ok());
        assert!(
            IfMatch(vec!["\"x\"".into(), sent.clone()])
                .check(&etag)
                .is_ok()
        );
        assert!(IfMatch(vec!["*".into()]).check(&etag).is_ok());
        for stale in [format!("W/{sent}"), "\"x\"".to_owned(), String::new()] {
            assert!(
                IfMatch(vec![stale.clone()]).check(&etag).is_err(),
                "{stale}"
            );
        }
        assert!(
            header_value(&etag)
                .to_str()
                .is_ok_and(|v| v.starts_with('"'))
        );
    }
}
