//! One container, with what we ask of it in our own words.

use azure_core::http::Etag;
use azure_data_cosmos::clients::ContainerClient;
use azure_data_cosmos::feed::{FeedScope, QueryItemIterator};
use azure_data_cosmos::options::{ItemWriteOptions, Precondition};
use azure_data_cosmos::{PartitionKey, TransactionalBatch};
use futures::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ask::Ask;
use super::failure::{Fault, found};
use super::layout::Layout;

/// Status of an operation of a batch that was not tried because another failed.
const FAILED_DEPENDENCY: u16 = 424;

/// A container that exists.
#[derive(Clone)]
pub(super) struct Container {
    client: ContainerClient,
    layout: &'static Layout,
}

/// Why a batch was not written: the first operation that failed.
#[derive(Debug)]
pub(super) enum BatchFault {
    /// The operation at this place found its condition not met.
    Refused(usize),
    /// Anything else.
    Other(Fault),
}

impl Container {
    pub(super) fn new(client: ContainerClient, layout: &'static Layout) -> Self {
        Self { client, layout }
    }

    /// A point read; `None` when there is no such item.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        key: impl Into<PartitionKey>,
        id: &str,
    ) -> Result<Option<T>, Fault> {
        let read = self.client.read_item(key, id, None).await;
        match found(read.map_err(Fault::from))? {
            Some(response) => Ok(Some(response.into_model()?)),
            None => Ok(None),
        }
    }

    /// [`Fault::Exists`] when the id or the unique key is taken. Gives the version.
    pub(super) async fn create(
        &self,
        key: impl Into<PartitionKey>,
        id: &str,
        item: &impl Serialize,
    ) -> Result<String, Fault> {
        let created = self.client.create_item(key, id, item, None).await?;
        version(created.headers().etag())
    }

    /// Creates or replaces.
    pub(super) async fn put(
        &self,
        key: impl Into<PartitionKey>,
        id: &str,
        item: &impl Serialize,
    ) -> Result<(), Fault> {
        self.client.upsert_item(key, id, item, None).await?;
        Ok(())
    }

    /// [`Fault::Changed`] or [`Fault::Missing`] when the item is not as it was read.
    pub(super) async fn replace(
        &self,
        key: impl Into<PartitionKey>,
        id: &str,
        item: &impl Serialize,
        etag: &str,
    ) -> Result<String, Fault> {
        let options = ItemWriteOptions::default()
            .with_precondition(Precondition::IfMatch(Etag::from(etag.to_owned())));
        let replaced = self
            .client
            .replace_item(key, id, item, Some(options))
            .await?;
        version(replaced.headers().etag())
    }

    /// False: there was no such item.
    pub(super) async fn delete(
        &self,
        key: impl Into<PartitionKey>,
        id: &str,
    ) -> Result<bool, Fault> {
        let deleted = self.client.delete_item(key, id, None).await;
        Ok(found(deleted.map_err(Fault::from))?.is_some())
    }

    /// All operations or none, in their order. Gives the version that each made.
    pub(super) async fn batch(
        &self,
        batch: TransactionalBatch,
    ) -> Result<Vec<Option<String>>, BatchFault> {
        let other = |error| BatchFault::Other(Fault::from(error));
        let response = self.client.execute_transactional_batch(batch, None).await;
        let answer = response.map_err(other)?.into_model().map_err(other)?;
        let failed = answer
            .results()
            .iter()
            .position(|r| !r.is_success() && r.status_code() != FAILED_DEPENDENCY);
        let Some(place) = failed else {
            let versions = answer.results().iter().map(|r| r.etag().map(str::to_owned));
            return Ok(versions.collect());
        };
        match answer.results()[place].status_code() {
            404 | 409 | 412 => Err(BatchFault::Refused(place)),
            code => Err(BatchFault::Other(Fault::Unanswered(format!(
                "Cosmos DB answers {code} to a batch"
            )))),
        }
    }

    /// The answer, item by item as the pages come.
    pub(super) async fn stream<T: DeserializeOwned + Send + 'static>(
        &self,
        scope: FeedScope,
        ask: Ask,
    ) -> Result<QueryItemIterator<T>, Fault> {
        let query = ask.query(self.layout)?;
        Ok(self.client.query_items(query, scope, None).await?)
    }

    /// The whole answer.
    pub(super) async fn all<T: DeserializeOwned + Send + 'static>(
        &self,
        scope: FeedScope,
        ask: Ask,
    ) -> Result<Vec<T>, Fault> {
        let items = self.stream(scope, ask).await?;
        items.try_collect().await.map_err(Fault::from)
    }

    /// The answer's first item.
    pub(super) async fn first<T: DeserializeOwned + Send + 'static>(
        &self,
        scope: FeedScope,
        ask: Ask,
    ) -> Result<Option<T>, Fault> {
        Ok(self.all(scope, ask.top(1)).await?.into_iter().next())
    }
}

fn version(etag: Option<&Etag>) -> Result<String, Fault> {
    let etag = etag.map(ToString::to_string);
    etag.ok_or_else(|| Fault::Unreadable("an answer without a version".to_owned()))
}
