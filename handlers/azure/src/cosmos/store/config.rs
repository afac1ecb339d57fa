//! Documents of tenants, with their history: an item for each version, and one that is
//! the newest again, under whose etag the next is written.

use async_trait::async_trait;
use azimuth_ports::config::{ConfigHead, ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::shape::{decode, encode};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azure_core::http::Etag as SdkEtag;
use azure_data_cosmos::TransactionalBatch;
use azure_data_cosmos::feed::FeedScope;
use azure_data_cosmos::options::{BatchReplaceOptions, Precondition};
use serde::Serialize;

use super::super::ask::Ask;
use super::super::container::BatchFault;
use super::super::failure::Fault;
use super::documents::Stored;
use super::{CosmosStore, keys};

/// The newest version.
const CURRENT: &str = "current";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: String,
    tenant_id: &'a str,
    kind: &'a str,
    /// The version without its text.
    head: &'a str,
    body: &'a str,
}

/// In the order of the numbers.
fn id_of(number: u64) -> String {
    format!("v{number:020}")
}

#[async_trait]
impl ConfigStore for CosmosStore {
    async fn config(
        &self,
        tenant: &str,
        kind: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        let read = self
            .config
            .read(keys::config(tenant, kind), CURRENT)
            .await?;
        let Some(Stored { body, etag }) = read else {
            return Ok(None);
        };
        Ok(Some(Versioned {
            item: decode(&body)?,
            etag: Etag(etag),
        }))
    }

    async fn put_config(
        &self,
        version: &ConfigVersion,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let ConfigHead {
            tenant,
            kind,
            number,
            ..
        } = &version.head;
        let (head, body) = (encode(&version.head)?, encode(version)?);
        let document = |id: String| Document {
            id,
            tenant_id: tenant,
            kind: kind.as_str(),
            head: &head,
            body: &body,
        };
        let newest = document(CURRENT.to_owned());
        let batch = TransactionalBatch::new(keys::config(tenant, *kind));
        let batch = match when {
            None => batch.create_item(newest),
            Some(etag) => {
                let as_read = Precondition::IfMatch(SdkEtag::from(etag.0.clone()));
                let options = BatchReplaceOptions::default().with_precondition(as_read);
                batch.replace_item(CURRENT, newest, Some(options))
            }
        };
        let batch = batch
            .and_then(|batch| batch.create_item(document(id_of(*number))))
            .map_err(Fault::from)?;
        match self.config.batch(batch).await {
            Ok(versions) => {
                let etag = versions.into_iter().next().flatten();
                let etag = etag.ok_or_else(|| {
                    StoreError::Unreadable("an answer without a version".to_owned())
                })?;
                Ok(Some(Etag(etag)))
            }
            Err(BatchFault::Refused(_)) => Ok(None),
            Err(BatchFault::Other(fault)) => Err(fault.into()),
        }
    }

    async fn config_version(
        &self,
        tenant: &str,
        kind: ConfigKind,
        number: u64,
    ) -> Result<Option<ConfigVersion>, StoreError> {
        let key = keys::config(tenant, kind);
        let read: Option<Stored> = self.config.read(key, &id_of(number)).await?;
        read.map(|stored| decode(&stored.body)).transpose()
    }

    async fn config_history(
        &self,
        tenant: &str,
        kind: ConfigKind,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigHead>, StoreError> {
        let Some(newest) = self.config(tenant, kind).await? else {
            return Ok(Vec::new());
        };
        // Numbers have no gap, so a page is a range of them.
        let end = newest.item.head.number.saturating_add(1);
        let end = before.map_or(end, |before| before.min(end));
        let start = end.saturating_sub(u64::try_from(limit).unwrap_or(u64::MAX));
        let ask = Ask::new("c.head", "c.id >= @from")
            .with("@from", id_of(start))
            .only("c.id < @before", "@before", id_of(end));
        let scope = FeedScope::partition(keys::config(tenant, kind));
        let heads: Vec<String> = self.config.all(scope, ask).await?;
        let mut heads = heads
            .iter()
            .map(|head| decode(head))
            .collect::<Result<Vec<ConfigHead>, _>>()?;
        heads.sort_by_key(|head| std::cmp::Reverse(head.number));
        Ok(heads)
    }
}
