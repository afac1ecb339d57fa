//! One refresh per user at a time, over all processes.

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_ports::tokens::{AccessToken, TokenError};
use tokio::time::Instant;

use super::sealed::Entry;
use super::{GRANT, TokenVault};

/// How long a process may be at a refresh before another takes over, ms.
pub(super) const LEASE_MS: i64 = 10_000;
/// How long a caller waits for other processes' refreshes: a lease that its
/// holder never ended, and one refresh after it.
const PATIENCE: Duration = Duration::from_secs(20);

impl TokenVault {
    /// One refresh at a time: whoever takes the lease of the grant refreshes, the
    /// others look until a new token shows or the lease ends.
    pub(super) async fn refresh(
        &self,
        user: &UserKey,
        audience: &str,
    ) -> Result<AccessToken, TokenError> {
        let holder = self.parts.random.ulid();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let grant = self.grant(user).await?;
            let now = self.parts.clock.now();
            let until = now.plus_ms(LEASE_MS);
            let store = &self.parts.store;
            if store.lease_token(user, GRANT, &holder, now, until).await? {
                return self.refresh_under_lease(user, audience, &grant).await;
            }
            tokio::time::sleep(self.jitter()).await;
            if let Some(token) = self.stored(user, audience).await? {
                return Ok(token);
            }
        }
        Err(TokenError::Unavailable(
            "another process has been at the refresh for too long".to_owned(),
        ))
    }

    async fn refresh_under_lease(
        &self,
        user: &UserKey,
        audience: &str,
        before: &Entry,
    ) -> Result<AccessToken, TokenError> {
        // The last holder may have finished between our look and our lease.
        if let Some(token) = self.stored(user, audience).await? {
            self.end_lease(user, before).await?;
            return Ok(token);
        }
        let grant = self.grant(user).await?;
        let refreshed = self
            .bounded(
                self.parts
                    .exchange
                    .refresh(&user.tid, grant.secret(), audience),
            )
            .await;
        match refreshed {
            Ok(fresh) if !self.still_stands(user, &grant).await? => {
                // A sign-out must not be undone by a refresh that was under way; a
                // new sign-in has better entries than ours.
                self.grant(user).await?;
                Ok(fresh.access)
            }
            Ok(fresh) => {
                let kept = self.keep(user, audience, &fresh).await?;
                if fresh.refresh.is_none() {
                    self.end_lease(user, &grant).await?;
                }
                Ok(kept)
            }
            Err(TokenError::GrantGone(why)) => {
                self.remove_grant(user, &grant).await?;
                Err(TokenError::GrantGone(why))
            }
            Err(error) => {
                self.end_lease(user, &grant).await?;
                Err(error)
            }
        }
    }

    /// Writes the grant again as it stands, which ends the lease.
    async fn end_lease(&self, user: &UserKey, grant: &Entry) -> Result<(), TokenError> {
        if self.still_stands(user, grant).await? {
            self.put(user, GRANT, grant.secret(), grant.access().expires_at)
                .await?;
        }
        Ok(())
    }

    /// Empties the slot of a grant that the identity provider refused, unless the
    /// person has signed in again meanwhile.
    async fn remove_grant(&self, user: &UserKey, refused: &Entry) -> Result<(), TokenError> {
        if self.still_stands(user, refused).await? {
            let now = self.parts.clock.now();
            self.parts.store.put_token(user, GRANT, &[], now).await?;
        }
        Ok(())
    }

    async fn still_stands(&self, user: &UserKey, grant: &Entry) -> Result<bool, TokenError> {
        let now = self.entry(user, GRANT).await?;
        Ok(now.is_some_and(|now| now.secret() == grant.secret()))
    }

    fn jitter(&self) -> Duration {
        let random = self.parts.random.bytes32();
        Duration::from_millis(40 + u64::from(random[0]) / 4)
    }
}
