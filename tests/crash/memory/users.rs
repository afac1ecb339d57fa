//! Users in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_ports::store::{Etag, Page, StoreError, Versioned};
use azimuth_ports::users::{UserPage, UserQuery, UserRecord, UserStore};

/// The users.
#[derive(Default)]
pub struct MemoryUsers(Mutex<BTreeMap<UserKey, (UserRecord, u64)>>);

#[async_trait]
impl UserStore for MemoryUsers {
    async fn user(&self, user: &UserKey) -> Result<Option<Versioned<UserRecord>>, StoreError> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(users.get(user).cloned().map(|(item, version)| Versioned {
            item,
            etag: Etag(version.to_string()),
        }))
    }

    async fn put_user(
        &self,
        record: &UserRecord,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = users.get(&record.user).map(|(_, version)| *version);
        let known_etag = known.map(|version| Etag(version.to_string()));
        if known_etag.as_ref() != when {
            return Ok(None);
        }
        let version = known.unwrap_or(0) + 1;
        users.insert(record.user.clone(), (record.clone(), version));
        Ok(Some(Etag(version.to_string())))
    }

    async fn users(&self, tenant: &str, query: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
        let mut page = UserPage::of(query)?;
        let behind = UserKey::new(tenant, page.behind());
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (user, (record, _)) in users.range((Bound::Excluded(behind), Bound::Unbounded)) {
            if user.tid != tenant || page.take(record.clone()).is_break() {
                break;
            }
        }
        Ok(page.finish())
    }
}
