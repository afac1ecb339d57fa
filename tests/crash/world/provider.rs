//! An identity provider that rotates refresh tokens and takes a reused one for
//! theft, and a sealer that binds its context.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_ports::azure::{AzureDirectory, Subscription, TagPlace, TaggedPlace};
use azimuth_ports::clock::Clock;
use azimuth_ports::tokens::{AccessToken, Grant, Sealer, Secret, TokenError, TokenExchange};

/// How long its access tokens live.
pub const TOKEN_LIFE: Duration = Duration::from_mins(20);

/// The provider.
pub struct Provider {
    refuses: AtomicBool,
    serial: AtomicU64,
    /// Refresh tokens with a smaller number are refused.
    good_from: AtomicU64,
    used: Mutex<HashSet<u64>>,
    clock: Arc<dyn Clock>,
}

impl Provider {
    /// One that grants.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            refuses: AtomicBool::new(false),
            serial: AtomicU64::new(0),
            good_from: AtomicU64::new(0),
            used: Mutex::default(),
            clock,
        }
    }

    /// Wants to see the person, and takes back what it gave.
    pub fn revoke(&self) {
        self.refuses.store(true, Ordering::SeqCst);
        self.good_from
            .store(self.serial.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Has seen the person.
    pub fn grant_again(&self) {
        self.refuses.store(false, Ordering::SeqCst);
    }

    fn grant(&self) -> Result<Grant, TokenError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(TokenError::GrantGone("sign in again".to_owned()));
        }
        let number = self.serial.fetch_add(1, Ordering::SeqCst);
        let life = i64::try_from(TOKEN_LIFE.as_millis()).unwrap();
        Ok(Grant {
            access: AccessToken {
                token: Secret::new(format!("access {number}")),
                expires_at: self.clock.now().plus_ms(life),
            },
            refresh: Some(Secret::new(number.to_string())),
        })
    }
}

#[async_trait]
impl TokenExchange for Provider {
    async fn on_behalf_of(
        &self,
        _tenant: &str,
        _assertion: &Secret,
        _audience: &str,
    ) -> Result<Grant, TokenError> {
        self.grant()
    }

    async fn refresh(
        &self,
        _tenant: &str,
        refresh: &Secret,
        _audience: &str,
    ) -> Result<Grant, TokenError> {
        let number: u64 = refresh.expose().parse().unwrap();
        let first = self
            .used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number);
        if !first || number < self.good_from.load(Ordering::SeqCst) {
            return Err(TokenError::GrantGone("sign in again".to_owned()));
        }
        self.grant()
    }
}

/// Seals nothing, but opens only in the same context.
pub struct PlainSealer;

impl Sealer for PlainSealer {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        Ok([context.as_bytes(), b"\n", plain].concat())
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, TokenError> {
        sealed
            .strip_prefix(context.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"\n"))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| TokenError::Unavailable("an entry does not open".to_owned()))
    }
}

/// Nobody sees a subscription; no policy of these worlds asks for one.
pub struct NothingInAzure;

#[async_trait]
impl AzureDirectory for NothingInAzure {
    async fn subscriptions(&self, _: &UserKey, _: &str) -> Result<Vec<Subscription>, TokenError> {
        Ok(Vec::new())
    }

    async fn tags(&self, _: &UserKey, _: &TagPlace, _: &str) -> Result<TaggedPlace, TokenError> {
        Ok(TaggedPlace::default())
    }
}
