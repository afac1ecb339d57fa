//! The append-only audit.

use async_trait::async_trait;
use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::event::Outcome;
use azimuth_domain::time::Timestamp;

use crate::store::Page;

/// Why the audit did not take or give a record.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The audit does not answer. The record may have been written; a second
    /// [`AuditLog::append`] with the same id tells.
    #[error("the audit does not answer: {0}")]
    Unavailable(String),
    /// Somebody else took the sequence number, twenty times in a row.
    #[error("the audit chain is too busy")]
    Contended,
    /// A continuation token is not one of ours.
    #[error("the cursor is not valid")]
    BadCursor,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// The record was written.
    Created(AuditRecord),
    /// A record of that id was there already; this is it.
    Exists(AuditRecord),
}

/// Which records to read.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only this person's (`oid`).
    pub oid: Option<String>,
    /// Only this kind.
    pub kind: Option<AuditKind>,
    /// Only this tool (`server/tool`).
    pub tool: Option<String>,
    /// Only this outcome.
    pub outcome: Option<Outcome>,
    /// Only this turn (text of the id).
    pub turn: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// At most this many (1–1000).
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// Chains of immutable records.
///
/// `append` is one create: the id is free and the record becomes the chain's
/// next, or the id is taken and the record that took it is returned. There is
/// no way to change or remove a record.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends to `chain` (made on first use) under the register `id`.
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError>;

    /// One record.
    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError>;

    /// A tenant's records, newest first.
    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError>;

    /// Opens of any tenant without a close, written before `before` (for the
    /// sweeper), oldest first.
    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError>;

    /// Whether every open of `chain` has its close; so it is for a chain that does
    /// not exist.
    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError>;
}
