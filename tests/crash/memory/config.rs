//! Documents of tenants in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azimuth_ports::config::{ConfigHead, ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::store::{Etag, StoreError, Versioned};

type Documents = BTreeMap<(String, ConfigKind), Vec<ConfigVersion>>;

/// Every version of every document.
#[derive(Default)]
pub struct MemoryConfig(Mutex<Documents>);

impl MemoryConfig {
    fn documents(&self) -> MutexGuard<'_, Documents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn versions(&self, tenant: &str, kind: ConfigKind) -> Vec<ConfigVersion> {
        let documents = self.documents();
        let found = documents.get(&(tenant.to_owned(), kind));
        found.cloned().unwrap_or_default()
    }
}

fn etag(version: &ConfigVersion) -> Etag {
    Etag(format!("v{}", version.head.number))
}

#[async_trait]
impl ConfigStore for MemoryConfig {
    async fn config(
        &self,
        tenant: &str,
        kind: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        let newest = self.versions(tenant, kind).pop();
        Ok(newest.map(|item| Versioned {
            etag: etag(&item),
            item,
        }))
    }

    async fn put_config(
        &self,
        version: &ConfigVersion,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let mut documents = self.documents();
        let key = (version.head.tenant.clone(), version.head.kind);
        let versions = documents.entry(key).or_default();
        let newest = versions.last().map(etag);
        let next = u64::try_from(versions.len()).unwrap_or(u64::MAX) + 1;
        if newest.as_ref() != when || version.head.number != next {
            return Ok(None);
        }
        versions.push(version.clone());
        Ok(Some(etag(version)))
    }

    async fn config_version(
        &self,
        tenant: &str,
        kind: ConfigKind,
        number: u64,
    ) -> Result<Option<ConfigVersion>, StoreError> {
        let versions = self.versions(tenant, kind);
        Ok(versions.into_iter().find(|v| v.head.number == number))
    }

    async fn config_history(
        &self,
        tenant: &str,
        kind: ConfigKind,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigHead>, StoreError> {
        let versions = self.versions(tenant, kind).into_iter().rev();
        let heads = versions.map(|version| version.head);
        let older = heads.filter(|head| before.is_none_or(|before| head.number < before));
        Ok(older.take(limit).collect())
    }
}
