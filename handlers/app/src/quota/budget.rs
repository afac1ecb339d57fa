//! The blast radius: how many destructive calls may run in an hour.

use std::collections::BTreeSet;

use azimuth_domain::budget::{Budget, BudgetLimits};
use azimuth_domain::ids::CallId;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::quota::Quota;
use azimuth_domain::time::Timestamp;
use azimuth_ports::store::{Etag, StoreError, Versioned};

use super::{NotGranted, Quotas, UsedUp};

/// How often a budget is written again because somebody else was faster.
const TRIES: usize = 16;
const QUOTA: Quota = Quota::DestructiveCallsPerHour;

impl Quotas {
    /// Puts a destructive call into the budget of its tenant, once however often it is
    /// asked for. A call that is not in there must not begin.
    pub async fn spend(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
        call: &CallId,
    ) -> Result<(), NotGranted> {
        if !self.is_on {
            return Ok(());
        }
        let limits = self.budget_limits(user, roles).await?;
        let owner = user.owner();
        for _ in 0..TRIES {
            let (mut budget, etag) = self.budget(&user.tid).await?;
            let now = self.clock.now();
            let is_new = budget
                .spend(call, &owner, limits, now)
                .map_err(|exhausted| UsedUp {
                    quota: QUOTA,
                    whose: exhausted.whose,
                    limit: exhausted.limit,
                    at: now,
                    fresh_at: exhausted.fresh_at,
                })?;
            if !is_new {
                return Ok(());
            }
            if self
                .usage
                .put_budget(&budget, etag.as_ref())
                .await?
                .is_some()
            {
                return Ok(());
            }
        }
        let busy = "the budget of a tenant changes all the time";
        Err(StoreError::Unavailable(busy.to_owned()).into())
    }

    /// How many destructive calls of a person could run now.
    pub async fn left_in_budget(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
    ) -> Result<u64, StoreError> {
        if !self.is_on {
            return Ok(u64::MAX);
        }
        let limits = self.budget_limits(user, roles).await?;
        let (budget, _) = self.budget(&user.tid).await?;
        Ok(budget.left(&user.owner(), limits, self.clock.now()))
    }

    /// How many of a person ran in the last hour, and when the first counts no more.
    pub(super) async fn destroyed(
        &self,
        user: &UserKey,
    ) -> Result<(u64, Option<Timestamp>), StoreError> {
        let (budget, _) = self.budget(&user.tid).await?;
        let (owner, now) = (user.owner(), self.clock.now());
        let count = budget.used(Some(&owner), now);
        Ok((count, budget.resets_at(&owner, now)))
    }

    async fn budget(&self, tenant: &str) -> Result<(Budget, Option<Etag>), StoreError> {
        Ok(match self.usage.budget(tenant).await? {
            Some(Versioned { item, etag }) => (item, Some(etag)),
            None => (Budget::new(tenant), None),
        })
    }

    /// Unlike the other limits these are never the defaults because nobody knows better.
    async fn budget_limits(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
    ) -> Result<BudgetLimits, StoreError> {
        let settings = self.settings.of(&user.tid).await;
        let settings = settings.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let (_, most) = QUOTA.range();
        Ok(BudgetLimits {
            person: settings.of_person(QUOTA, roles),
            tenant: settings.of_tenant(QUOTA).unwrap_or(most),
        })
    }
}
