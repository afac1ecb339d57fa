//! The digests of the audit, beside it in its container: a chain of each tenant whose
//! numbers the unique key keeps apart.
//!
//! An append to the audit costs nothing for all this. Every item carries the second of
//! its write (`_ts`); what no digest covers was written at or after a position that is
//! kept apart. The position only saves reading: an old one is as true as a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use azimuth_domain::audit::digest::{ChainHead, DIGEST_VERSION, Digest};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditError;
use azimuth_ports::cursor;
use azimuth_ports::digests::{DigestLog, UnsealedChain};
use azimuth_ports::store::Page;
use azure_data_cosmos::feed::FeedScope;
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::failure::Fault;
use super::store::{CosmosStore, PRODUCT, chain_key, newest_record, product_key, tenant_scope};

const LIST: &str = "digests";
const LONGEST_PAGE: usize = 1000;
/// Name of the chain; no chain of records is called so.
const CHAIN: &str = "-digests";
/// Kind and id of the position.
const SEALING: &str = "sealing";
/// How far the clocks of two partitions may differ, seconds.
const CLOCKS_DIFFER_S: i64 = 5;
/// Most records that one look goes through.
const ROWS: usize = 10_000;

/// [`DigestLog`] over the audit of a [`CosmosStore`].
pub struct CosmosDigests {
    store: Arc<CosmosStore>,
}

/// A digest as it lies in the container.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: String,
    tenant_id: &'a str,
    chain: &'static str,
    /// Unique in its chain.
    seq: u64,
    item: &'static str,
    at: Timestamp,
    body: String,
}

#[derive(Deserialize)]
struct Stored {
    body: String,
}

/// Every record written before this second is sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    id: String,
    tenant_id: String,
    kind: String,
    second: i64,
}

/// A record at or after the position.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    tenant_id: String,
    chain: String,
    seq: u64,
    at: Timestamp,
    second: i64,
}

const ROW: &str =
    r#"{"tenantId": c.tenantId, "chain": c.chain, "seq": c.seq, "at": c.at, "second": c._ts}"#;

/// How far each chain is sealed, by tenant and chain.
type Sealed = BTreeMap<(String, String), u64>;

impl CosmosDigests {
    /// The digests of `store`'s audit.
    pub fn new(store: Arc<CosmosStore>) -> Self {
        Self { store }
    }

    async fn position(&self) -> Result<i64, AuditError> {
        let key = product_key(SEALING);
        let position: Option<Position> = self.store.config.read(key, SEALING).await?;
        Ok(position.map_or(0, |position| position.second))
    }

    /// Records from the position on, in the order of their seconds.
    async fn rows(&self, tenant: Option<&str>, position: i64) -> Result<Vec<Row>, AuditError> {
        let ask = Ask::new(ROW, "c.item = 'record'")
            .only("c._ts >= @second", "@second", position - CLOCKS_DIFFER_S)
            .ordered_by("c._ts ASC")
            .top(ROWS);
        let scope = tenant.map_or_else(FeedScope::full_container, tenant_scope);
        Ok(self.store.audit.all(scope, ask).await?)
    }

    /// How far the chains of these rows are sealed: up to their first row here, as it
    /// was written after everything before it was sealed, or as far as a digest says
    /// that is no older than the rows.
    async fn sealed(&self, rows: &[Row], position: i64) -> Result<Sealed, AuditError> {
        let mut sealed = Sealed::new();
        for row in rows {
            let before = row.seq.saturating_sub(1);
            sealed
                .entry((row.tenant_id.clone(), row.chain.clone()))
                .and_modify(|seq| *seq = before.min(*seq))
                .or_insert(before);
        }
        let mut tenants: Vec<&str> = rows.iter().map(|row| row.tenant_id.as_str()).collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            for digest in self.digests_since(tenant, position).await? {
                raise(&mut sealed, &digest);
            }
        }
        Ok(sealed)
    }

    async fn digests_since(&self, tenant: &str, position: i64) -> Result<Vec<Digest>, AuditError> {
        let second = position - 2 * CLOCKS_DIFFER_S;
        let ask =
            Ask::new("c.body", "c.item = 'digest'").only("c._ts >= @second", "@second", second);
        let scope = FeedScope::partition(chain_key(tenant, CHAIN));
        let bodies: Vec<String> = self.store.audit.all(scope, ask).await?;
        bodies.iter().map(|body| decode(body)).collect()
    }

    /// Moves the position on to the first record that is not sealed.
    async fn move_position(&self) -> Result<(), AuditError> {
        let position = self.position().await?;
        let rows = self.rows(None, position).await?;
        let sealed = self.sealed(&rows, position).await?;
        let first_open = rows.iter().find(|row| !is_sealed(&sealed, row));
        let Some(reached) = first_open.or(rows.last()) else {
            return Ok(());
        };
        if reached.second <= position {
            return Ok(());
        }
        let moved = Position {
            id: SEALING.to_owned(),
            tenant_id: PRODUCT.to_owned(),
            kind: SEALING.to_owned(),
            second: reached.second,
        };
        let key = product_key(SEALING);
        Ok(self.store.config.put(key, SEALING, &moved).await?)
    }
}

