//! Who is let in. The emulator itself lets in everybody.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use url::form_urlencoded;

use crate::answer::Refusal;

/// One token, or none: a check that a caller sends what it was given, and no more.
#[derive(Debug)]
pub struct Access {
    token: Option<String>,
}

impl Access {
    pub fn new(token: Option<String>) -> Self {
        Self { token }
    }

    /// `authorization: type=aad&ver=1.0&sig=<token>`, percent-encoded.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = headers.get("authorization").map(HeaderValue::as_bytes);
        let expected = format!("type=aad&ver=1.0&sig={token}");
        let encoded = form_urlencoded::byte_serialize(expected.as_bytes());
        if given == Some(encoded.collect::<String>().as_bytes()) {
            return Ok(());
        }
        Err(Refusal {
            status: StatusCode::UNAUTHORIZED,
            code: "Unauthorized",
            message: "The input authorization token can't serve the request.",
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn only_the_one_token_is_let_in() {
        let access = Access::new(Some("a.b+c".to_owned()));
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", text.parse().unwrap());
            access.check(&headers).is_ok()
        };
        assert!(with("type%3Daad%26ver%3D1.0%26sig%3Da.b%2Bc"));
        assert!(!with("type%3Daad%26ver%3D1.0%26sig%3Da.b"));
        assert!(!with("type%3Dmaster%26ver%3D1.0%26sig%3Da.b%2Bc"));
        assert!(access.check(&HeaderMap::new()).is_err());
        assert!(Access::new(None).check(&HeaderMap::new()).is_ok());
    }
}
