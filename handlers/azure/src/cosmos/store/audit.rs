//! The append-only audit. Nothing here changes or removes a record: the rights to
//! create and to read are enough.

use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::audit::{AUDIT_VERSION, AuditEntry, AuditRecord};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::TurnId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::store::Page;
use azure_data_cosmos::feed::FeedScope;
use serde::{Deserialize, Serialize};

use super::super::ask::Ask;
use super::super::container::Container;
use super::super::failure::Fault;
use super::super::order;
use super::{CosmosStore, keys};

/// How often somebody else may take the number first.
const TRIES: u32 = 20;
/// Longest wait after the first lost race; it doubles up to [`LONGEST_WAIT_MS`].
const FIRST_WAIT_MS: u64 = 5;
const LONGEST_WAIT_MS: u64 = 200;

/// The newest record of a chain as this process knows it. Numbers are given once and
/// never taken back, so an old one only makes an append collide, and the store is asked.
#[derive(Debug, Clone)]
pub(super) struct Head {
    seq: u64,
    hash: String,
}

impl Head {
    fn of(record: AuditRecord) -> Self {
        Self {
            seq: record.seq,
            hash: record.hash,
        }
    }
}

/// A record as it lies in the container.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: &'a str,
    tenant_id: &'a str,
    chain: &'a str,
    /// Unique in its chain.
    seq: u64,
    item: &'static str,
    at: Timestamp,
    /// Position in the tenant's list.
    place: String,
    oid: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<&'a str>,
    body: String,
}

#[derive(Deserialize)]
struct Stored {
    body: String,
}

#[async_trait]
impl AuditLog for CosmosStore {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        self.mark_open(tenant, chain, id, at, &entry).await?;
        let appended = self.append_record(tenant, chain, id, at, entry).await?;
        self.unmark(&appended).await?;
        Ok(appended)
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        let read: Option<Stored> = self.audit.read(keys::chain(tenant, chain), id).await?;
        read.map(|stored| decode(&stored.body)).transpose()
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        self.records(tenant, query).await
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        self.unclosed(before, limit).await
    }

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        self.has_no_open(tenant, chain).await
    }
}

impl CosmosStore {
    /// One create. A conflict means that the register is taken, or else the number:
    /// then somebody was faster, and the record is made anew behind theirs.
    async fn append_record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let _lane = self.appends.take((tenant, chain)).await;
        let key = (tenant.to_owned(), chain.to_owned());
        let mut wait_ms = FIRST_WAIT_MS;
        for _ in 0..TRIES {
            // Taken out: whatever goes wrong from here on, the store is asked next.
            let newest = match self.heads.remove(&key) {
                Some(head) => Some(head),
                None => newest(&self.audit, tenant, chain).await?.map(Head::of),
            };
            let previous = newest.as_ref().map(|head| (head.seq, head.hash.as_str()));
            let record = AuditRecord::next(previous, tenant, chain, id, at, entry.clone());
            let partition = keys::chain(tenant, chain);
            match self.audit.create(partition, id, &document(&record)?).await {
                Ok(_) => {
                    self.heads.insert(key, Head::of(record.clone()));
                    return Ok(Appended::Created(record));
                }
                Err(Fault::Exists) => {}
                Err(other) => return Err(other.into()),
            }
            if let Some(record) = self.record(tenant, chain, id).await? {
                return Ok(Appended::Exists(record));
            }
            tokio::time::sleep(Duration::from_millis(self.jitter_ms(wait_ms))).await;
            wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
        }
        Err(AuditError::Contended)
    }
}

/// The chain's newest record.
pub(in super::super) async fn newest(
    audit: &Container,
    tenant: &str,
    chain: &str,
) -> Result<Option<AuditRecord>, AuditError> {
    let ask = Ask::new("c.body", "c.item = 'record'").ordered_by("c.seq DESC");
    let scope = FeedScope::partition(keys::chain(tenant, chain));
    let body: Option<String> = audit.first(scope, ask).await?;
    body.map(|body| decode(&body)).transpose()
}

/// A stored record again.
pub(in super::super) fn decode(body: &str) -> Result<AuditRecord, AuditError> {
    let record: AuditRecord = serde_json::from_str(body).map_err(damaged)?;
    if record.v > AUDIT_VERSION {
        return Err(damaged("a newer version of Azimuth wrote it"));
    }
    Ok(record)
}

fn damaged(detail: impl std::fmt::Display) -> AuditError {
    AuditError::Unavailable(format!("an audit record cannot be read: {detail}"))
}

/// The body has one spelling, whatever build writes it, so that verification can ask
/// for exactly these bytes.
fn document(record: &AuditRecord) -> Result<Document<'_>, AuditError> {
    let value = serde_json::to_value(record).map_err(damaged)?;
    Ok(Document {
        id: &record.id,
        tenant_id: &record.tenant,
        chain: &record.chain,
        seq: record.seq,
        item: "record",
        at: record.at,
        place: place(record),
        oid: &record.entry.oid,
        kind: record.entry.kind.as_str(),
        tool: record.entry.tool.as_deref(),
        outcome: record.entry.outcome.map(Outcome::as_str),
        turn: record.entry.turn_id.as_ref().map(TurnId::as_str),
        body: canonical_json(&value),
    })
}

/// By time; inside a moment by chain, and there by number.
pub(super) fn place(record: &AuditRecord) -> String {
    let (at, seq) = (order::moment(record.at), order::number(record.seq));
    format!("{at} {} {seq}", record.chain)
}
