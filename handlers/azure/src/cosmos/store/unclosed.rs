//! Which opens of the audit have no close.
//!
//! A mark beside the audit says "maybe": it is there before its open is, and is taken
//! away once open and close are both there. Whoever reads it asks the audit itself, so
//! what a crash left between two writes says nothing wrong.

use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog};
use azure_data_cosmos::feed::FeedScope;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::{CosmosStore, keys};

/// A mark; its partition names tenant and chain.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mark<'a> {
    id: &'a str,
    tenant_id: &'a str,
    user_id: &'a str,
    conversation_id: &'a str,
    item: &'static str,
    at: Timestamp,
}

/// Where the open is that a mark stands for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    tenant_id: String,
    conversation_id: String,
    id: String,
}

const PLACE: &str = r#"{"tenantId": c.tenantId, "conversationId": c.conversationId, "id": c.id}"#;

impl CosmosStore {
    /// Before the open is written.
    pub(super) async fn mark_open(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: &AuditEntry,
    ) -> Result<(), AuditError> {
        if entry.kind != AuditKind::Open || !id.ends_with(":open") {
            return Ok(());
        }
        let mark = Mark {
            id,
            tenant_id: tenant,
            user_id: keys::AUDIT_USER,
            conversation_id: chain,
            item: "unclosed",
            at,
        };
        let partition = keys::marks(tenant, chain);
        match self.conversations.create(partition, id, &mark).await {
            Ok(_) | Err(Fault::Exists) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// After the record is there: a close takes the mark away, and so does an open that
    /// was there before, if its close is there as well: the mark may have been gone
    /// already, and was made anew. A close that came before its open leaves the mark to
    /// whoever reads it.
    pub(super) async fn unmark(&self, appended: &Appended) -> Result<(), AuditError> {
        let (Appended::Created(record) | Appended::Exists(record)) = appended;
        let (tenant, chain) = (&record.tenant, &record.chain);
        if let Some(attempt) = record.id.strip_suffix(":close") {
            self.remove_mark(tenant, chain, &format!("{attempt}:open"))
                .await?;
        } else if record.id.ends_with(":open")
            && matches!(appended, Appended::Exists(_))
            && self.is_done(record).await?
        {
            self.remove_mark(tenant, chain, &record.id).await?;
        }
        Ok(())
    }

    pub(super) async fn unclosed(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        let ask = Ask::new(PLACE, "c.item = 'unclosed'")
            .only("c.at < @before", "@before", before)
            .ordered_by("c.at ASC");
        let scope = FeedScope::full_container();
        let mut marks = self.conversations.stream::<Place>(scope, ask).await?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(mark) = marks.try_next().await.map_err(Fault::from)?
        {
            found.extend(self.marked(&mark).await?);
        }
        Ok(found)
    }

    pub(super) async fn has_no_open(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        let ask = Ask::new(PLACE, "c.item = 'unclosed'");
        let scope = FeedScope::partition(keys::marks(tenant, chain));
        let marks: Vec<Place> = self.conversations.all(scope, ask).await?;
        for mark in marks {
            if self.marked(&mark).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The open that a mark stands for, unless it never came or has its close.
    async fn marked(&self, mark: &Place) -> Result<Option<AuditRecord>, AuditError> {
        let (tenant, chain) = (&mark.tenant_id, &mark.conversation_id);
        let Some(open) = self.record(tenant, chain, &mark.id).await? else {
            return Ok(None);
        };
        if self.is_done(&open).await? {
            self.remove_mark(tenant, chain, &mark.id).await?;
            return Ok(None);
        }
        Ok(Some(open))
    }

    async fn is_done(&self, open: &AuditRecord) -> Result<bool, AuditError> {
        let Some(attempt) = open.id.strip_suffix(":open") else {
            return Ok(false);
        };
        let close = format!("{attempt}:close");
        let close = self.record(&open.tenant, &open.chain, &close).await?;
        Ok(close.is_some())
    }

    async fn remove_mark(&self, tenant: &str, chain: &str, id: &str) -> Result<(), AuditError> {
        let partition = keys::marks(tenant, chain);
        self.conversations.delete(partition, id).await?;
        Ok(())
    }
}
