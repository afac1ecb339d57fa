//! What lies in a vault entry before it is sealed, and what it is bound to.

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::tokens::{AccessToken, SealedToken, Secret, TokenError};
use serde::Deserialize;

/// An entry that was opened.
pub(super) struct Entry {
    access: AccessToken,
    sealed: Vec<u8>,
}

/// The end lies inside the seal too, so that nobody can make a token live longer
/// by editing the store.
#[derive(Deserialize)]
struct Plain {
    token: String,
    expires_at: Timestamp,
}

impl Entry {
    /// Reads what the sealer opened.
    pub fn read(plain: &[u8], stored: &SealedToken) -> Result<Self, TokenError> {
        let plain: Plain = serde_json::from_slice(plain).map_err(|_| {
            TokenError::Unavailable("a vault entry cannot be read by this build".to_owned())
        })?;
        Ok(Self {
            access: AccessToken {
                token: Secret::new(plain.token),
                expires_at: plain.expires_at,
            },
            sealed: stored.sealed.clone(),
        })
    }

    /// The token with its end.
    pub fn access(&self) -> &AccessToken {
        &self.access
    }

    /// The token alone: the refresh token of a grant.
    pub fn secret(&self) -> &Secret {
        &self.access.token
    }

    /// The ciphertext as stored.
    pub fn sealed(&self) -> &[u8] {
        &self.sealed
    }
}

/// The bytes to seal.
pub(super) fn plain(secret: &Secret, expires_at: Timestamp) -> Vec<u8> {
    serde_json::json!({ "token": secret.expose(), "expires_at": expires_at })
        .to_string()
        .into_bytes()
}

/// What an entry is bound to: moved to another user or slot it does not open.
pub(super) fn seal_context(user: &UserKey, slot: &str) -> String {
    format!("{}|{}|{slot}", user.tid, user.oid)
}
