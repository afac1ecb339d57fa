//! An installation whose people have no identity in Azure.

use async_trait::async_trait;
use azimuth_ports::tokens::{Grant, Secret, TokenError, TokenExchange};

/// Where no issuer grants anything in Azure.
pub struct NoExchange;

#[async_trait]
impl TokenExchange for NoExchange {
    async fn on_behalf_of(&self, _: &str, _: &Secret, _: &str) -> Result<Grant, TokenError> {
        Err(TokenError::NotOffered)
    }

    async fn refresh(&self, _: &str, _: &Secret, _: &str) -> Result<Grant, TokenError> {
        Err(TokenError::NotOffered)
    }
}
