//! Keeps track of logins: which sessions there are, and when they were last seen. It
//! costs one read and one write per session and process every ten minutes; most requests
//! cost nothing.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::principal::Principal;
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::sessions::{SESSION_VERSION, SessionRecord, SessionStore};
use azimuth_ports::store::StoreError;
use moka::sync::Cache;

/// How exactly it is known when a session was last seen.
const EVERY_MS: i64 = 10 * 60_000;

/// Most sessions that a process remembers to have written.
const MOST: u64 = 50_000;

/// How long it remembers one that nobody uses.
const UNUSED: Duration = Duration::from_mins(15);

/// The logins that this process has seen.
#[derive(Clone)]
pub struct Logins {
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    written: Cache<SessionId, Timestamp>,
}

impl Logins {
    /// None so far.
    pub fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            written: Cache::builder()
                .max_capacity(MOST)
                .time_to_idle(UNUSED)
                .build(),
        }
    }

    /// A token of this session has just come. A store that fails holds nobody up: the
    /// next request tries again.
    pub async fn saw(&self, principal: &Principal) {
        let Some(id) = &principal.session else {
            return;
        };
        let now = self.clock.now();
        if self
            .written
            .get(id)
            .is_some_and(|at| now.since(at) < EVERY_MS)
        {
            return;
        }
        // First, so that requests that come beside this one leave it to it.
        self.written.insert(id.clone(), now);
        if let Err(error) = self.write(principal, id, now).await {
            self.written.invalidate(id);
            tracing::warn!(%error, "a session could not be recorded");
        }
    }

    async fn write(
        &self,
        principal: &Principal,
        id: &SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = self.store.session(&principal.user, id).await?;
        if let Some(known) = &known
            && now.since(known.last_seen_at) < EVERY_MS
        {
            return Ok(());
        }
        self.store
            .put_session(&SessionRecord {
                v: SESSION_VERSION,
                user: principal.user.clone(),
                id: id.clone(),
                began_at: known.map_or(now, |known| known.began_at),
                last_seen_at: now,
            })
            .await
    }
}
