//! The containers, as the code expects to find them.
//!
//! Partition keys and unique keys are fixed when a container is made, by whoever makes
//! it: Terraform on Azure, a seed in the emulator. Both are held against this table.

use serde::Serialize;

/// A container.
#[derive(Debug, Serialize)]
pub struct Layout {
    /// Its name.
    pub name: &'static str,
    /// Paths of its hierarchical partition key, outermost first.
    pub partition_key: &'static [&'static str],
    /// The one path whose values are unique inside a logical partition.
    pub unique_key: Option<&'static str>,
    /// Whether items may carry a time to live.
    pub has_ttl: bool,
    /// Whether items are created and read, and no more.
    pub is_append_only: bool,
    /// Properties that queries ask for; nothing else need be indexed. (`id` and `_ts`
    /// always are.) None may be a word of the query language.
    pub indexed: &'static [&'static str],
}

/// Conversations: header, turns, messages, events, results. Beside them, with `audit`
/// in the place of a user and a chain in that of a conversation, the opens of the audit
/// that may have no close yet: the audit itself is never changed, and nobody should have
/// to read all of it to find them.
pub(super) const CONVERSATIONS: Layout = Layout {
    name: "conversations",
    partition_key: &["/tenantId", "/userId", "/conversationId"],
    unique_key: None,
    has_ttl: true,
    is_append_only: false,
    indexed: &[
        "askedForApproval",
        "at",
        "awaitsApproval",
        "awaitsSignIn",
        "created",
        "deletedAt",
        "dueAt",
        "item",
        "listed",
        "said",
        "seq",
        "turn",
    ],
};

/// Audit records and digests. Items are only ever created: `id` is the write-once
/// register, and the unique `seq` makes the chain.
pub(super) const AUDIT: Layout = Layout {
    name: "audit",
    partition_key: &["/tenantId", "/chain"],
    unique_key: Some("/seq"),
    has_ttl: false,
    is_append_only: true,
    indexed: &[
        "at", "item", "kind", "oid", "outcome", "place", "seq", "tool", "turn",
    ],
};

/// Profiles and settings of people, and what they have used; the lists of a tenant's go by
/// `userId`.
pub(super) const USERS: Layout = Layout {
    name: "users",
    partition_key: &["/tenantId", "/userId"],
    unique_key: None,
    has_ttl: true,
    is_append_only: false,
    indexed: &["userId"],
};

/// Sealed tokens, and sessions.
pub(super) const TOKENS: Layout = Layout {
    name: "tokens",
    partition_key: &["/tenantId", "/userId"],
    unique_key: None,
    has_ttl: true,
    is_append_only: false,
    indexed: &[],
};

/// What belongs to no person: settings of tenants, and marks of the product itself.
pub(super) const CONFIG: Layout = Layout {
    name: "config",
    partition_key: &["/tenantId", "/kind"],
    unique_key: None,
    has_ttl: false,
    is_append_only: false,
    indexed: &[],
};

/// All of them.
pub const CONTAINERS: [&Layout; 5] = [&CONVERSATIONS, &AUDIT, &USERS, &TOKENS, &CONFIG];

/// The account's consistency level. A read after a conflict must see who won, in any
/// process.
pub(super) const CONSISTENCY: &str = "Strong";
