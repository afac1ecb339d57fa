//! Users.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_ports::shape::{decode, encode};
use azimuth_ports::store::{Etag, Page, StoreError, Versioned};
use azimuth_ports::users::{UserPage, UserQuery, UserRecord, UserStore};
use futures::TryStreamExt;
use serde::Serialize;

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::documents::Stored;
use super::{CosmosStore, keys};

/// A person has one record; the list asks for this id too.
const PROFILE: &str = "profile";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: &'static str,
    tenant_id: &'a str,
    user_id: &'a str,
    body: String,
}

#[async_trait]
impl UserStore for CosmosStore {
    async fn user(&self, user: &UserKey) -> Result<Option<Versioned<UserRecord>>, StoreError> {
        let read = self.users.read(keys::person(user), PROFILE).await?;
        let Some(Stored { body, etag }) = read else {
            return Ok(None);
        };
        Ok(Some(Versioned {
            item: decode(&body)?,
            etag: Etag(etag),
        }))
    }

    async fn put_user(
        &self,
        record: &UserRecord,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let document = Document {
            id: PROFILE,
            tenant_id: &record.user.tid,
            user_id: &record.user.oid,
            body: encode(record)?,
        };
        let partition = keys::person(&record.user);
        let written = match when {
            None => self.users.create(partition, PROFILE, &document).await,
            Some(etag) => {
                self.users
                    .replace(partition, PROFILE, &document, &etag.0)
                    .await
            }
        };
        match written {
            Ok(etag) => Ok(Some(Etag(etag))),
            Err(Fault::Exists | Fault::Changed | Fault::Missing) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    async fn users(&self, tenant: &str, query: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
        let mut page = UserPage::of(query)?;
        let ask = Ask::new("c.body", "c.id = 'profile'")
            .only("c.userId > @behind", "@behind", page.behind())
            .ordered_by("c.userId ASC");
        let mut bodies = self
            .users
            .stream::<String>(keys::tenant(tenant), ask)
            .await?;
        while let Some(body) = bodies.try_next().await.map_err(Fault::from)? {
            if page.take(decode(&body)?).is_break() {
                break;
            }
        }
        Ok(page.finish())
    }
}
