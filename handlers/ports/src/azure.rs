//! What a person sees in Azure, as far as decisions need it.

use std::collections::BTreeMap;

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

/// A subscription, or one of its resource groups; both in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagPlace {
    /// GUID.
    pub subscription: String,
    /// `None`: all of them.
    pub resource_group: Option<String>,
}

/// Tags as Azure has them: a name with its value.
pub type Tags = BTreeMap<String, String>;

/// What is tagged at a [`TagPlace`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaggedPlace {
    /// Tags of the resource groups, by their names in lower case.
    pub groups: BTreeMap<String, Tags>,
    /// Tags of the resources, by their whole ids in lower case (`/subscriptions/…`).
    pub resources: BTreeMap<String, Tags>,
}

/// Looks at Azure under a person's own identity. Every look is an Azure operation: the
/// caller records it before it happens.
#[async_trait]
pub trait AzureDirectory: Send + Sync {
    /// The subscriptions that `user` can read, by name. `correlation_id` reaches
    /// Azure with the request.
    async fn subscriptions(
        &self,
        user: &UserKey,
        correlation_id: &str,
    ) -> Result<Vec<Subscription>, TokenError>;

    /// The tags of what `user` can read at `place`, resource groups and resources.
    async fn tags(
        &self,
        user: &UserKey,
        place: &TagPlace,
        correlation_id: &str,
    ) -> Result<TaggedPlace, TokenError>;
}
