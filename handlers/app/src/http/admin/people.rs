//! People of a tenant and their sessions, as far as they and their administrators may
//! change them.

use std::sync::Arc;

use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use azimuth_ports::clock::Clock;
use azimuth_ports::sessions::{SESSION_TTL_MS, SessionRecord, SessionStore};
use azimuth_ports::store::{Page, StoreError, Versioned};
use azimuth_ports::users::{MAX_REVOKED_SESSIONS, RevokedSession, UserRecord, UserStore};
use serde_json::{Value, json};

use super::{Change, Recorder};
use crate::http::edge::RequestId;
use crate::http::path::not_found;
use crate::problem::{Answer, Code, Problem};

/// How often a record is written again when somebody else was faster.
const MAX_WRITES: usize = 8;

/// Area of the records about people.
const USERS: &str = "users";
/// Area of the records about their sessions.
const SESSIONS: &str = "sessions";

/// People and their sessions.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct People {
    pub users: Arc<dyn UserStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub recorder: Recorder,
    pub clock: Arc<dyn Clock>,
}

impl People {
    /// Somebody who was here before.
    pub async fn person(&self, user: &UserKey) -> Answer<Versioned<UserRecord>> {
        self.users.user(user).await?.ok_or_else(not_found)
    }

    /// The change from `before` to `after` of one person, for the audit.
    pub fn change(before: &UserRecord, after: &UserRecord) -> Change {
        Change {
            area: USERS,
            target: before.user.oid.clone(),
            before: state(before),
            after: state(after),
            reason: None,
        }
    }

    /// A person's sessions, by id, without those that a sign-out everywhere has ended.
    pub async fn sessions_of(
        &self,
        person: &UserRecord,
        limit: usize,
        cursor: Option<&str>,
    ) -> Answer<Page<SessionRecord>> {
        let mut page = self.sessions.sessions(&person.user, limit, cursor).await?;
        if let Some(from) = person.valid_from {
            page.items.retain(|session| session.last_seen_at > from);
        }
        Ok(page)
    }

    /// Ends one session of `user` for good.
    pub async fn revoke(
        &self,
        by: &UserKey,
        request: &RequestId,
        user: &UserKey,
        id: &SessionId,
    ) -> Answer<()> {
        let session = self.sessions.session(user, id).await?;
        let session = session.ok_or_else(not_found)?;
        let now = self.clock.now();
        let is_kept = |one: &RevokedSession| now.since(one.at) < SESSION_TTL_MS;
        let record = self.person(user).await?.item;
        let kept = record.revoked_sessions.iter().filter(|one| is_kept(one));
        if kept.count() >= MAX_REVOKED_SESSIONS {
            return Err(Problem::new(Code::RevocationsFull));
        }
        let change = Change {
            area: SESSIONS,
            target: id.to_string(),
            before: json!({
                "oid": user.oid,
                "began_at": session.began_at.to_string(),
                "last_seen_at": session.last_seen_at.to_string(),
            }),
            after: Value::Null,
            reason: None,
        };
        let revoked = RevokedSession {
            id: id.clone(),
            at: now,
        };
        let write = async {
            let marked = self.mark(user, |record| {
                record.revoked_sessions.retain(is_kept);
                record.revoked_sessions.retain(|one| one.id != revoked.id);
                record.revoked_sessions.push(revoked.clone());
            });
            marked.await?;
            // It is refused from now on; that it is still listed would do no harm.
            self.sessions.forget_session(user, id).await.map(Some)
        };
        self.recorder.change(by, request, change, write).await?;
        Ok(())
    }

    /// Ends all sessions of `user`: tokens issued up to now are refused.
    pub async fn sign_out(&self, by: &UserKey, request: &RequestId, user: &UserKey) -> Answer<()> {
        let before = self.person(user).await?.item.valid_from;
        let now = self.clock.now();
        let change = Change {
            area: SESSIONS,
            target: user.oid.clone(),
            before: json!({"valid_from": before.map(|at| at.to_string())}),
            after: json!({"valid_from": now.to_string()}),
            reason: None,
        };
        let write = async {
            let marked = self.mark(user, |record| {
                record.valid_from = record.valid_from.max(Some(now));
            });
            marked.await.map(Some)
        };
        self.recorder.change(by, request, change, write).await?;
        Ok(())
    }

    /// Changes a record whatever its version is.
    pub async fn mark(
        &self,
        user: &UserKey,
        change: impl Fn(&mut UserRecord),
    ) -> Result<(), StoreError> {
        for _ in 0..MAX_WRITES {
            let Some(found) = self.users.user(user).await? else {
                return Ok(());
            };
            let mut record = found.item;
            change(&mut record);
            if self
                .users
                .put_user(&record, Some(&found.etag))
                .await?
                .is_some()
            {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable(
            "a user record changes all the time".to_owned(),
        ))
    }
}

/// What administrators change of a person.
fn state(record: &UserRecord) -> Value {
    let roles = record.roles.as_ref();
    json!({
        "status": record.status.as_str(),
        "roles": roles.map(|roles| roles.iter().map(|r| r.as_str()).collect::<Vec<_>>()),
    })
}