#[async_trait]
impl DigestLog for CosmosDigests {
    async fn unsealed(
        &self,
        tenant: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UnsealedChain>, AuditError> {
        let position = self.position().await?;
        let rows = self.rows(tenant, position).await?;
        let sealed = self.sealed(&rows, position).await?;
        let mut since: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
        for row in rows.iter().filter(|row| !is_sealed(&sealed, row)) {
            since
                .entry((row.tenant_id.clone(), row.chain.clone()))
                .and_modify(|at| *at = row.at.min(*at))
                .or_insert(row.at);
        }
        let mut waiting: Vec<_> = since.into_iter().collect();
        waiting.sort_by(|a, b| (a.1, &a.0.1).cmp(&(b.1, &b.0.1)));
        waiting.truncate(limit);
        let mut found = Vec::with_capacity(waiting.len());
        for ((tenant, chain), since) in waiting {
            let newest = newest_record(&self.store.audit, &tenant, &chain).await?;
            let sealed_seq = sealed.get(&(tenant.clone(), chain.clone()));
            found.extend(newest.map(|newest| UnsealedChain {
                tenant,
                head: ChainHead {
                    chain,
                    seq: newest.seq,
                    hash: newest.hash,
                },
                sealed_seq: sealed_seq.copied().unwrap_or_default(),
                since,
            }));
        }
        Ok(found)
    }

    async fn newest_digest(&self, tenant: &str) -> Result<Option<Digest>, AuditError> {
        let ask = Ask::new("c.body", "c.item = 'digest'").ordered_by("c.seq DESC");
        let scope = FeedScope::partition(chain_key(tenant, CHAIN));
        let body: Option<String> = self.store.audit.first(scope, ask).await?;
        body.map(|body| decode(&body)).transpose()
    }

    /// A digest that is there already as it is counts as added: an answer may have been
    /// lost.
    async fn append_digest(&self, digest: &Digest) -> Result<bool, AuditError> {
        let document = document(digest)?;
        let key = chain_key(&digest.tenant, CHAIN);
        let created = self.store.audit.create(key, &document.id, &document).await;
        match created {
            Ok(_) => {}
            Err(Fault::Exists) => {
                let key = chain_key(&digest.tenant, CHAIN);
                let taken: Option<Stored> = self.store.audit.read(key, &document.id).await?;
                return Ok(taken.is_some_and(|taken| taken.body == document.body));
            }
            Err(other) => return Err(other.into()),
        }
        self.move_position().await?;
        Ok(true)
    }

    async fn digests(
        &self,
        tenant: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Digest>, AuditError> {
        let before: Option<u64> = cursor
            .map(|text| cursor::read(LIST, text).ok_or(AuditError::BadCursor))
            .transpose()?;
        let limit = limit.clamp(1, LONGEST_PAGE);
        let mut ask = Ask::new("c.body", "c.item = 'digest'");
        if let Some(before) = before {
            ask = ask.only("c.seq < @before", "@before", before);
        }
        let ask = ask.ordered_by("c.seq DESC").top(limit.saturating_add(1));
        let scope = FeedScope::partition(chain_key(tenant, CHAIN));
        let bodies: Vec<String> = self.store.audit.all(scope, ask).await?;
        let mut items = bodies
            .iter()
            .map(|body| decode(body))
            .collect::<Result<Vec<_>, _>>()?;
        let next_cursor =
            cursor::cut(&mut items, limit).and_then(|last| cursor::write(LIST, &last.number));
        Ok(Page { items, next_cursor })
    }
}

fn raise(sealed: &mut Sealed, digest: &Digest) {
    for head in &digest.chains {
        let place = (digest.tenant.clone(), head.chain.clone());
        if let Some(seq) = sealed.get_mut(&place) {
            *seq = head.seq.max(*seq);
        }
    }
}

fn is_sealed(sealed: &Sealed, row: &Row) -> bool {
    let place = (row.tenant_id.clone(), row.chain.clone());
    sealed.get(&place).is_some_and(|seq| row.seq <= *seq)
}

fn document(digest: &Digest) -> Result<Document<'_>, AuditError> {
    let value = serde_json::to_value(digest).map_err(damaged)?;
    Ok(Document {
        id: digest.number.to_string(),
        tenant_id: &digest.tenant,
        chain: CHAIN,
        seq: digest.number,
        item: "digest",
        at: digest.at,
        body: canonical_json(&value),
    })
}

fn decode(body: &str) -> Result<Digest, AuditError> {
    let digest: Digest = serde_json::from_str(body).map_err(damaged)?;
    if digest.v > DIGEST_VERSION {
        return Err(damaged("a newer version of Azimuth wrote it"));
    }
    Ok(digest)
}

fn damaged(detail: impl std::fmt::Display) -> AuditError {
    AuditError::Unavailable(format!("a digest cannot be read: {detail}"))
}
