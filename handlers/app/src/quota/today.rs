//! What somebody has used today, held against their limits and their tenant's.

use azimuth_domain::budget::Whose;
use azimuth_domain::quota::Quota;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Allowance;
use azimuth_domain::usage::Counts;

use super::{UsedUp, midnight};

/// The quotas of a day.
pub(super) const OF_A_DAY: [Quota; 4] = [
    Quota::TurnsPerDay,
    Quota::ToolCallsPerDay,
    Quota::DestructiveCallsPerDay,
    Quota::TokensPerDay,
];

/// Limits in the order of [`OF_A_DAY`], and what was used.
type Held = ([u64; 4], Counts);

pub(super) struct Today {
    pub now: Timestamp,
    pub person: Held,
    /// `None` where the tenant has no limits of a day.
    pub tenant: Option<Held>,
}

impl Today {
    /// Refuses one more where what is counted and what is `beside` it are the limit.
    pub(super) fn check(&self, quota: Quota, beside: Counts) -> Result<(), UsedUp> {
        for (whose, (limits, counts)) in self.held() {
            let used = counted(quota, counts.plus(beside));
            let mut limits = OF_A_DAY.into_iter().zip(limits);
            let limit = limits.find(|(known, _)| *known == quota);
            if let Some((_, limit)) = limit
                && used >= limit
            {
                return Err(UsedUp {
                    quota,
                    whose,
                    limit,
                    at: self.now,
                    fresh_at: midnight(self.now),
                });
            }
        }
        Ok(())
    }

    /// What is left for a turn.
    pub(super) fn allowance(&self) -> Allowance {
        let [person, tenant] = [Some(self.person), self.tenant].map(|held| {
            let ([_, tool_calls, destructive_calls, tokens], counts) =
                held.unwrap_or(([u64::MAX; 4], Counts::default()));
            let limits = Allowance {
                tool_calls,
                destructive_calls,
                tokens,
            };
            limits.less(counts)
        });
        person.min(tenant)
    }

    fn held(&self) -> impl Iterator<Item = (Whose, Held)> {
        let tenant = self.tenant.map(|held| (Whose::Tenant, held));
        [(Whose::Person, self.person)].into_iter().chain(tenant)
    }
}

/// What of the counters a quota of a day limits.
pub(super) fn counted(quota: Quota, counts: Counts) -> u64 {
    match quota {
        Quota::TurnsPerDay => counts.turns,
        Quota::ToolCallsPerDay => counts.tool_calls,
        Quota::DestructiveCallsPerDay => counts.destructive_calls,
        Quota::TokensPerDay => counts.tokens(),
        Quota::RequestsPerMinute | Quota::TurnsPerMinute | Quota::DestructiveCallsPerHour => 0,
    }
}
