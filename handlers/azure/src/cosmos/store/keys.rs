//! Logical partitions.

use azimuth_domain::ids::{ConversationKey, OwnerKey};
use azimuth_domain::principal::UserKey;
use azimuth_ports::config::ConfigKind;
use azure_data_cosmos::PartitionKey;
use azure_data_cosmos::feed::FeedScope;

/// Stands where a user's hash would: the partition holds marks of the audit. No hash
/// looks like it.
pub(super) const AUDIT_USER: &str = "audit";

/// Everything of one conversation.
pub(super) fn conversation(key: &ConversationKey) -> PartitionKey {
    PartitionKey::from((
        key.tenant.clone(),
        key.owner.as_str().to_owned(),
        key.conversation.as_str().to_owned(),
    ))
}

/// The conversations of one person.
pub(super) fn conversations_of(tenant: &str, owner: &OwnerKey) -> FeedScope {
    FeedScope::partition((tenant.to_owned(), owner.as_str().to_owned()))
}

/// Whatever a tenant has in a container.
pub(in super::super) fn tenant(tenant: &str) -> FeedScope {
    FeedScope::partition(tenant.to_owned())
}

/// A chain of the audit.
pub(in super::super) fn chain(tenant: &str, chain: &str) -> PartitionKey {
    PartitionKey::from((tenant.to_owned(), chain.to_owned()))
}

/// The marks of a chain, in the container of conversations.
pub(super) fn marks(tenant: &str, chain: &str) -> PartitionKey {
    PartitionKey::from((tenant.to_owned(), AUDIT_USER.to_owned(), chain.to_owned()))
}

/// What is kept of one person outside conversations.
pub(super) fn person(user: &UserKey) -> PartitionKey {
    PartitionKey::from((user.tid.clone(), user.oid.clone()))
}

/// A document of a tenant and its history.
pub(super) fn config(tenant: &str, kind: ConfigKind) -> PartitionKey {
    PartitionKey::from((tenant.to_owned(), kind.as_str().to_owned()))
}
