//! The real audit, which a test can tell to refuse records.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azimuth_domain::audit::{AuditEntry, AuditRecord};
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::store::Page;

/// Which records are refused.
type Rule = Box<dyn Fn(&AuditEntry) -> bool + Send + Sync>;

/// An audit in front of another one.
pub struct WatchedAudit {
    inner: Arc<dyn AuditLog>,
    refuses: Mutex<Option<Rule>>,
    refused: Mutex<usize>,
}

impl WatchedAudit {
    /// Passes everything on to `inner`.
    pub fn over(inner: Arc<dyn AuditLog>) -> Self {
        Self {
            inner,
            refuses: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// From now on records that fit `rule` are not taken.
    pub fn refuse(&self, rule: impl Fn(&AuditEntry) -> bool + Send + Sync + 'static) {
        *self.refuses.lock().unwrap() = Some(Box::new(rule));
    }

    /// Everything is taken again.
    pub fn accept_all(&self) {
        *self.refuses.lock().unwrap() = None;
    }

    /// How many records were refused so far.
    pub fn refused(&self) -> usize {
        *self.refused.lock().unwrap()
    }
}

#[async_trait]
impl AuditLog for WatchedAudit {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let refuses = {
            let rule = self.refuses.lock().unwrap();
            rule.as_ref().is_some_and(|rule| rule(&entry))
        };
        if refuses {
            *self.refused.lock().unwrap() += 1;
            return Err(AuditError::Unavailable("told to fail".to_owned()));
        }
        self.inner.append(tenant, chain, id, at, entry).await
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        self.inner.record(tenant, chain, id).await
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        self.inner.query(tenant, query).await
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        self.inner.open_without_close(before, limit).await
    }
}
