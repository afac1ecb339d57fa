//! How much people may use: quotas with the limits of a tenant.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::principal::Role;

/// Everything that is limited by a number that administrators choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// Requests to the API in a minute, of one instance.
    RequestsPerMinute,
    /// Turns in a minute, of one instance.
    TurnsPerMinute,
    /// Turns on a day in UTC.
    TurnsPerDay,
    /// Tool calls on a day in UTC.
    ToolCallsPerDay,
    /// Destructive calls in an hour.
    DestructiveCallsPerHour,
    /// Destructive calls on a day in UTC.
    DestructiveCallsPerDay,
    /// Model tokens on a day in UTC, read and written.
    TokensPerDay,
}

/// Limits by quota.
pub type Limits = BTreeMap<Quota, u64>;

impl Quota {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RequestsPerMinute,
        Self::TurnsPerMinute,
        Self::TurnsPerDay,
        Self::ToolCallsPerDay,
        Self::DestructiveCallsPerHour,
        Self::DestructiveCallsPerDay,
        Self::TokensPerDay,
    ];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests_per_minute",
            Self::TurnsPerMinute => "turns_per_minute",
            Self::TurnsPerDay => "turns_per_day",
            Self::ToolCallsPerDay => "tool_calls_per_day",
            Self::DestructiveCallsPerHour => "destructive_calls_per_hour",
            Self::DestructiveCallsPerDay => "destructive_calls_per_day",
            Self::TokensPerDay => "tokens_per_day",
        }
    }

    /// The limit of a person where nobody chose one: nothing that somebody meets in a
    /// day's work.
    pub fn default_of_person(self) -> u64 {
        match self {
            Self::RequestsPerMinute => 6_000,
            Self::TurnsPerMinute => 600,
            Self::TurnsPerDay => 20_000,
            Self::ToolCallsPerDay => 50_000,
            Self::DestructiveCallsPerHour => 100,
            Self::DestructiveCallsPerDay => 1_000,
            Self::TokensPerDay => 500_000_000,
        }
    }

    /// The limit of a tenant where nobody chose one; `None` is no limit.
    pub fn default_of_tenant(self) -> Option<u64> {
        match self {
            Self::DestructiveCallsPerHour => Some(500),
            _ => None,
        }
    }

    /// What may be chosen. So many requests are left that the limit can be changed back;
    /// an hour's destructive calls lie in one document.
    pub fn range(self) -> (u64, u64) {
        match self {
            Self::RequestsPerMinute => (10, 1_000_000),
            Self::TurnsPerMinute => (0, 1_000_000),
            Self::DestructiveCallsPerHour => (0, 1_000),
            Self::TurnsPerDay
            | Self::ToolCallsPerDay
            | Self::DestructiveCallsPerDay
            | Self::TokensPerDay => (0, 1_000_000_000_000),
        }
    }
}

/// The limits of a tenant. What is not named has the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSettings {
    /// Of each person.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub person: Limits,
    /// Of each person with that role, in the place of those above; the most generous one
    /// counts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<Role, Limits>,
    /// Of everybody together.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tenant: Limits,
}

/// A limit that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitFault {
    /// Where, as a JSON pointer into the settings.
    pub pointer: String,
    /// What is wrong.
    pub sentence: String,
}

impl QuotaSettings {
    /// The limit of a person with these roles.
    pub fn of_person(&self, quota: Quota, roles: &BTreeSet<Role>) -> u64 {
        let of_roles = roles.iter().filter_map(|role| self.roles.get(role));
        of_roles
            .filter_map(|limits| limits.get(&quota))
            .max()
            .or_else(|| self.person.get(&quota))
            .copied()
            .unwrap_or_else(|| quota.default_of_person())
    }

    /// The limit of everybody together.
    pub fn of_tenant(&self, quota: Quota) -> Option<u64> {
        let chosen = self.tenant.get(&quota).copied();
        chosen.or_else(|| quota.default_of_tenant())
    }

