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

    /// Returns when the caller's own session is on record, also where another request that
    /// came first is still at it.
    pub async fn note(&self, principal: &Principal) -> Result<(), StoreError> {
        match &principal.session {
            Some(id) => self.write(principal, id, self.clock.now()).await,
            None => Ok(()),
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use azimuth_domain::principal::UserKey;
    use azimuth_ports::store::Page;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_694_400_000);

    struct StillClock;

    impl Clock for StillClock {
        fn now(&self) -> Timestamp {
            NOW
        }
    }

    /// A store whose first write never ends.
    #[derive(Default)]
    struct Stuck {
        kept: Mutex<Vec<SessionRecord>>,
        tries: Mutex<usize>,
    }

    #[async_trait]
    impl SessionStore for Stuck {
        async fn session(
            &self,
            _: &UserKey,
            id: &SessionId,
        ) -> Result<Option<SessionRecord>, StoreError> {
            let kept = self.kept.lock().unwrap();
            Ok(kept.iter().find(|one| one.id == *id).cloned())
        }

        async fn put_session(&self, record: &SessionRecord) -> Result<(), StoreError> {
            let is_first = {
                let mut tries = self.tries.lock().unwrap();
                *tries += 1;
                *tries == 1
            };
            if is_first {
                std::future::pending::<()>().await;
            }
            self.kept.lock().unwrap().push(record.clone());
            Ok(())
        }

        async fn sessions(
            &self,
            _: &UserKey,
            _: usize,
            _: Option<&str>,
        ) -> Result<Page<SessionRecord>, StoreError> {
            Err(StoreError::Unavailable("nobody asks".to_owned()))
        }

        async fn forget_session(&self, _: &UserKey, _: &SessionId) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn whoever_needs_the_session_on_record_waits_for_no_other_request() {
        let store = Arc::new(Stuck::default());
        let logins = Logins::new(store.clone(), Arc::new(StillClock));
        let user = UserKey::new("t", "alice");
        let alice = Principal {
            session: Some(SessionId::of(&user, "one")),
            user,
            name: None,
            roles: BTreeSet::new(),
            token_issued_at: NOW,
            token_expires_at: NOW,
        };
        {
            let mut first = Box::pin(logins.saw(&alice));
            assert!(futures::poll!(&mut first).is_pending());
            // A request beside it leaves the record to it.
            logins.saw(&alice).await;
            assert!(store.kept.lock().unwrap().is_empty());
        }
        logins.note(&alice).await.unwrap();
        assert_eq!(store.kept.lock().unwrap().len(), 1);
        logins.note(&alice).await.unwrap();
        assert_eq!(store.kept.lock().unwrap().len(), 1);
    }
}
