//! The vault: Azure tokens of users, sealed in the shared store, with a layer in
//! this process's memory in front.
//!
//! **Invariants:** an entry opens only in the context of its own (tenant, user,
//! slot); one refresh per user at a time over all processes; a sign-out anywhere
//! is seen here within [`VaultSettings::revalidate_after_ms`].

mod flight;
mod memory;
mod nobody;
mod refresh;
mod sealed;

#[cfg(test)]
mod doubles;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::{
    AccessToken, Grant, Sealer, Secret, TokenError, TokenExchange, TokenStore, UserTokens,
};

pub use nobody::NoExchange;

use flight::{Flights, Kind, Outcome};
use memory::Memory;
use sealed::{Entry, seal_context};

/// Slot of the refresh token.
const GRANT: &str = "grant";
/// A token that is handed out is good for this long at least, ms.
const MIN_VALIDITY_MS: i64 = 60_000;
/// A turn is accepted without a new exchange when the token is good for this
/// long, ms.
const ACCEPT_VALIDITY_MS: i64 = 10 * 60_000;
/// An exchange is given up before its lease ends, so that two never overlap.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(8);

/// What the vault may do.
#[derive(Debug, Clone)]
pub struct VaultSettings {
    /// Audience of the token that a turn needs at least:
    /// `https://management.azure.com`.
    pub management: String,
    /// Audiences that may be asked for, the one above included or not.
    pub audiences: BTreeSet<String>,
    /// Tenants whose identity provider grants nothing in Azure: it is not asked, and no
    /// token of theirs is sent anywhere.
    pub without_azure: BTreeSet<String>,
    /// How long a refresh token is kept, ms.
    pub grant_ttl_ms: i64,
    /// How long this process trusts its memory before it looks at the store
    /// again, ms; at most a minute.
    pub revalidate_after_ms: i64,
    /// Most tokens in memory.
    pub memory_entries: u64,
}

impl VaultSettings {
    /// A day for grants, half a minute of trust, 10,000 tokens.
    pub fn new(management: &str, audiences: &[&str]) -> Self {
        Self {
            management: slot_of(management).to_owned(),
            audiences: audiences
                .iter()
                .chain([&management])
                .map(|audience| slot_of(audience).to_owned())
                .collect(),
            without_azure: BTreeSet::new(),
            grant_ttl_ms: 24 * 60 * 60 * 1000,
            revalidate_after_ms: 30_000,
            memory_entries: 10_000,
        }
    }
}

/// What the vault works with.
pub struct VaultParts {
    /// Sealed entries, shared by all processes.
    pub store: Arc<dyn TokenStore>,
    /// The data key.
    pub sealer: Arc<dyn Sealer>,
    /// The identity provider.
    pub exchange: Arc<dyn TokenExchange>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Names of lease holders, jitter.
    pub random: Arc<dyn Random>,
}

/// Azure tokens of users.
pub struct TokenVault {
    settings: VaultSettings,
    parts: VaultParts,
    memory: Memory,
    flights: Flights,
}

impl TokenVault {
    /// A vault; several may work over one store.
    pub fn new(settings: VaultSettings, parts: VaultParts) -> Self {
        let memory = Memory::new(settings.memory_entries);
        Self {
            settings,
            parts,
            memory,
            flights: Flights::default(),
        }
    }

    /// Whether `user` can have a grant at all.
    pub fn is_offered(&self, user: &UserKey) -> bool {
        !self.settings.without_azure.contains(&user.tid)
    }

    fn check_offered(&self, user: &UserKey) -> Result<(), TokenError> {
        if self.is_offered(user) {
            Ok(())
        } else {
            Err(TokenError::NotOffered)
        }
    }

