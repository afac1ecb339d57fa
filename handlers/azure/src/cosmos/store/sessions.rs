//! Sessions. They lie beside the sealed tokens of their person, because both go away
//! by themselves.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::cursor;
use azimuth_ports::sessions::{SESSION_TTL_MS, SessionRecord, SessionStore};
use azimuth_ports::shape::{decode, encode};
use azimuth_ports::store::{Page, StoreError};
use azure_data_cosmos::feed::FeedScope;
use serde::Serialize;

use super::super::ask::Ask;
use super::documents::Stored;
use super::{CosmosStore, keys};

const LIST: &str = "sessions";
const LONGEST_PAGE: usize = 100;
/// What the ids of sessions begin with, and no id of a token does: that is base64 of a
/// name in ASCII.
const FIRST: &str = "s_";
/// Behind every id that begins with [`FIRST`].
const LAST: &str = "s`";
/// Cosmos may drop a session so much after its end, seconds: clocks differ.
const GRACE_S: i64 = 60;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: &'a str,
    tenant_id: &'a str,
    user_id: &'a str,
    body: String,
    /// Seconds from this write on.
    ttl: i64,
}

/// Whether an item of the container is a session.
pub(super) fn is_session(id: &str) -> bool {
    id.starts_with(FIRST)
}

#[async_trait]
impl SessionStore for CosmosStore {
    async fn session(
        &self,
        user: &UserKey,
        id: &SessionId,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let read = self.tokens.read(keys::person(user), id.as_str()).await?;
        let Some(Stored { body, .. }) = read else {
            return Ok(None);
        };
        let record: SessionRecord = decode(&body)?;
        Ok((!record.is_over(self.clock.now())).then_some(record))
    }

    async fn put_session(&self, record: &SessionRecord) -> Result<(), StoreError> {
        let document = Document {
            id: record.id.as_str(),
            tenant_id: &record.user.tid,
            user_id: &record.user.oid,
            body: encode(record)?,
            ttl: seconds_left(record, self.clock.now()),
        };
        let partition = keys::person(&record.user);
        self.tokens
            .put(partition, record.id.as_str(), &document)
            .await?;
        Ok(())
    }

    async fn sessions(
        &self,
        user: &UserKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<SessionRecord>, StoreError> {
        let behind: String = match cursor {
            Some(text) => cursor::read(LIST, text).ok_or(StoreError::BadCursor)?,
            None => FIRST.to_owned(),
        };
        let limit = limit.clamp(1, LONGEST_PAGE);
        let ask = Ask::new("c.body", "IS_DEFINED(c.id)")
            .only("c.id > @behind", "@behind", behind)
            .only("c.id < @last", "@last", LAST)
            .ordered_by("c.id ASC")
            .top(limit + 1);
        let scope = FeedScope::partition(keys::person(user));
        let bodies: Vec<String> = self.tokens.all(scope, ask).await?;
        let mut items = bodies
            .iter()
            .map(|body| decode(body))
            .collect::<Result<Vec<SessionRecord>, StoreError>>()?;
        let next_cursor =
            cursor::cut(&mut items, limit).and_then(|last| cursor::write(LIST, &last.id));
        let now = self.clock.now();
        items.retain(|record| !record.is_over(now));
        Ok(Page { items, next_cursor })
    }

    async fn forget_session(&self, user: &UserKey, id: &SessionId) -> Result<(), StoreError> {
        self.tokens.delete(keys::person(user), id.as_str()).await?;
        Ok(())
    }
}

fn seconds_left(record: &SessionRecord, now: Timestamp) -> i64 {
    let end = record.last_seen_at.plus_ms(SESSION_TTL_MS);
    end.since(now).max(0) / 1000 + GRACE_S
}
