//! Azure tokens of users: the grant, the vault, the exchange.

use std::fmt;

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;

use crate::store::StoreError;

/// A secret text that shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A token for one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The grant is gone: the person must sign in again. Trying again is useless.
    #[error("the grant for Azure is gone: {0}")]
    GrantGone(String),
    /// The identity provider or the vault does not answer. Trying again is safe.
    #[error("no token can be had now: {0}")]
    Unavailable(String),
    /// The person's identity provider grants nothing in Azure. Trying again is useless.
    #[error("the sign-in of this person gives no access to Azure")]
    NotOffered,
    /// The audience is not one that this product asks for.
    #[error("no token is given for the audience {0}")]
    Audience(String),
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What an exchange at the identity provider gives.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Token for the audience that was asked for.
    pub access: AccessToken,
    /// Renews it, and buys tokens for other audiences.
    pub refresh: Option<Secret>,
}

/// The identity provider's token endpoint (OAuth 2.0, RFC 6749; the
/// on-behalf-of grant is RFC 7523 as Entra ID speaks it).
#[async_trait]
pub trait TokenExchange: Send + Sync {
    /// Exchanges the caller's bearer token for a token to `audience`
    /// (`https://management.azure.com`), with a refresh token.
    async fn on_behalf_of(
        &self,
        tenant: &str,
        assertion: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError>;

    /// Renews with a refresh token, for the same or another audience.
    async fn refresh(
        &self,
        tenant: &str,
        refresh: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError>;
}

/// One sealed entry of the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedToken {
    /// Ciphertext; only the holder of the data key can open it.
    pub sealed: Vec<u8>,
    /// When the entry is dropped.
    pub expires_at: Timestamp,
    /// Version, raised by every write.
    pub version: u64,
    /// Who refreshes it now, until when.
    pub lease: Option<(String, Timestamp)>,
}

/// Sealed tokens, one per (user, slot). A slot is an audience or `grant`.
/// Shared by all processes; nothing in it is readable without the data key.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Reads an entry.
    async fn token(&self, user: &UserKey, slot: &str) -> Result<Option<SealedToken>, StoreError>;

    /// Writes an entry whatever stands there, and ends its lease.
    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Takes the lease of an entry (made empty when missing) for `holder` until
    /// `until`. False: somebody else holds a lease that has not ended at `now`.
    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes all entries of a user.
    async fn forget_tokens(&self, user: &UserKey) -> Result<(), StoreError>;
}

/// Seals and opens vault entries with the data key.
pub trait Sealer: Send + Sync {
    /// Encrypts `plain`, bound to `context` (which is not secret).
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, TokenError>;
    /// Opens what [`Sealer::seal`] made with the same context.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, TokenError>;
}

/// Access tokens of users, as executors and the broker ask for them.
#[async_trait]
pub trait UserTokens: Send + Sync {
    /// A token of `user` for `audience` that is good for at least a minute.
    async fn access_token(&self, user: &UserKey, audience: &str)
    -> Result<AccessToken, TokenError>;
}
