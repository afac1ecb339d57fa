//! Azure as a person's own identity sees it.

use std::sync::Arc;

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_ports::azure::{AzureDirectory, Subscription, TagPlace, TaggedPlace};
use azimuth_ports::tokens::{TokenError, UserTokens};

use crate::arm::{ArmDirectory, ArmError};

/// Asks with the token that the vault holds of the person.
pub struct UserDirectory {
    directory: ArmDirectory,
    tokens: Arc<dyn UserTokens>,
    audience: String,
}

impl UserDirectory {
    /// `audience` is what Resource Manager's tokens are for.
    pub fn new(directory: ArmDirectory, tokens: Arc<dyn UserTokens>, audience: String) -> Self {
        Self {
            directory,
            tokens,
            audience,
        }
    }
}

#[async_trait]
impl AzureDirectory for UserDirectory {
    async fn subscriptions(
        &self,
        user: &UserKey,
        correlation_id: &str,
    ) -> Result<Vec<Subscription>, TokenError> {
        let token = match self.tokens.access_token(user, &self.audience).await {
            Ok(token) => token,
            // Nobody in Azure sees nothing there.
            Err(TokenError::NotOffered) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let found = self
            .directory
            .subscriptions(&token, correlation_id)
            .await
            .map_err(failure)?;
        let mut listed: Vec<Subscription> = found
            .into_iter()
            .map(|s| Subscription {
                id: s.id,
                name: s.name,
            })
            .collect();
        listed.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(listed)
    }

    async fn tags(
        &self,
        user: &UserKey,
        place: &TagPlace,
        correlation_id: &str,
    ) -> Result<TaggedPlace, TokenError> {
        let token = self.tokens.access_token(user, &self.audience).await?;
        self.directory
            .tags(place, &token, correlation_id)
            .await
            .map_err(failure)
    }
}

fn failure(error: ArmError) -> TokenError {
    match error {
        ArmError::Unauthorized => TokenError::GrantGone(error.to_string()),
        other => TokenError::Unavailable(other.to_string()),
    }
}
