//! How much people may use, and what is stopped altogether.
//!
//! Limits are the tenant's (`ConfigKind::Quotas`), with defaults that nobody meets in a
//! day's work. What is limited by the minute is counted in the memory of this process
//! (`meters.rs`): every instance grants it anew. What is limited by the day is counted
//! in the store when a turn ends (`counters.rs`), and a turn is told when it is accepted
//! what is left for it (`today.rs`): turns that run side by side do not know of each
//! other, and of several instances one may not know for 15 seconds what another counted,
//! so a few may pass. What may be destroyed in an hour is counted before it runs and never too
//! little (`budget.rs`). The kill switch is no quota and has nothing to count.

mod budget;
mod counters;
mod meters;
mod tenants;
mod today;
mod used_up;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use azimuth_domain::budget::Whose;
use azimuth_domain::kill_switch::KillSwitch;
use azimuth_domain::principal::{Principal, Role, UserKey};
use azimuth_domain::quota::{Quota, QuotaSettings};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::EffectClass;
use azimuth_domain::turn::{Allowance, Turn};
use azimuth_domain::usage::{Counts, Day, Price, TurnUse};
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore};
use azimuth_ports::store::StoreError;
use azimuth_ports::usage::UsageStore;

use crate::tenant_documents::{DocumentUnavailable, TenantDocuments};

use counters::Counters;
use meters::{MINUTE_MS, Meters};
use tenants::TenantTotals;
use today::{OF_A_DAY, Today, counted};
pub use used_up::UsedUp;

/// How long limits are not read again.
const QUOTAS_FRESH_MS: i64 = 30_000;
/// How long a kill switch is not read again: every executor sees it within 15 seconds.
const SWITCH_FRESH_MS: i64 = 12_000;

/// What quotas are made from.
#[expect(missing_docs, reason = "the types say it")]
pub struct QuotaParts {
    pub usage: Arc<dyn UsageStore>,
    pub config: Arc<dyn ConfigStore>,
    pub clock: Arc<dyn Clock>,
    /// False lifts every quota; usage is counted all the same.
    pub is_on: bool,
    /// Prices by the names of models.
    pub prices: BTreeMap<String, Price>,
}

/// Quotas, counters and kill switch of every tenant.
pub struct Quotas {
    is_on: bool,
    settings: TenantDocuments<QuotaSettings>,
    switches: TenantDocuments<KillSwitch>,
    usage: Arc<dyn UsageStore>,
    counters: Counters,
    tenants: TenantTotals,
    meters: Meters,
    prices: BTreeMap<String, Price>,
    clock: Arc<dyn Clock>,
}

/// Why something is not granted.
#[derive(Debug, thiserror::Error)]
pub enum NotGranted {
    /// A quota is used up.
    #[error(transparent)]
    UsedUp(#[from] UsedUp),
    /// The counters cannot be read now; try again.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// What a person has of one quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The quota.
    pub quota: Quota,
    /// At most this much.
    pub limit: u64,
    /// So much is used.
    pub used: u64,
    /// When it is fresh again; `None` while nothing is used that would have to be.
    pub resets_at: Option<Timestamp>,
}

impl Quotas {
    /// Quotas over these parts.
    pub fn new(parts: QuotaParts) -> Arc<Self> {
        let QuotaParts {
            usage,
            config,
            clock,
            is_on,
            prices,
        } = parts;
        Arc::new(Self {
            is_on,
            settings: TenantDocuments::of_json(
                ConfigKind::Quotas,
                QUOTAS_FRESH_MS,
                config.clone(),
                clock.clone(),
            ),
            switches: TenantDocuments::of_json(
                ConfigKind::KillSwitch,
                SWITCH_FRESH_MS,
                config,
                clock.clone(),
            ),
            counters: Counters::new(usage.clone(), clock.clone()),
            tenants: TenantTotals::new(usage.clone(), clock.clone()),
            meters: Meters::default(),
            usage,
            prices,
            clock,
        })
    }

    /// What a model's tokens cost; `None` where nobody said.
    pub fn price(&self, model: &str) -> Option<Price> {
        self.prices.get(model).copied()
    }

    /// What is stopped in `tenant`; whoever cannot find out starts nothing.
    pub async fn kill_switch(&self, tenant: &str) -> Result<KillSwitch, DocumentUnavailable> {
        Ok(*self.switches.of(tenant).await?)
    }

    /// The stored limits, past what this process keeps.
    pub fn settings(&self) -> &TenantDocuments<QuotaSettings> {
        &self.settings
    }

    /// The stored kill switches, past what this process keeps.
    pub fn switches(&self) -> &TenantDocuments<KillSwitch> {
        &self.switches
    }

    /// The counters as they are stored.
    pub fn usage(&self) -> &dyn UsageStore {
        self.usage.as_ref()
    }

