//! Settings of tenants that administrators change: each kind one document with a
//! history.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Etag, StoreError, Versioned};

/// Version of [`ConfigVersion`]'s shape that this build writes.
pub const CONFIG_VERSION: u32 = 1;

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigKind {
    /// A tenant's own policies, as Cedar text.
    Policies,
    /// A tenant's own limits, as JSON.
    Quotas,
    /// What a tenant's administrators have stopped, as JSON.
    KillSwitch,
    /// What a tenant's administrators have settled about tools, as JSON.
    Tools,
    /// Tool servers that a tenant's administrators added, as JSON.
    Servers,
    /// Which models a tenant offers to whom, as JSON.
    Models,
}

impl ConfigKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Policies,
        Self::Tools,
        Self::Servers,
        Self::Models,
        Self::Quotas,
        Self::KillSwitch,
    ];

    /// The name under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policies => "policies",
            Self::Quotas => "quotas",
            Self::KillSwitch => "kill-switch",
            Self::Tools => "tools",
            Self::Servers => "servers",
            Self::Models => "models",
        }
    }
}

/// Who wrote a version of a document, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigHead {
    /// Version of this shape.
    pub v: u32,
    /// Whose document.
    pub tenant: String,
    /// What it is about.
    pub kind: ConfigKind,
    /// 1, 2, 3, … without a gap.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub by: UserKey,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why, in their words.
    pub reason: String,
}

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigVersion {
    /// Who, when and why.
    #[serde(flatten)]
    pub head: ConfigHead,
    /// The document: of tools at most 256 KiB, of all else 64 KiB.
    pub text: String,
}

/// Documents of tenants. Reads see every acknowledged write, in any process; every
/// write is durable when it returns `Ok`. What was written once is never changed.
#[async_trait]
pub trait ConfigStore: Send + Sync {
    /// The newest version of a document, with the etag that a change names.
    async fn config(
        &self,
        tenant: &str,
        kind: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError>;

    /// Writes the next version: `None` the first one, an etag the one after that.
    /// `version.head.number` is one more than that of the version before, 1 for the
    /// first. `Ok(None)`: the condition does not hold, nothing was written; read again.
    async fn put_config(
        &self,
        version: &ConfigVersion,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError>;

    /// One version.
    async fn config_version(
        &self,
        tenant: &str,
        kind: ConfigKind,
        number: u64,
    ) -> Result<Option<ConfigVersion>, StoreError>;

    /// Versions with a number below `before` (`None`: all), newest first, at most
    /// `limit`.
    async fn config_history(
        &self,
        tenant: &str,
        kind: ConfigKind,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigHead>, StoreError>;
}
