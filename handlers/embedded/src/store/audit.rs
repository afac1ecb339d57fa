//! The append-only audit. Nothing in this crate changes or removes a record.

use async_trait::async_trait;
use azimuth_domain::audit::{AUDIT_VERSION, AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::TurnId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::store::Page;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::{SqliteStore, audit_query};
use crate::database::Fault;

type Done<T> = Result<T, Fault<AuditError>>;

#[async_trait]
impl AuditLog for SqliteStore {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let (tenant, chain, id) = (tenant.to_owned(), chain.to_owned(), id.to_owned());
        self.database
            .write(move |connection| append(connection, &tenant, &chain, &id, at, entry))
            .await
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        let (tenant, chain, id) = (tenant.to_owned(), chain.to_owned(), id.to_owned());
        self.database
            .read(move |connection| record(connection, &tenant, &chain, &id))
            .await
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        let after = audit_query::position(query.cursor.as_deref())?;
        let (tenant, query) = (tenant.to_owned(), query.clone());
        self.database
            .read(move |connection| audit_query::page(connection, &tenant, &query, after))
            .await
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        self.database
            .read(move |connection| unclosed(connection, before, limit))
            .await
    }

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        let (tenant, chain) = (tenant.to_owned(), chain.to_owned());
        self.database
            .read(move |connection| Ok(is_closed(connection, &tenant, &chain)?))
            .await
    }
}

/// A stored record again.
pub(super) fn decode(body: &str) -> Done<AuditRecord> {
    let record: AuditRecord = serde_json::from_str(body).map_err(damaged)?;
    if record.v > AUDIT_VERSION {
        return Err(damaged("a newer version of Azimuth wrote it"));
    }
    Ok(record)
}

/// One spelling, whatever build writes it, so that verification can ask for
/// exactly these bytes.
fn text(record: &AuditRecord) -> Done<String> {
    let value = serde_json::to_value(record).map_err(damaged)?;
    Ok(canonical_json(&value))
}

fn damaged(detail: impl std::fmt::Display) -> Fault<AuditError> {
    Fault::Refused(AuditError::Unavailable(format!(
        "an audit record cannot be read: {detail}"
    )))
}

fn record(
    connection: &Connection,
    tenant: &str,
    chain: &str,
    id: &str,
) -> Done<Option<AuditRecord>> {
    connection
        .prepare_cached("SELECT body FROM audit WHERE tenant = ? AND chain = ? AND id = ?")?
        .query_row(params![tenant, chain, id], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| decode(&body))
        .transpose()
}

fn append(
    connection: &Connection,
    tenant: &str,
    chain: &str,
    id: &str,
    at: Timestamp,
    entry: AuditEntry,
) -> Done<Appended> {
    if let Some(record) = record(connection, tenant, chain, id)? {
        return Ok(Appended::Exists(record));
    }
    let newest = connection
        .prepare_cached(
            "SELECT body FROM audit WHERE tenant = ? AND chain = ? ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![tenant, chain], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| decode(&body))
        .transpose()?;
    let previous = newest.as_ref().map(|r| (r.seq, r.hash.as_str()));
    let record = AuditRecord::next(previous, tenant, chain, id, at, entry);
    create(connection, &record)?;
    track(connection, &record)?;
    Ok(Appended::Created(record))
}

fn create(connection: &Connection, record: &AuditRecord) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit (tenant, chain, id, seq, at, oid, kind, tool, outcome, turn, body)
             VALUES (:tenant, :chain, :id, :seq, :at, :oid, :kind, :tool, :outcome, :turn, :body)",
        )?
        .execute(named_params! {
            ":tenant": record.tenant,
            ":chain": record.chain,
            ":id": record.id,
            ":seq": record.seq,
            ":at": record.at.0,
            ":oid": record.entry.oid,
            ":kind": record.entry.kind.as_str(),
            ":tool": record.entry.tool,
            ":outcome": record.entry.outcome.map(Outcome::as_str),
            ":turn": record.entry.turn_id.as_ref().map(TurnId::as_str),
            ":body": text(record)?,
        })?;
    Ok(())
}

/// Keeps `audit_unclosed` true, in whichever order open and close come.
fn track(connection: &Connection, record: &AuditRecord) -> Done<()> {
    let (tenant, chain) = (&record.tenant, &record.chain);
    if let Some(attempt) = record.id.strip_suffix(":close") {
        connection
            .prepare_cached("DELETE FROM audit_unclosed WHERE tenant = ? AND chain = ? AND id = ?")?
            .execute(params![tenant, chain, format!("{attempt}:open")])?;
    }
    if record.entry.kind != AuditKind::Open {
        return Ok(());
    }
    if let Some(attempt) = record.id.strip_suffix(":open") {
        connection
            .prepare_cached(
                "INSERT INTO audit_unclosed (tenant, chain, id, at)
                 SELECT :tenant, :chain, :id, :at
                 WHERE NOT EXISTS (
                     SELECT 1 FROM audit
                     WHERE tenant = :tenant AND chain = :chain AND id = :close)",
            )?
            .execute(named_params! {
                ":tenant": tenant,
                ":chain": chain,
                ":id": record.id,
                ":at": record.at.0,
                ":close": format!("{attempt}:close"),
            })?;
    }
    Ok(())
}

fn is_closed(connection: &Connection, tenant: &str, chain: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM audit_unclosed WHERE tenant = ? AND chain = ? LIMIT 1")?
        .exists(params![tenant, chain])
        .map(|is_open| !is_open)
}

fn unclosed(connection: &Connection, before: Timestamp, limit: usize) -> Done<Vec<AuditRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT audit.body FROM audit_unclosed AS u
         JOIN audit ON audit.tenant = u.tenant AND audit.chain = u.chain AND audit.id = u.id
         WHERE u.at < ? ORDER BY u.at, u.tenant, u.chain, u.id LIMIT ?",
    )?;
    let bodies = statement.query_map(params![before.0, limit], |row| row.get::<_, String>(0))?;
    bodies.map(|body| decode(&body?)).collect()
}
