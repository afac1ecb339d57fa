//! `Idempotency-Key`: the same key gives the same thing, however often it is sent.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::HeaderMap;
use http::request::Parts;

use crate::problem::{Code, Problem};

/// Longest key.
const MAX_LENGTH: usize = 200;

const HEADER: &str = "idempotency-key";

/// The key of this request: 1–200 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

fn read(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let invalid = || Problem::new(Code::IdempotencyKeyInvalid).parameter("Idempotency-Key");
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    let fits = (1..=MAX_LENGTH).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    if !fits || values.next().is_some() {
        return Err(invalid());
    }
    let text = value.to_str().map_err(|_| invalid())?;
    Ok(Some(IdempotencyKey(text.to_owned())))
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.headers)?
            .ok_or_else(|| Problem::new(Code::IdempotencyKeyMissing).parameter("Idempotency-Key"))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        read(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn key(value: &[u8]) -> Result<Option<IdempotencyKey>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, http::HeaderValue::from_bytes(value).unwrap());
        read(&headers)
    }

    #[test]
    fn one_to_two_hundred_visible_characters() {
        assert_eq!(read(&HeaderMap::new()).unwrap(), None);
        for length in [1, 199, 200] {
            assert!(key("k".repeat(length).as_bytes()).is_ok(), "{length}");
        }
        for bad in ["", &"k".repeat(201), "two words", "tab\there"] {
            assert!(key(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(key("열쇠".as_bytes()).is_err());
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(HEADER, "a".parse().unwrap());
        headers.append(HEADER, "b".parse().unwrap());
        assert!(read(&headers).is_err());
    }
}
