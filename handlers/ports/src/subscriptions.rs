//! Which Azure subscriptions a person can reach.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use serde::{Deserialize, Serialize};

use crate::tokens::TokenError;

/// A subscription as Azure lists it for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// GUID.
    pub id: String,
    /// Display name.
    pub name: String,
}

/// Lists subscriptions under a person's own identity. Every listing is an Azure
/// operation: the caller records it before it happens.
#[async_trait]
pub trait SubscriptionDirectory: Send + Sync {
    /// The subscriptions that `user` can read, by name. `correlation_id` reaches
    /// Azure with the request.
    async fn subscriptions(
        &self,
        user: &UserKey,
        correlation_id: &str,
    ) -> Result<Vec<Subscription>, TokenError>;
}
