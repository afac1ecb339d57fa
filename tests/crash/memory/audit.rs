//! Audit chains in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::store::Page;

use super::lists::page;
use crate::crash::flaw::Flaw;
use crate::crash::storage::OpenAudit;

type Chains = BTreeMap<(String, String), Vec<AuditRecord>>;

/// The audit.
#[derive(Default)]
pub struct MemoryAudit {
    chains: Mutex<Chains>,
    flaw: Option<Flaw>,
}

impl MemoryAudit {
    /// An empty audit with this flaw.
    pub fn with(flaw: Option<Flaw>) -> Self {
        Self {
            chains: Mutex::default(),
            flaw,
        }
    }

    fn chains(&self) -> std::sync::MutexGuard<'_, Chains> {
        self.chains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenAudit for MemoryAudit {
    fn records(&self) -> Vec<AuditRecord> {
        self.chains().values().flatten().cloned().collect()
    }

    fn peek(&self, id: &str) -> Option<AuditRecord> {
        let chains = self.chains();
        chains.values().flatten().find(|r| r.id == id).cloned()
    }
}

fn unclosed(records: &[AuditRecord]) -> impl Iterator<Item = &AuditRecord> {
    records.iter().filter(|open| {
        let register = open.id.strip_suffix(":open").unwrap_or(&open.id);
        let close = format!("{register}:close");
        open.entry.kind == AuditKind::Open && !records.iter().any(|r| r.id == close)
    })
}

fn is_asked_for(record: &AuditRecord, query: &AuditQuery) -> bool {
    let entry = &record.entry;
    query.oid.as_ref().is_none_or(|oid| *oid == entry.oid)
        && query.kind.is_none_or(|kind| kind == entry.kind)
        && (query.tool.is_none() || query.tool == entry.tool)
        && (query.outcome.is_none() || query.outcome == entry.outcome)
        && (query.turn.is_none() || query.turn == entry.turn_id.as_ref().map(ToString::to_string))
        && query.from.is_none_or(|from| from <= record.at)
        && query.until.is_none_or(|until| record.at < until)
}

#[async_trait]
impl AuditLog for MemoryAudit {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let mut chains = self.chains();
        let records = chains
            .entry((tenant.to_owned(), chain.to_owned()))
            .or_default();
        let previous = records.last().map(|last| (last.seq, last.hash.as_str()));
        if let Some(found) = records.iter().find(|record| record.id == id) {
            if self.flaw == Some(Flaw::AuditTakesEverything) {
                let record = AuditRecord::next(previous, tenant, chain, id, at, entry);
                return Ok(Appended::Created(record));
            }
            return Ok(Appended::Exists(found.clone()));
        }
        let is_dropped = match self.flaw {
            Some(Flaw::AuditDropsOpens) => entry.kind == AuditKind::Open,
            Some(Flaw::AuditDropsCloses) => entry.kind == AuditKind::Close,
            _ => false,
        };
        let record = AuditRecord::next(previous, tenant, chain, id, at, entry);
        if !is_dropped {
            records.push(record.clone());
        }
        Ok(Appended::Created(record))
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        let chains = self.chains();
        let records = chains.get(&(tenant.to_owned(), chain.to_owned()));
        let mut records = records.into_iter().flatten();
        Ok(records.find(|record| record.id == id).cloned())
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        let chains = self.chains();
        let mut found: Vec<AuditRecord> = chains
            .iter()
            .filter(|((of, _), _)| of == tenant)
            .flat_map(|(_, records)| records)
            .filter(|record| is_asked_for(record, query))
            .cloned()
            .collect();
        found.sort_by_key(|record| Reverse((record.at, record.chain.clone(), record.seq)));
        page(found, query.limit, query.cursor.as_deref()).ok_or(AuditError::BadCursor)
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        let chains = self.chains();
        let mut found: Vec<AuditRecord> = Vec::new();
        for records in chains.values() {
            found.extend(unclosed(records).filter(|r| r.at < before).cloned());
        }
        found.sort_by_key(|record| record.at);
        found.truncate(limit);
        Ok(found)
    }

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        let chains = self.chains();
        let records = chains.get(&(tenant.to_owned(), chain.to_owned()));
        Ok(records.is_none_or(|records| unclosed(records).next().is_none()))
    }
}
