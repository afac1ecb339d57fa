//! What people have used, and what was destroyed in the last hour.

use async_trait::async_trait;
use azimuth_domain::budget::Budget;
use azimuth_domain::principal::UserKey;
use azimuth_domain::usage::{Day, UsageDay};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azimuth_ports::usage::{UsageStore, first_kept};
use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use super::documents::{Version, decode, encode};

/// The index is for a tenant's day, and for days that are no longer kept.
pub(super) const TABLES: &str = "
    CREATE TABLE usage (
        tid TEXT NOT NULL,
        oid TEXT NOT NULL,
        day TEXT NOT NULL,
        etag INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (tid, oid, day)
    ) STRICT;
    CREATE INDEX usage_by_day ON usage (tid, day, oid);
    CREATE TABLE budgets (
        tid TEXT NOT NULL PRIMARY KEY,
        etag INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
";

#[async_trait]
impl UsageStore for SqliteStore {
    async fn usage(
        &self,
        user: &UserKey,
        day: Day,
    ) -> Result<Option<Versioned<UsageDay>>, StoreError> {
        if day < first_kept(self.clock.now()) {
            return Ok(None);
        }
        let user = user.clone();
        self.database
            .read_short(move |connection| {
                let found: Option<(i64, String)> = connection
                    .prepare_cached(
                        "SELECT etag, body FROM usage WHERE tid = ? AND oid = ? AND day = ?",
                    )?
                    .query_row(params![user.tid, user.oid, day.to_string()], |row| {
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

    async fn put_usage(
        &self,
        usage: &UsageDay,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let (usage, when) = (usage.clone(), when.cloned());
        let version = Version::random(&*self.random);
        let first_kept = first_kept(self.clock.now());
        self.database
            .write(move |connection| {
                let UserKey { tid, oid } = &usage.user;
                let (day, body) = (usage.day.to_string(), encode(&usage)?);
                let written = match when {
                    None => {
                        // Once for each person and day is often enough.
                        connection
                            .prepare_cached("DELETE FROM usage WHERE tid = ? AND day < ?")?
                            .execute(params![tid, first_kept.to_string()])?;
                        connection
                            .prepare_cached(
                                "INSERT INTO usage (tid, oid, day, etag, body)
                                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                            )?
                            .execute(params![tid, oid, day, version.0, body])?
                    }
                    Some(etag) => connection
                        .prepare_cached(
                            "UPDATE usage SET etag = ?, body = ?
                             WHERE tid = ? AND oid = ? AND day = ? AND etag = ?",
                        )?
                        .execute(params![
                            version.0,
                            body,
                            tid,
                            oid,
                            day,
                            Version::of(&etag).map(|v| v.0),
                        ])?,
                };
                Ok((written == 1).then(|| version.etag()))
            })
            .await
    }

    async fn usage_between(
        &self,
        user: &UserKey,
        first: Day,
        last: Day,
    ) -> Result<Vec<UsageDay>, StoreError> {
        let user = user.clone();
        let first = first.max(first_kept(self.clock.now()));
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT body FROM usage
                     WHERE tid = ? AND oid = ? AND day >= ? AND day <= ? ORDER BY day",
                )?;
                let bodies = statement
                    .query_map(
                        params![user.tid, user.oid, first.to_string(), last.to_string()],
                        |row| row.get::<_, String>(0),
                    )?
                    .collect::<Result<Vec<_>, _>>()?;
                bodies.iter().map(|body| decode(body)).collect()
            })
            .await
    }

    async fn tenant_usage(
        &self,
        tenant: &str,
        day: Day,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<UsageDay>, StoreError> {
        if day < first_kept(self.clock.now()) {
            return Ok(Vec::new());
        }
        let tenant = tenant.to_owned();
        let after = after.unwrap_or_default().to_owned();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT body FROM usage
                     WHERE tid = ? AND day = ? AND oid > ? ORDER BY oid LIMIT ?",
                )?;
                let bodies = statement
                    .query_map(params![tenant, day.to_string(), after, limit], |row| {
                        row.get::<_, String>(0)
                    })?
                    .collect::<Result<Vec<_>, _>>()?;
                bodies.iter().map(|body| decode(body)).collect()
            })
            .await
    }

    async fn budget(&self, tenant: &str) -> Result<Option<Versioned<Budget>>, StoreError> {
        let tenant = tenant.to_owned();
        self.database
            .read_short(move |connection| {
                let found: Option<(i64, String)> = connection
                    .prepare_cached("SELECT etag, body FROM budgets WHERE tid = ?")?
                    .query_row([tenant], |row| Ok((row.get(0)?, row.get(1)?)))
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

    async fn put_budget(
        &self,
        budget: &Budget,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let (budget, when) = (budget.clone(), when.cloned());
        let version = Version::random(&*self.random);
        self.database
            .write(move |connection| {
                let (tid, body) = (&budget.tenant, encode(&budget)?);
                let written = match when {
                    None => connection
                        .prepare_cached(
                            "INSERT INTO budgets (tid, etag, body) VALUES (?, ?, ?)
                             ON CONFLICT DO NOTHING",
                        )?
                        .execute(params![tid, version.0, body])?,
                    Some(etag) => connection
                        .prepare_cached(
                            "UPDATE budgets SET etag = ?, body = ? WHERE tid = ? AND etag = ?",
                        )?
                        .execute(params![
                            version.0,
                            body,
                            tid,
                            Version::of(&etag).map(|v| v.0),
                        ])?,
                };
                Ok((written == 1).then(|| version.etag()))
            })
            .await
    }
}
