//! The limits of a tenant: read, and replaced.

pub mod get_quotas;
pub mod put_quotas;

use std::collections::BTreeMap;

use azimuth_domain::quota::{Quota, QuotaSettings};
use azimuth_ports::config::ConfigHead;
use serde::Serialize;
use utoipa::ToSchema;

use super::stored_setting::StoredBy;

/// The limits of a tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuotasView {
    /// Of each person, by the names of quotas; those that are chosen.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub person: BTreeMap<&'static str, u64>,
    /// Of each person with a role, in the place of `person`; of several roles the most
    /// generous limit counts.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, u64>>)]
    pub roles: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// Of everybody together.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub tenant: BTreeMap<&'static str, u64>,
    /// All quotas, with what holds where nothing is chosen and what may be.
    pub known: Vec<KnownQuota>,
    /// Who stored them, when and why; null when nobody ever did.
    pub stored: Option<StoredBy>,
}

/// A quota that there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KnownQuota {
    /// Its name.
    pub name: String,
    /// The limit of a person where none is chosen.
    pub person: u64,
    /// The limit of everybody together where none is chosen; null: none.
    pub tenant: Option<u64>,
    /// The lowest limit that may be chosen.
    pub least: u64,
    /// The highest.
    pub most: u64,
}

impl From<Quota> for KnownQuota {
    fn from(quota: Quota) -> Self {
        let (least, most) = quota.range();
        Self {
            name: quota.as_str().to_owned(),
            person: quota.default_of_person(),
            tenant: quota.default_of_tenant(),
            least,
            most,
        }
    }
}

impl QuotasView {
    fn of(settings: &QuotaSettings, head: Option<&ConfigHead>) -> Self {
        let named = |limits: &BTreeMap<Quota, u64>| {
            limits
                .iter()
                .map(|(quota, limit)| (quota.as_str(), *limit))
                .collect()
        };
        let roles = settings.roles.iter();
        Self {
            person: named(&settings.person),
            roles: roles
                .map(|(role, limits)| (role.as_str(), named(limits)))
                .collect(),
            tenant: named(&settings.tenant),
            known: Quota::ALL.into_iter().map(KnownQuota::from).collect(),
            stored: head.map(StoredBy::from),
        }
    }
}
