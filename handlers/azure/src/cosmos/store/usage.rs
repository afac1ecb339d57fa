//! What people have used, and what was destroyed in the last hour: items beside the
//! records of people, which go away by themselves.

use async_trait::async_trait;
use azimuth_domain::budget::{BUDGET_MS, Budget};
use azimuth_domain::principal::UserKey;
use azimuth_domain::usage::{Day, USAGE_KEPT_DAYS, UsageDay};
use azimuth_ports::shape::{decode, encode};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azimuth_ports::usage::{UsageStore, first_kept};
use azure_core::http::Etag as SdkEtag;
use azure_data_cosmos::feed::FeedScope;
use azure_data_cosmos::options::{BatchReplaceOptions, Precondition};
use azure_data_cosmos::{PartitionKey, TransactionalBatch};
use serde::Serialize;

use super::super::ask::Ask;
use super::super::container::BatchFault;
use super::super::failure::Fault;
use super::documents::Stored;
use super::{CosmosStore, keys};

/// The one budget of a tenant.
const BUDGET: &str = "budget";
/// Stands where a person's object id would, which it looks nothing like.
const TENANT: &str = "tenant";
/// A day of usage has ended up to so many days ago, seconds.
const USAGE_TTL_S: i64 = (USAGE_KEPT_DAYS + 1) * 24 * 60 * 60;
/// Clocks differ: a budget is kept for longer than its calls count.
const BUDGET_TTL_S: i64 = 2 * BUDGET_MS / 1000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: &'a str,
    tenant_id: &'a str,
    user_id: &'a str,
    body: String,
    /// Seconds from this write on.
    ttl: i64,
}

/// In the order of the days.
fn id_of(day: Day) -> String {
    format!("usage:{day}")
}

fn budget_key(tenant: &str) -> PartitionKey {
    PartitionKey::from((tenant.to_owned(), TENANT.to_owned()))
}

#[async_trait]
impl UsageStore for CosmosStore {
    async fn usage(
        &self,
        user: &UserKey,
        day: Day,
    ) -> Result<Option<Versioned<UsageDay>>, StoreError> {
        if day < first_kept(self.clock.now()) {
            return Ok(None);
        }
        let read = self.users.read(keys::person(user), &id_of(day)).await?;
        let Some(Stored { body, etag }) = read else {
            return Ok(None);
        };
        Ok(Some(Versioned {
            item: decode(&body)?,
            etag: Etag(etag),
        }))
    }

    async fn put_usage(
        &self,
        usage: &UsageDay,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let document = Document {
            id: &id_of(usage.day),
            tenant_id: &usage.user.tid,
            user_id: &usage.user.oid,
            body: encode(usage)?,
            ttl: USAGE_TTL_S,
        };
        self.put_counters(keys::person(&usage.user), document, when)
            .await
    }

    async fn usage_between(
        &self,
        user: &UserKey,
        first: Day,
        last: Day,
    ) -> Result<Vec<UsageDay>, StoreError> {
        let first = first.max(first_kept(self.clock.now()));
        let ask = Ask::new("c.body", "c.id >= @first")
            .with("@first", id_of(first))
            .only("c.id <= @last", "@last", id_of(last));
        let scope = FeedScope::partition(keys::person(user));
        let bodies: Vec<String> = self.users.all(scope, ask).await?;
        let mut days = bodies
            .iter()
            .map(|body| decode(body))
            .collect::<Result<Vec<UsageDay>, StoreError>>()?;
        days.sort_by_key(|usage| usage.day);
        Ok(days)
    }

    async fn tenant_usage(
        &self,
        tenant: &str,
        day: Day,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UsageDay>, StoreError> {
        if day < first_kept(self.clock.now()) {
            return Ok(Vec::new());
        }
        let ask = Ask::new("c.body", "c.id = @id")
            .with("@id", id_of(day))
            .only("c.userId > @behind", "@behind", after.unwrap_or_default())
            .ordered_by("c.userId ASC")
            .top(limit);
        let bodies: Vec<String> = self.users.all(keys::tenant(tenant), ask).await?;
        bodies.iter().map(|body| decode(body)).collect()
    }

    async fn budget(&self, tenant: &str) -> Result<Option<Versioned<Budget>>, StoreError> {
        let read = self.users.read(budget_key(tenant), BUDGET).await?;
        let Some(Stored { body, etag }) = read else {
            return Ok(None);
        };
        Ok(Some(Versioned {
            item: decode(&body)?,
            etag: Etag(etag),
        }))
    }

    async fn put_budget(
        &self,
        budget: &Budget,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let document = Document {
            id: BUDGET,
            tenant_id: &budget.tenant,
            user_id: TENANT,
            body: encode(budget)?,
            ttl: BUDGET_TTL_S,
        };
        self.put_counters(budget_key(&budget.tenant), document, when)
            .await
    }
}

impl CosmosStore {
    /// In a batch of its own, which answers alike however its condition does not hold.
    async fn put_counters(
        &self,
        key: PartitionKey,
        document: Document<'_>,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let id = document.id.to_owned();
        let batch = TransactionalBatch::new(key);
        let batch = match when {
            None => batch.create_item(document),
            Some(etag) => {
                let as_read = Precondition::IfMatch(SdkEtag::from(etag.0.clone()));
                let options = BatchReplaceOptions::default().with_precondition(as_read);
                batch.replace_item(id, document, Some(options))
            }
        };
        match self.users.batch(batch.map_err(Fault::from)?).await {
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
}
