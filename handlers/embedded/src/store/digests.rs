//! The digests of the audit, in a file of their own.
//!
//! The audit lies in `azimuth.sqlite`, its digests in `audit-digests.sqlite`: their
//! commits never wait for, nor delay, those of a turn, and whoever bends one of the
//! two files is convicted by the other. The audit's file keeps each tenant's newest
//! digest in `audit_anchors`, so that removed digests are missed as well.
//!
//! An append to the audit costs nothing for all this. Rows of the audit are numbered
//! in the order of their commits, so what no digest covers is a range of rows above
//! a position that lies with the digests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use azimuth_domain::audit::digest::{ChainHead, DIGEST_VERSION, Digest};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditError;
use azimuth_ports::cursor;
use azimuth_ports::digests::{DigestLog, UnsealedChain};
use azimuth_ports::store::Page;
use rusqlite::{Connection, OptionalExtension, params};

use super::{SqliteStore, audit};
use crate::database::{Database, Fault, OpenError, Settings};

/// In the audit's own file: the newest digest of each tenant.
pub(super) const ANCHORS: &str = "
    CREATE TABLE audit_anchors (
        tenant TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// In the digests' file. `sealed` is how far the digests cover each chain, and
/// `sealing.position` the row of the audit up to which all are covered.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE digests (
        tenant TEXT NOT NULL,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (tenant, number)
    ) STRICT;
    CREATE TABLE sealed (
        tenant TEXT NOT NULL,
        chain TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (tenant, chain)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sealing (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        position INTEGER NOT NULL
    ) STRICT;
    INSERT INTO sealing VALUES (1, 0);
"];

/// The digests' file in a data folder.
pub(crate) const FILE: &str = "audit-digests.sqlite";

const LIST: &str = "digests";
const LONGEST_PAGE: usize = 1000;

/// Most rows of the audit that one look goes through to move the position on.
const ROWS: usize = 10_000;

type Done<T> = Result<T, Fault<AuditError>>;

/// How far each chain is sealed, by tenant and chain.
type Sealed = BTreeMap<(String, String), u64>;

/// [`DigestLog`] in `audit-digests.sqlite`, over the audit of a [`SqliteStore`] in
/// the same folder. Several processes may use both at once.
pub struct SqliteDigests {
    digests: Database,
    store: Arc<SqliteStore>,
}

impl SqliteDigests {
    /// Opens or makes the digests of `folder`.
    pub fn open(folder: &Path, store: Arc<SqliteStore>) -> Result<Self, OpenError> {
        let settings = Settings {
            readers: 1,
            short_readers: 1,
            ..Settings::default()
        };
        let digests = Database::open(&folder.join(FILE), MIGRATIONS, &settings)?;
        Ok(Self { digests, store })
    }

    /// The position, as of now. One that lies beyond the audit's last row belongs to
    /// rows that are no longer there, and none is taken for sealed.
    async fn position(&self) -> Result<i64, AuditError> {
        let position: i64 = self
            .digests
            .read_short(|connection| {
                Ok(connection
                    .prepare_cached("SELECT position FROM sealing")?
                    .query_row([], |row| row.get(0))?)
            })
            .await?;
        let newest: i64 = self
            .store
            .database
            .read_short(|connection| {
                Ok(connection
                    .prepare_cached("SELECT coalesce(max(rowid), 0) FROM audit")?
                    .query_row([], |row| row.get(0))?)
            })
            .await?;
        Ok(if position > newest { 0 } else { position })
    }

    async fn sealed(&self, chains: Vec<(String, String)>) -> Result<Sealed, AuditError> {
        self.digests
            .read(move |connection| sealed(connection, chains))
            .await
    }

    /// The row up to which everything is sealed once `digest` is there.
    async fn position_after(&self, digest: &Digest) -> Result<i64, AuditError> {
        let position = self.position().await?;
        let rows = self
            .store
            .database
            .read(move |connection| rows_after(connection, position))
            .await?;
        let mut chains: Vec<(String, String)> = rows.iter().map(|row| row.place.clone()).collect();
        chains.sort_unstable();
        chains.dedup();
        let mut sealed = self.sealed(chains).await?;
        for head in &digest.chains {
            let place = (digest.tenant.clone(), head.chain.clone());
            let seq = sealed.entry(place).or_default();
            *seq = head.seq.max(*seq);
        }
        let is_sealed = |row: &Row| sealed.get(&row.place).is_some_and(|seq| row.seq <= *seq);
        let covered = rows.iter().take_while(|row| is_sealed(row)).last();
        Ok(covered.map_or(position, |row| row.rowid))
    }
}

#[async_trait]
impl DigestLog for SqliteDigests {
    async fn unsealed(
        &self,
        tenant: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UnsealedChain>, AuditError> {
        let position = self.position().await?;
        let tenant = tenant.map(ToOwned::to_owned);
        let grown = self
            .store
            .database
            .read(move |connection| grown(connection, position, tenant.as_deref()))
            .await?;
        let sealed = self.sealed(grown.clone()).await?;
        let waiting: Vec<(String, String, u64)> = grown
            .into_iter()
            .map(|place| {
                let seq = sealed.get(&place).copied().unwrap_or_default();
                (place.0, place.1, seq)
            })
            .collect();
        let mut found = self
            .store
            .database
            .read(move |connection| {
                let mut found = Vec::new();
                for (tenant, chain, sealed_seq) in waiting {
                    found.extend(beyond(connection, tenant, chain, sealed_seq)?);
                }
                Ok::<_, Fault<AuditError>>(found)
            })
            .await?;
        found.sort_by(|a, b| (a.since, &a.head.chain).cmp(&(b.since, &b.head.chain)));
        found.truncate(limit);
        Ok(found)
    }

    async fn newest_digest(&self, tenant: &str) -> Result<Option<Digest>, AuditError> {
        let tenant = tenant.to_owned();
        self.digests
            .read_short(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT body FROM digests WHERE tenant = ? ORDER BY number DESC LIMIT 1",
                    )?
                    .query_row(params![tenant], |row| row.get::<_, String>(0))
                    .optional()?
                    .map(|body| decode(&body))
                    .transpose()
            })
            .await
    }

    async fn append_digest(&self, digest: &Digest) -> Result<bool, AuditError> {
        let position = self.position_after(digest).await?;
        let added = digest.clone();
        let is_added = self
            .digests
            .write(move |connection| append(connection, &added, position))
            .await?;
        if is_added {
            let (tenant, number, hash) =
                (digest.tenant.clone(), digest.number, digest.hash.clone());
            self.store
                .database
                .write(move |connection| anchor(connection, &tenant, number, &hash))
                .await?;
        }
        Ok(is_added)
    }

    async fn digests(
        &self,
        tenant: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Digest>, AuditError> {
        let after: Option<u64> = cursor
            .map(|text| cursor::read(LIST, text).ok_or(AuditError::BadCursor))
            .transpose()?;
        let tenant = tenant.to_owned();
        let limit = limit.clamp(1, LONGEST_PAGE);
        self.digests
            .read(move |connection| page(connection, &tenant, limit, after))
            .await
    }
}

/// A row of the audit above the position.
struct Row {
    rowid: i64,
    place: (String, String),
    seq: u64,
}

fn rows_after(connection: &Connection, position: i64) -> Done<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT rowid, tenant, chain, seq FROM audit NOT INDEXED
         WHERE rowid > ? ORDER BY rowid LIMIT ?",
    )?;
    let rows = statement.query_map(params![position, ROWS], |row| {
        Ok(Row {
            rowid: row.get(0)?,
            place: (row.get(1)?, row.get(2)?),
            seq: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The chains of the rows above the position.
fn grown(
    connection: &Connection,
    position: i64,
    tenant: Option<&str>,
) -> Done<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT tenant, chain FROM audit NOT INDEXED
         WHERE rowid > ?1 AND (?2 IS NULL OR tenant = ?2)",
    )?;
    let places = statement.query_map(params![position, tenant], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(places.collect::<Result<_, _>>()?)
}

fn sealed(connection: &Connection, chains: Vec<(String, String)>) -> Done<Sealed> {
    let mut statement =
        connection.prepare_cached("SELECT seq FROM sealed WHERE tenant = ? AND chain = ?")?;
    let mut sealed = Sealed::new();
    for (tenant, chain) in chains {
        let seq: Option<u64> = statement
            .query_row(params![tenant, chain], |row| row.get(0))
            .optional()?;
        sealed.extend(seq.map(|seq| ((tenant, chain), seq)));
    }
    Ok(sealed)
}

/// The chain, if it goes further than `sealed_seq`.
fn beyond(
    connection: &Connection,
    tenant: String,
    chain: String,
    sealed_seq: u64,
) -> Done<Option<UnsealedChain>> {
    let since: Option<i64> = connection
        .prepare_cached("SELECT min(at) FROM audit WHERE tenant = ? AND chain = ? AND seq > ?")?
        .query_row(params![tenant, chain, sealed_seq], |row| row.get(0))?;
    let Some(since) = since else {
        return Ok(None);
    };
    let newest: String = connection
        .prepare_cached(
            "SELECT body FROM audit WHERE tenant = ? AND chain = ? ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![tenant, chain], |row| row.get(0))?;
    let newest = audit::decode(&newest)?;
    Ok(Some(UnsealedChain {
        tenant,
        head: ChainHead {
            chain,
            seq: newest.seq,
            hash: newest.hash,
        },
        sealed_seq,
        since: Timestamp(since),
    }))
}

fn append(connection: &Connection, digest: &Digest, position: i64) -> Done<bool> {
    let value = serde_json::to_value(digest).map_err(damaged)?;
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO digests (tenant, number, at, body) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![
            digest.tenant,
            digest.number,
            digest.at.0,
            canonical_json(&value)
        ])?;
    if added == 0 {
        return Ok(false);
    }
    let mut seal = connection.prepare_cached(
        "INSERT INTO sealed (tenant, chain, seq) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
    )?;
    for head in &digest.chains {
        seal.execute(params![digest.tenant, head.chain, head.seq])?;
    }
    connection
        .prepare_cached("UPDATE sealing SET position = ?")?
        .execute(params![position])?;
    Ok(true)
}

/// Two processes may come in either order; the newest stays.
fn anchor(connection: &Connection, tenant: &str, number: u64, hash: &str) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit_anchors (tenant, number, hash) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET number = excluded.number, hash = excluded.hash
             WHERE excluded.number > number",
        )?
        .execute(params![tenant, number, hash])?;
    Ok(())
}

fn page(
    connection: &Connection,
    tenant: &str,
    limit: usize,
    after: Option<u64>,
) -> Done<Page<Digest>> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM digests WHERE tenant = ? AND number < ? ORDER BY number DESC LIMIT ?",
    )?;
    let before = after.map_or(i64::MAX, |number| i64::try_from(number).unwrap_or(i64::MAX));
    let bodies = statement.query_map(params![tenant, before, limit.saturating_add(1)], |row| {
        row.get::<_, String>(0)
    })?;
    let mut items = bodies
        .map(|body| decode(&body?))
        .collect::<Result<Vec<_>, _>>()?;
    let next_cursor =
        cursor::cut(&mut items, limit).and_then(|last| cursor::write(LIST, &last.number));
    Ok(Page { items, next_cursor })
}

fn decode(body: &str) -> Done<Digest> {
    let digest: Digest = serde_json::from_str(body).map_err(damaged)?;
    if digest.v > DIGEST_VERSION {
        return Err(damaged("a newer version of Azimuth wrote it"));
    }
    Ok(digest)
}

fn damaged(detail: impl std::fmt::Display) -> Fault<AuditError> {
    Fault::Refused(AuditError::Unavailable(format!(
        "a digest cannot be read: {detail}"
    )))
}
