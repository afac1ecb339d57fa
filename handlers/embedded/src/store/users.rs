//! Users.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_ports::store::{Etag, Page, StoreError, Versioned};
use azimuth_ports::users::{UserPage, UserQuery, UserRecord, UserStore};
use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use super::documents::{Version, decode, encode};
use crate::database::Fault;

#[async_trait]
impl UserStore for SqliteStore {
    async fn user(&self, user: &UserKey) -> Result<Option<Versioned<UserRecord>>, StoreError> {
        let user = user.clone();
        self.database
            .read_short(move |connection| {
                let found: Option<(i64, String)> = connection
                    .prepare_cached("SELECT etag, body FROM users WHERE tid = ? AND oid = ?")?
                    .query_row(params![user.tid, user.oid], |row| {
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

    async fn put_user(
        &self,
        record: &UserRecord,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        let (record, when) = (record.clone(), when.cloned());
        let version = Version::random(&*self.random);
        self.database
            .write(move |connection| {
                let body = encode(&record)?;
                let written = match when {
                    None => connection
                        .prepare_cached(
                            "INSERT INTO users (tid, oid, etag, body) VALUES (?, ?, ?, ?)
                             ON CONFLICT DO NOTHING",
                        )?
                        .execute(params![record.user.tid, record.user.oid, version.0, body])?,
                    Some(etag) => connection
                        .prepare_cached(
                            "UPDATE users SET etag = ?, body = ?
                             WHERE tid = ? AND oid = ? AND etag = ?",
                        )?
                        .execute(params![
                            version.0,
                            body,
                            record.user.tid,
                            record.user.oid,
                            Version::of(&etag).map(|v| v.0),
                        ])?,
                };
                Ok((written == 1).then(|| version.etag()))
            })
            .await
    }

    async fn users(&self, tenant: &str, query: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
        let (tenant, query) = (tenant.to_owned(), query.clone());
        self.database
            .read(move |connection| {
                let mut page = UserPage::of(&query).map_err(Fault::Refused)?;
                let mut statement = connection.prepare_cached(
                    "SELECT body FROM users WHERE tid = ? AND oid > ? ORDER BY oid",
                )?;
                let mut rows = statement.query(params![tenant, page.behind()])?;
                while let Some(row) = rows.next()? {
                    let body: String = row.get(0)?;
                    if page.take(decode(&body)?).is_break() {
                        break;
                    }
                }
                Ok(page.finish())
            })
            .await
    }
}
