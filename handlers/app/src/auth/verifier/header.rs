//! The token's header, read by our own struct: the JWT library ignores `crit`
//! and embedded keys, which must be refused.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::refuse;
use super::rules::IssuerRules;
use crate::auth::refusal::{TokenCode, TokenRefused};

/// Longest key id.
pub(crate) const MAX_KID_LENGTH: usize = 128;

/// Deepest nesting of header and payload.
const MAX_DEPTH: usize = 64;

/// A header that passed.
#[derive(Debug)]
pub(super) struct Header {
    /// Names the key; opaque.
    pub kid: String,
}

impl Header {
    /// Reads the decoded header segment of a token of the issuer with these rules.
    pub fn read(bytes: &[u8], rules: &IssuerRules) -> Result<Self, TokenRefused> {
        let wire: Wire = object(bytes)
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .ok_or_else(|| refuse(TokenCode::Malformed, "header"))?;
        if wire.alg != rules.algorithm.as_str() {
            return Err(refuse(TokenCode::Malformed, "alg is not the issuer's"));
        }
        if !rules.types.contains(&wire.typ.as_str()) {
            return Err(refuse(
                TokenCode::Malformed,
                format!("typ is none of {}", rules.types.join(", ")),
            ));
        }
        if let Some(name) = wire.forbidden() {
            return Err(refuse(TokenCode::Malformed, format!("header has {name}")));
        }
        if !is_kid(&wire.kid) {
            return Err(refuse(TokenCode::Malformed, "kid is not a key id"));
        }
        Ok(Self { kid: wire.kid })
    }
}

/// Whether `text` can be a key id: 1–128 characters of `[A-Za-z0-9_-]`.
pub(crate) fn is_kid(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_KID_LENGTH
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[derive(Deserialize)]
struct Wire {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
    #[serde(default)]
    b64: Present,
    #[serde(default)]
    enc: Present,
    #[serde(default)]
    zip: Present,
}

impl Wire {
    /// The first parameter that must not be there: ways to bring one's own key
    /// or to change what is signed.
    fn forbidden(&self) -> Option<&'static str> {
        [
            ("crit", &self.crit),
            ("jku", &self.jku),
            ("jwk", &self.jwk),
            ("x5u", &self.x5u),
            ("x5c", &self.x5c),
            ("b64", &self.b64),
            ("enc", &self.enc),
            ("zip", &self.zip),
        ]
        .into_iter()
        .find_map(|(name, present)| present.0.then_some(name))
    }
}

/// Whether a member is there, whatever its value; `null` counts.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Ok(Self(true))
    }
}

/// `bytes` if they can be a JSON object that nests at most [`MAX_DEPTH`] deep;
/// serde would read an array of the right length into a struct too, and skips
/// unknown members at any depth and in whatever bytes.
pub(super) fn object(bytes: &[u8]) -> Option<&[u8]> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    let is_text = std::str::from_utf8(bytes).is_ok();
    (is_object && is_text && depth(bytes) <= MAX_DEPTH).then_some(bytes)
}

/// How deep brackets nest outside of strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_of_strings_alone() {
        for (text, expected) in [
            ("", 0),
            ("{}", 1),
            ("{}{}", 1),
            (r#"{"a":[[1]],"b":{}}"#, 3),
            (r#"{"a":"[[["}"#, 1),
            (r#"{"a":"\"[[["}"#, 1),
            (r#"{"a":"\\","b":[]}"#, 2),
            (r#"{"a":"}","b":[]}"#, 2),
            ("]]{", 1),
            // Nothing is escaped where there is no string.
            (r"{\{{", 3),
        ] {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }
}