    /// Makes sure that executors can act for `user`: exchanges the caller's
    /// bearer token on behalf of the user, unless the vault holds a grant and a
    /// management token that is good for ten minutes.
    ///
    /// Errors: `GrantGone` when the identity provider wants the person, `NotOffered` when
    /// it never grants anything.
    pub async fn accept(&self, user: &UserKey, bearer: &Secret) -> Result<(), TokenError> {
        self.check_offered(user)?;
        let audience = self.settings.management.as_str();
        let flight = self.flights.of(user, audience);
        let noted = flight.failures();
        let mut holder = flight.lock(Kind::Bearer).await;
        if self.is_ready(user, audience).await? {
            return Ok(());
        }
        if let Some(error) = holder.failed_since(noted) {
            return Err(error);
        }
        let exchanged = self
            .bounded(
                self.parts
                    .exchange
                    .on_behalf_of(&user.tid, bearer, audience),
            )
            .await;
        match exchanged {
            Ok(grant) => self.keep(user, audience, &grant).await.map(drop),
            Err(error) => {
                holder.fail(&error);
                Err(error)
            }
        }
    }

    /// Whether the vault holds a grant of `user` that has not ended.
    pub async fn has_grant(&self, user: &UserKey) -> Result<bool, TokenError> {
        self.check_offered(user)?;
        Ok(self.entry(user, GRANT).await?.is_some())
    }

    /// Whether executors can act for `user` now. Errors: `GrantGone` when the
    /// person must sign in first.
    pub async fn has_access(&self, user: &UserKey) -> Result<(), TokenError> {
        self.access_token(user, &self.settings.management)
            .await
            .map(drop)
    }

