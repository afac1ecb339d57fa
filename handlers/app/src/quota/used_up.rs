//! A quota of which nothing is left.

use std::fmt;

use azimuth_domain::budget::Whose;
use azimuth_domain::quota::Quota;
use azimuth_domain::time::Timestamp;

/// A quota of which nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct UsedUp {
    /// Which.
    pub quota: Quota,
    /// Whose limit it is.
    pub whose: Whose,
    /// The limit.
    pub limit: u64,
    /// When it was asked for.
    pub at: Timestamp,
    /// When something is left again.
    pub fresh_at: Timestamp,
}

impl UsedUp {
    /// Whole seconds until something is left again, at least one.
    pub fn retry_after_s(&self) -> u32 {
        let ms = self.fresh_at.since(self.at).max(1);
        u32::try_from(ms.saturating_add(999) / 1000).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for UsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            quota,
            whose,
            limit,
            fresh_at,
            ..
        } = self;
        let whose = match whose {
            Whose::Person => "yours",
            Whose::Tenant => "that of your organisation",
        };
        let (name, fresh_at) = (quota.as_str(), fresh_at.to_rfc3339());
        write!(
            f,
            "The quota {name} is used up: {whose} is {limit}. There is more at {fresh_at}."
        )
    }
}