    /// Grants a request.
    pub async fn grant_request(&self, principal: &Principal) -> Result<(), UsedUp> {
        self.grant_of_minute(Quota::RequestsPerMinute, &principal.user, &principal.roles)
            .await
    }

    /// Grants a turn that is about to be made beside `running` ones; what it may use, or
    /// `None` where nothing is limited.
    pub async fn grant_turn(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
        running: u64,
    ) -> Result<Option<Allowance>, NotGranted> {
        if !self.is_on {
            return Ok(None);
        }
        let settings = self.settings_of(&user.tid).await;
        let day = self.day(&settings, user, roles).await?;
        let beside = Counts {
            turns: running,
            ..Counts::default()
        };
        for quota in [Quota::TurnsPerDay, Quota::TokensPerDay] {
            day.check(quota, beside)?;
        }
        self.grant_of_minute(Quota::TurnsPerMinute, user, roles)
            .await?;
        Ok(Some(day.allowance()))
    }

    /// Grants a tool call without a model.
    pub async fn grant_call(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
        effect: EffectClass,
    ) -> Result<(), NotGranted> {
        if !self.is_on {
            return Ok(());
        }
        let settings = self.settings_of(&user.tid).await;
        let day = self.day(&settings, user, roles).await?;
        day.check(Quota::ToolCallsPerDay, Counts::default())?;
        if effect == EffectClass::Destructive {
            day.check(Quota::DestructiveCallsPerDay, Counts::default())?;
        }
        Ok(())
    }

    /// Counts a turn that has ended. What could not be counted now is counted with the
    /// next turn of the person that ends here; what a crash takes with it is lost.
    pub async fn count(&self, turn: &Turn) {
        let price = self.price(&turn.model_name);
        let user = &turn.asker.user;
        self.counters.add(user, TurnUse::of(turn, price)).await;
    }

    /// What a person has of every quota.
    pub async fn shares(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
    ) -> Result<Vec<Share>, StoreError> {
        let now = self.clock.now();
        let settings = self.settings_of(&user.tid).await;
        let today = self.counters.today(user).await?;
        let (destroyed, fresh_at) = self.destroyed(user).await?;
        let share = |quota: Quota| {
            let limit = settings.of_person(quota, roles);
            let (count, resets_at) = match quota {
                Quota::RequestsPerMinute | Quota::TurnsPerMinute => {
                    let count = self.meters.used(quota, &key(user), limit, now);
                    (count, (count > 0).then(|| now.plus_ms(MINUTE_MS)))
                }
                Quota::DestructiveCallsPerHour => (destroyed, fresh_at),
                _ => (counted(quota, today), Some(midnight(now))),
            };
            Share {
                quota,
                limit,
                used: count,
                resets_at,
            }
        };
        Ok(Quota::ALL.into_iter().map(share).collect())
    }

    /// Whether anything is limited at all.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// A limit that cannot be read is the one that was read last, else the default: no
    /// answer of the store alone stops people.
    async fn settings_of(&self, tenant: &str) -> Arc<QuotaSettings> {
        self.settings.of(tenant).await.unwrap_or_default()
    }

    async fn grant_of_minute(
        &self,
        quota: Quota,
        user: &UserKey,
        roles: &BTreeSet<Role>,
    ) -> Result<(), UsedUp> {
        if !self.is_on {
            return Ok(());
        }
        let settings = self.settings_of(&user.tid).await;
        let now = self.clock.now();
        let person = settings.of_person(quota, roles);
        let of_person = (Whose::Person, key(user), Some(person));
        let of_tenant = (Whose::Tenant, user.tid.clone(), settings.of_tenant(quota));
        for (whose, key, limit) in [of_person, of_tenant] {
            let Some(limit) = limit else { continue };
            if let Err(fresh_at) = self.meters.take(quota, &key, limit, now) {
                return Err(UsedUp {
                    quota,
                    whose,
                    limit,
                    at: now,
                    fresh_at,
                });
            }
        }
        Ok(())
    }

    async fn day(
        &self,
        settings: &QuotaSettings,
        user: &UserKey,
        roles: &BTreeSet<Role>,
    ) -> Result<Today, StoreError> {
        let person = |quota| settings.of_person(quota, roles);
        let tenant = |quota| settings.of_tenant(quota).unwrap_or(u64::MAX);
        let is_limited = OF_A_DAY.iter().any(|q| settings.of_tenant(*q).is_some());
        Ok(Today {
            now: self.clock.now(),
            person: (OF_A_DAY.map(person), self.counters.today(user).await?),
            tenant: if is_limited {
                Some((OF_A_DAY.map(tenant), self.tenants.today(&user.tid).await?))
            } else {
                None
            },
        })
    }
}

fn key(user: &UserKey) -> String {
    format!("{}:{}", user.tid, user.oid)
}

/// The end of the day.
fn midnight(now: Timestamp) -> Timestamp {
    Day::of(now).plus(1).starts_at()
}

#[cfg(test)]
mod tests;