    /// Replaces whatever the vault holds of `user` by a fresh grant.
    ///
    /// Errors: `GrantGone` when the identity provider wants the person; nothing
    /// is left then. `Unavailable` when it does not answer: an outage takes away
    /// no grant that turns at work rely on.
    pub async fn sign_in(&self, user: &UserKey, bearer: &Secret) -> Result<(), TokenError> {
        self.check_offered(user)?;
        let audience = self.settings.management.as_str();
        let flight = self.flights.of(user, audience);
        let _alone = flight.lock(Kind::Bearer).await;
        let exchange = &self.parts.exchange;
        let exchanged = self
            .bounded(exchange.on_behalf_of(&user.tid, bearer, audience))
            .await;
        match exchanged {
            Ok(grant) => {
                self.sign_out(user).await?;
                self.keep(user, audience, &grant).await.map(drop)
            }
            Err(TokenError::GrantGone(why)) => {
                self.sign_out(user).await?;
                Err(TokenError::GrantGone(why))
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets everything of `user`, here at once and in other processes within
    /// [`VaultSettings::revalidate_after_ms`].
    pub async fn sign_out(&self, user: &UserKey) -> Result<(), TokenError> {
        self.forget_locally(user);
        self.parts.store.forget_tokens(user).await?;
        self.forget_locally(user);
        Ok(())
    }

    fn forget_locally(&self, user: &UserKey) {
        for audience in &self.settings.audiences {
            self.memory.forget(user, audience);
        }
    }

    async fn is_ready(&self, user: &UserKey, audience: &str) -> Result<bool, TokenError> {
        let until = self.parts.clock.now().plus_ms(ACCEPT_VALIDITY_MS);
        let token = self.entry(user, audience).await?;
        let fresh = token.is_some_and(|t| t.access().expires_at >= until);
        Ok(fresh && self.has_grant(user).await?)
    }

    async fn bounded(
        &self,
        exchange: impl Future<Output = Result<Grant, TokenError>>,
    ) -> Result<Grant, TokenError> {
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(TokenError::Unavailable(
                    "the identity provider does not answer in time".to_owned(),
                ))
            })
    }

    /// Stores what an exchange gave: the access token first, so that whoever
    /// sees the grant's lease end finds it.
    async fn keep(
        &self,
        user: &UserKey,
        audience: &str,
        grant: &Grant,
    ) -> Result<AccessToken, TokenError> {
        let access = &grant.access;
        self.put(user, audience, &access.token, access.expires_at)
            .await?;
        self.memory.forget(user, audience);
        if let Some(refresh) = &grant.refresh {
            let until = self.parts.clock.now().plus_ms(self.settings.grant_ttl_ms);
            self.put(user, GRANT, refresh, until).await?;
        }
        Ok(access.clone())
    }

    async fn put(
        &self,
        user: &UserKey,
        slot: &str,
        secret: &Secret,
        expires_at: Timestamp,
    ) -> Result<(), TokenError> {
        let plain = sealed::plain(secret, expires_at);
        let sealed = self.parts.sealer.seal(&seal_context(user, slot), &plain)?;
        Ok(self
            .parts
            .store
            .put_token(user, slot, &sealed, expires_at)
            .await?)
    }

    async fn grant(&self, user: &UserKey) -> Result<Entry, TokenError> {
        self.entry(user, GRANT)
            .await?
            .ok_or_else(|| TokenError::GrantGone("nobody is signed in".to_owned()))
    }

    /// What the store holds in a slot, opened; `None` when it is empty or ended.
    async fn entry(&self, user: &UserKey, slot: &str) -> Result<Option<Entry>, TokenError> {
        let Some(stored) = self.parts.store.token(user, slot).await? else {
            return Ok(None);
        };
        if stored.sealed.is_empty() || stored.expires_at <= self.parts.clock.now() {
            return Ok(None);
        }
        let context = seal_context(user, slot);
        let plain = self.parts.sealer.open(&context, &stored.sealed)?;
        let entry = Entry::read(&plain, &stored)?;
        Ok((entry.access().expires_at > self.parts.clock.now()).then_some(entry))
    }

    /// The stored access token if it is good for a minute; kept in memory.
    async fn stored(
        &self,
        user: &UserKey,
        audience: &str,
    ) -> Result<Option<AccessToken>, TokenError> {
        let now = self.parts.clock.now();
        let Some(entry) = self.entry(user, audience).await? else {
            return Ok(None);
        };
        if entry.access().expires_at < now.plus_ms(MIN_VALIDITY_MS) {
            return Ok(None);
        }
        self.memory.keep(user, audience, &entry, now);
        Ok(Some(entry.access().clone()))
    }

    /// The token in memory, if it is good for a minute and the store still holds
    /// the same entry.
    async fn remembered(
        &self,
        user: &UserKey,
        audience: &str,
    ) -> Result<Option<AccessToken>, TokenError> {
        let now = self.parts.clock.now();
        let Some(held) = self.memory.get(user, audience) else {
            return Ok(None);
        };
        if held.access.expires_at < now.plus_ms(MIN_VALIDITY_MS) {
            return Ok(None);
        }
        let age = now.since(held.checked_at);
        if (0..self.settings.revalidate_after_ms).contains(&age) {
            return Ok(Some(held.access));
        }
        match self.parts.store.token(user, audience).await? {
            Some(stored) if held.is_of(&stored) => {
                self.memory.checked(user, audience, held.clone(), now);
                Ok(Some(held.access))
            }
            _ => {
                self.memory.forget(user, audience);
                Ok(None)
            }
        }
    }
}

#[async_trait]
impl UserTokens for TokenVault {
    async fn access_token(
        &self,
        user: &UserKey,
        audience: &str,
    ) -> Result<AccessToken, TokenError> {
        self.check_offered(user)?;
        let audience = slot_of(audience);
        if !self.settings.audiences.contains(audience) {
            return Err(TokenError::Audience(audience.to_owned()));
        }
        if let Some(token) = self.remembered(user, audience).await? {
            return Ok(token);
        }
        let flight = self.flights.of(user, audience);
        let noted = flight.failures();
        let mut holder = flight.lock(Kind::Refresh).await;
        if let Some(token) = self.stored(user, audience).await? {
            return Ok(token);
        }
        if let Some(error) = holder.failed_since(noted) {
            return Err(error);
        }
        let refreshed: Outcome = self.refresh(user, audience).await;
        if let Err(error) = &refreshed {
            holder.fail(error);
        }
        refreshed
    }
}

/// The slot of an audience: MSAL and the managed-identity protocol write it with
/// and without a slash at the end.
fn slot_of(audience: &str) -> &str {
    audience.trim_end_matches('/')
}
