//! Which policies hold in a tenant now.
//!
//! A tenant without policies of its own has the built-in ones. While nobody knows which
//! hold, nothing is decided: the built-in policies might permit what the tenant's own do
//! not.

use std::sync::Arc;

use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::store::{StoreError, Versioned};

use super::PolicySet;
use crate::tenant_documents::{DocumentUnavailable, TenantDocuments};

/// How long what was read is not read again.
pub const FRESH_MS: i64 = 30_000;

/// The policies of every tenant, as this process knows them.
pub struct Policies {
    built_in: Arc<PolicySet>,
    documents: TenantDocuments<PolicySet>,
}

impl Policies {
    /// Policies of tenants whose own are in `store`.
    pub fn new(
        built_in: Arc<PolicySet>,
        store: Arc<dyn ConfigStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let otherwise = Arc::clone(&built_in);
        let read = move |stored: Option<&ConfigVersion>| match stored {
            None => Ok(Arc::clone(&otherwise)),
            Some(stored) => PolicySet::of_tenant(&stored.text)
                .map(Arc::new)
                .map_err(|faults| faults.first().map(ToString::to_string).unwrap_or_default()),
        };
        Self {
            built_in,
            documents: TenantDocuments::new(
                ConfigKind::Policies,
                FRESH_MS,
                store,
                clock,
                Box::new(read),
            ),
        }
    }

    /// The policies that hold in `tenant`.
    pub async fn of(&self, tenant: &str) -> Result<Arc<PolicySet>, DocumentUnavailable> {
        self.documents.of(tenant).await
    }

    /// What every decision in `tenant` can be traced to now; `None` when nobody knows.
    pub async fn version(&self, tenant: &str) -> Option<String> {
        let set = self.of(tenant).await.ok()?;
        Some(set.version().to_owned())
    }

    /// The version that was used last in `tenant`; `None` when none was.
    pub fn known_version(&self, tenant: &str) -> Option<String> {
        Some(self.documents.last(tenant)?.version().to_owned())
    }

    /// The built-in policies.
    pub fn built_in(&self) -> &Arc<PolicySet> {
        &self.built_in
    }

    /// The stored version as it is now, past what this process keeps.
    pub async fn stored(
        &self,
        tenant: &str,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        self.documents.stored(tenant).await
    }

    /// Where they are stored.
    pub fn store(&self) -> &dyn ConfigStore {
        self.documents.store()
    }

    /// The next question reads the store: the policies were changed.
    pub fn forget(&self, tenant: &str) {
        self.documents.forget(tenant);
    }
}

#[cfg(test)]
mod tests;
