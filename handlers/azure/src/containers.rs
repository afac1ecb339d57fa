//! The store's containers as they must have been made.
//!
//! Partition keys and unique keys are fixed when a container is made, by whoever
//! makes it: Terraform for Azure, a seed for the emulator. Both are held against
//! this table.

use serde::Serialize;

/// One container of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Container {
    /// Its name.
    pub name: &'static str,
    /// Paths of its (hierarchical) partition key, the outermost first.
    pub partition_key: &'static [&'static str],
    /// Paths that are unique inside a partition, each for itself.
    pub unique_keys: &'static [&'static str],
    /// Whether items may say how long they live.
    pub has_ttl: bool,
    /// Whether we may create and read items, and no more.
    pub is_append_only: bool,
}

/// Every container.
pub const CONTAINERS: [Container; 5] = [
    // Events of a turn live a day.
    Container {
        name: "conversations",
        partition_key: &["/tenantId", "/userId", "/conversationId"],
        unique_keys: &[],
        has_ttl: true,
        is_append_only: false,
    },
    // The unique key makes the chain: two records cannot have the same place.
    Container {
        name: "audit",
        partition_key: &["/tenantId", "/chain"],
        unique_keys: &["/seq"],
        has_ttl: false,
        is_append_only: true,
    },
    Container {
        name: "users",
        partition_key: &["/tenantId", "/userId"],
        unique_keys: &[],
        has_ttl: false,
        is_append_only: false,
    },
    // Sealed tokens end with what they stand for.
    Container {
        name: "tokens",
        partition_key: &["/tenantId", "/userId"],
        unique_keys: &[],
        has_ttl: true,
        is_append_only: false,
    },
    Container {
        name: "config",
        partition_key: &["/tenantId", "/kind"],
        unique_keys: &[],
        has_ttl: false,
        is_append_only: false,
    },
];
