//! The token's claims, read into a struct: serde refuses a known claim that
//! occurs twice or has another type, which a map would let through.

use serde::Deserialize;

use super::header::{object, strict_option};
use super::refuse;
use crate::auth::refusal::{TokenCode, TokenRefused};

/// The claims that are used, none of them trusted before the signature is.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: String,
    /// Required by Entra's checklist; identifies nobody here.
    #[serde(rename = "sub")]
    _sub: String,
    pub exp: u64,
    pub nbf: u64,
    pub iat: u64,
    pub ver: String,
    pub tid: String,
    pub oid: String,
    #[serde(default, deserialize_with = "strict_option")]
    pub azp: Option<String>,
    #[serde(default, deserialize_with = "strict_option")]
    pub scp: Option<String>,
    #[serde(default, deserialize_with = "strict_option")]
    pub idtyp: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default, deserialize_with = "strict_option")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "strict_option")]
    pub sid: Option<String>,
}

impl Claims {
    /// Reads the decoded payload segment.
    pub fn read(bytes: &[u8]) -> Result<Self, TokenRefused> {
        let bytes =
            object(bytes).ok_or_else(|| refuse(TokenCode::Malformed, "payload is no object"))?;
        // Only the kind of fault is kept: serde's text may quote a value.
        serde_json::from_slice(bytes).map_err(|error| {
            refuse(
                TokenCode::Malformed,
                format!(
                    "payload: {:?} at column {}",
                    error.classify(),
                    error.column()
                ),
            )
        })
    }
}
