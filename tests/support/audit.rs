//! The real audit, which a test can tell to refuse records.

use std::sync::atomic::{AtomicUsize, Ordering};
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
    loses: Mutex<Option<Rule>>,
}

impl WatchedAudit {
    /// Passes everything on to `inner`.
    pub fn over(inner: Arc<dyn AuditLog>) -> Self {
        Self {
            inner,
            refuses: Mutex::default(),
            refused: Mutex::default(),
            loses: Mutex::default(),
        }
    }

    /// From now on records that fit `rule` are not taken.
    pub fn refuse(&self, rule: impl Fn(&AuditEntry) -> bool + Send + Sync + 'static) {
        *self.refuses.lock().unwrap() = Some(Box::new(rule));
    }

    /// The next `times` records that fit `rule` are not taken.
    pub fn refuse_some(
        &self,
        times: usize,
        rule: impl Fn(&AuditEntry) -> bool + Send + Sync + 'static,
    ) {
        self.refuse(some(times, rule));
    }

    /// The next `times` records that fit `rule` are taken, but whoever wrote them is
    /// told that the audit does not answer.
    pub fn lose_replies(
        &self,
        times: usize,
        rule: impl Fn(&AuditEntry) -> bool + Send + Sync + 'static,
    ) {
        *self.loses.lock().unwrap() = Some(Box::new(some(times, rule)));
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

/// `rule`, the first `times` times that it fits.
fn some(
    times: usize,
    rule: impl Fn(&AuditEntry) -> bool + Send + Sync + 'static,
) -> impl Fn(&AuditEntry) -> bool + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |entry| {
        rule(entry)
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                })
                .is_ok()
    }
}

fn fits(rule: &Mutex<Option<Rule>>, entry: &AuditEntry) -> bool {
    let rule = rule.lock().unwrap();
    rule.as_ref().is_some_and(|rule| rule(entry))
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
        if fits(&self.refuses, &entry) {
            *self.refused.lock().unwrap() += 1;
            return Err(AuditError::Unavailable("told to fail".to_owned()));
        }
        let loses = fits(&self.loses, &entry);
        let appended = self.inner.append(tenant, chain, id, at, entry).await?;
        if loses {
            return Err(AuditError::Unavailable("told to lose the reply".to_owned()));
        }
        Ok(appended)
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

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        self.inner.is_closed(tenant, chain).await
    }
}