    /// Limits outside of their range.
    pub fn faults(&self) -> Vec<LimitFault> {
        let of_roles = self
            .roles
            .iter()
            .map(|(role, limits)| (format!("/roles/{}", role.as_str()), limits));
        [
            ("/person".to_owned(), &self.person),
            ("/tenant".to_owned(), &self.tenant),
        ]
        .into_iter()
        .chain(of_roles)
        .flat_map(|(place, limits)| {
            limits.iter().filter_map(move |(quota, limit)| {
                let (least, most) = quota.range();
                let name = quota.as_str();
                (!(least..=most).contains(limit)).then(|| LimitFault {
                    pointer: format!("{place}/{name}"),
                    sentence: format!("{name} is a whole number from {least} to {most}."),
                })
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(roles: &[Role]) -> BTreeSet<Role> {
        roles.iter().copied().collect()
    }

    #[test]
    fn the_most_generous_role_wins_and_a_role_stands_before_the_person() {
        let settings = QuotaSettings {
            person: [(Quota::TurnsPerDay, 50)].into(),
            roles: [
                (Role::Reader, [(Quota::TurnsPerDay, 10)].into()),
                (Role::Operator, [(Quota::TurnsPerDay, 20)].into()),
            ]
            .into(),
            tenant: Limits::new(),
        };
        for (holds, limit) in [
            (roles(&[]), 50),
            (roles(&[Role::Admin]), 50),
            (roles(&[Role::Reader]), 10),
            (roles(&[Role::Reader, Role::Operator, Role::Admin]), 20),
        ] {
            assert_eq!(settings.of_person(Quota::TurnsPerDay, &holds), limit);
        }
        let other = settings.of_person(Quota::TokensPerDay, &roles(&[Role::Reader]));
        assert_eq!(other, Quota::TokensPerDay.default_of_person());
    }

    #[test]
    fn a_limit_outside_of_its_range_is_named() {
        for quota in Quota::ALL {
            let (least, most) = quota.range();
            for (limit, fits) in [
                (least.checked_sub(1), false),
                (Some(least), true),
                (Some(least + 1), true),
                (Some(most - 1), true),
                (Some(most), true),
                (Some(most + 1), false),
            ] {
                let Some(limit) = limit else { continue };
                let settings = QuotaSettings {
                    roles: [(Role::Admin, [(quota, limit)].into())].into(),
                    ..QuotaSettings::default()
                };
                let pointers: Vec<String> =
                    settings.faults().into_iter().map(|f| f.pointer).collect();
                let expected = format!("/roles/admin/{}", quota.as_str());
                let expected = if fits { vec![] } else { vec![expected] };
                assert_eq!(pointers, expected, "{limit}");
            }
            let default = quota.default_of_person();
            assert!((least..=most).contains(&default), "{}", quota.as_str());
        }
    }

    #[test]
    fn a_quota_is_called_as_in_json() {
        for quota in Quota::ALL {
            assert_eq!(serde_json::json!(quota), quota.as_str());
        }
    }

    #[test]
    fn where_nobody_chose_a_tenant_may_destroy_so_much_in_an_hour() {
        let settings = QuotaSettings::default();
        for quota in Quota::ALL {
            let limit = (quota == Quota::DestructiveCallsPerHour).then_some(500);
            assert_eq!(settings.of_tenant(quota), limit, "{}", quota.as_str());
        }
    }

    #[test]
    fn settings_are_json_with_the_names_of_quotas() {
        let text = r#"{"roles":{"operator":{"tokens_per_day":5}},"tenant":{"turns_per_day":7}}"#;
        let read: Result<QuotaSettings, _> = serde_json::from_str(text);
        let settings = read.unwrap_or_default();
        assert_eq!(settings.of_tenant(Quota::TurnsPerDay), Some(7));
        let written = serde_json::to_string(&settings).unwrap_or_default();
        assert_eq!(written, text);
        for wrong in [
            r#"{"persons":{}}"#,
            r#"{"person":{"tokens":5}}"#,
            r#"{"roles":{"boss":{}}}"#,
            r#"{"person":{"tokens_per_day":-5}}"#,
        ] {
            assert!(
                serde_json::from_str::<QuotaSettings>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
