//! The audit across the line.

use async_trait::async_trait;
use azimuth_domain::audit::{AuditEntry, AuditRecord};
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::store::Page;

use super::{Call, Errors, Outside, Port};
use crate::crash::storage::OpenAudit;

const ERRORS: Errors<AuditError> = Errors::alike(AuditError::Unavailable);

#[async_trait]
impl AuditLog for Outside<dyn OpenAudit> {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let has_parts = self.port.appends_in_parts(&entry);
        let call = if has_parts {
            Call::in_parts
        } else {
            Call::writes
        };
        let call = call(Port::Audit, "append");
        let copy = entry.clone();
        let part = || self.port.append_partly(tenant, chain, id, at, copy);
        let act = self.port.append(tenant, chain, id, at, entry);
        let part = has_parts.then_some(part);
        self.line.pass_in_parts(call, &ERRORS, act, part).await
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        let act = self.port.record(tenant, chain, id);
        let call = Call::reads(Port::Audit, "record");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        let act = self.port.query(tenant, query);
        let call = Call::reads(Port::Audit, "query");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        let act = self.port.open_without_close(before, limit);
        let call = Call::reads(Port::Audit, "open_without_close");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        let act = self.port.is_closed(tenant, chain);
        let call = Call::reads(Port::Audit, "is_closed");
        self.line.pass(call, &ERRORS, act).await
    }
}
