//! Documents of tenants, with their history.

use async_trait::async_trait;
use azimuth_ports::config::{ConfigHead, ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use super::documents::{Version, decode, encode};
use crate::database::Fault;

/// `config` says which version is in force; `head` is `body` without the text.
pub(super) const TABLES: &str = "
    CREATE TABLE config (
        tenant TEXT NOT NULL,
        kind TEXT NOT NULL,
        etag INTEGER NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (tenant, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE config_versions (
        tenant TEXT NOT NULL,
        kind TEXT NOT NULL,
        number INTEGER NOT NULL,
        head TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (tenant, kind, number)
    ) STRICT;
";

/// What no version has.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl ConfigStore for SqliteStore {
    async fn config(
        &self,
        tenant: &str,
        kind: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        let tenant = tenant.to_owned();
        self.database
            .read_short(move |connection| {
                let found: Option<(i64, String)> = connection
                    .prepare_cached(
                        "SELECT config.etag, config_versions.body
                         FROM config JOIN config_versions USING (tenant, kind, number)
                         WHERE tenant = ? AND kind = ?",
                    )?
                    .query_row(params![tenant, kind.as_str()], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()?;
                let Some((version, body)) = found else {
                    return Ok(None);
                };
                Ok(Some(Versioned {
                    item: decode(&body)?,
                    etag: Version(version).etag(),
                }))
            })
            .await
    }

    async fn put_config(
        &self,
        version: &ConfigVersion,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let (next, when) = (version.clone(), when.cloned());
        let etag = Version::random(&*self.random);
        self.database
            .write(move |connection| {
                let written = is_next(connection, &next.head)?
                    && point_to(connection, &next.head, when.as_ref(), etag)?;
                if !written {
                    return Ok(None);
                }
                let head = &next.head;
                connection
                    .prepare_cached(
                        "INSERT INTO config_versions (tenant, kind, number, head, body)
                         VALUES (?, ?, ?, ?, ?)",
                    )?
                    .execute(params![
                        head.tenant,
                        head.kind.as_str(),
                        number(head.number),
                        encode(head)?,
                        encode(&next)?,
                    ])?;
                Ok(Some(etag.etag()))
            })
            .await
    }

    async fn config_version(
        &self,
        tenant: &str,
        kind: ConfigKind,
        wanted: u64,
    ) -> Result<Option<ConfigVersion>, StoreError> {
        let tenant = tenant.to_owned();
        self.database
            .read_short(move |connection| {
                let body: Option<String> = connection
                    .prepare_cached(
                        "SELECT body FROM config_versions
                         WHERE tenant = ? AND kind = ? AND number = ?",
                    )?
                    .query_row(params![tenant, kind.as_str(), number(wanted)], |row| {
                        row.get(0)
                    })
                    .optional()?;
                body.as_deref().map(decode).transpose()
            })
            .await
    }

    async fn config_history(
        &self,
        tenant: &str,
        kind: ConfigKind,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigHead>, StoreError> {
        let tenant = tenant.to_owned();
        let before = before.map_or(i64::MAX, number);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT head FROM config_versions
                     WHERE tenant = ? AND kind = ? AND number < ?
                     ORDER BY number DESC LIMIT ?",
                )?;
                let heads = statement
                    .query_map(params![tenant, kind.as_str(), before, limit], |row| {
                        row.get::<_, String>(0)
                    })?
                    .collect::<Result<Vec<_>, _>>()?;
                heads.iter().map(|head| decode(head)).collect()
            })
            .await
    }
}

/// Whether no version has that number, or a higher one.
fn is_next(connection: &Connection, head: &ConfigHead) -> Result<bool, Fault<StoreError>> {
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(number) FROM config_versions WHERE tenant = ? AND kind = ?")?
        .query_row(params![head.tenant, head.kind.as_str()], |row| row.get(0))?;
    Ok(number(head.number) == newest.unwrap_or(0) + 1)
}

/// Puts the version in force, if the condition holds.
fn point_to(
    connection: &Connection,
    head: &ConfigHead,
    when: Option<&Etag>,
    etag: Version,
) -> Result<bool, Fault<StoreError>> {
    let (tenant, kind) = (&head.tenant, head.kind.as_str());
    let written = match when {
        None => connection
            .prepare_cached(
                "INSERT INTO config (tenant, kind, etag, number) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![tenant, kind, etag.0, number(head.number)])?,
        Some(read) => connection
            .prepare_cached(
                "UPDATE config SET etag = ?, number = ?
                 WHERE tenant = ? AND kind = ? AND etag = ?",
            )?
            .execute(params![
                etag.0,
                number(head.number),
                tenant,
                kind,
                Version::of(read).map(|v| v.0),
            ])?,
    };
    Ok(written == 1)
}
