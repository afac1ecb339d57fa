//! Doubles of the vault's ports that keep to the contracts: a store with
//! versions and leases, a sealer that binds its context, an identity provider
//! that rotates refresh tokens and takes a reused one for theft.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{
    AccessToken, Grant, SealedToken, Sealer, Secret, TokenError, TokenExchange, TokenStore,
};
use tokio::time::Instant;

/// Counts on with tokio's time, paused or not.
pub struct RuntimeClock {
    start: Instant,
    skipped_ms: AtomicU64,
}

impl RuntimeClock {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            skipped_ms: AtomicU64::new(0),
        }
    }

    pub fn skip(&self, ms: u64) {
        self.skipped_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.start.elapsed().as_millis()).unwrap();
        let passed = passed + self.skipped_ms.load(Ordering::SeqCst);
        Timestamp(1_795_525_509_000 + i64::try_from(passed).unwrap())
    }
}

#[derive(Default)]
pub struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn ulid(&self) -> String {
        format!("{:026}", self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn bytes32(&self) -> [u8; 32] {
        [u8::try_from(self.0.fetch_add(37, Ordering::SeqCst) % 256).unwrap(); 32]
    }
}

#[derive(Default)]
pub struct MemoryStore {
    pub entries: Mutex<HashMap<(UserKey, String), SealedToken>>,
    pub reads: AtomicUsize,
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn token(&self, user: &UserKey, slot: &str) -> Result<Option<SealedToken>, StoreError> {
        tokio::task::yield_now().await;
        self.reads.fetch_add(1, Ordering::SeqCst);
        let entries = self.entries.lock().unwrap();
        Ok(entries.get(&(user.clone(), slot.to_owned())).cloned())
    }

    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        let mut entries = self.entries.lock().unwrap();
        let key = (user.clone(), slot.to_owned());
        let version = entries.get(&key).map_or(0, |e| e.version) + 1;
        let entry = SealedToken {
            sealed: sealed.to_vec(),
            expires_at,
            version,
            lease: None,
        };
        entries.insert(key, entry);
        Ok(())
    }

    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        let mut entries = self.entries.lock().unwrap();
        let entry = entries
            .entry((user.clone(), slot.to_owned()))
            .or_insert(SealedToken {
                sealed: Vec::new(),
                expires_at: until,
                version: 0,
                lease: None,
            });
        let taken = entry
            .lease
            .as_ref()
            .is_some_and(|(by, end)| by != holder && *end > now);
        if !taken {
            entry.lease = Some((holder.to_owned(), until));
            entry.version += 1;
        }
        Ok(!taken)
    }

    async fn forget_tokens(&self, user: &UserKey) -> Result<(), StoreError> {
        self.entries
            .lock()
            .unwrap()
            .retain(|(owner, _), _| owner != user);
        Ok(())
    }
}

/// AES-256-GCM with the context as associated data.
pub struct GcmSealer(LessSafeKey);

impl GcmSealer {
    pub fn new() -> Self {
        Self(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap(),
        ))
    }
}

impl Sealer for GcmSealer {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).unwrap();
        let mut sealed = plain.to_vec();
        let bound = Aad::from(context);
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .unwrap();
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (nonce, body) = sealed.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
        let mut body = body.to_vec();
        self.0
            .open_in_place(nonce, Aad::from(context), &mut body)
            .map(|plain| plain.to_vec())
            .map_err(|_| TokenError::Unavailable("a vault entry does not open".to_owned()))
    }
}

/// How the identity provider behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Grants,
    Revoked,
    Down,
    Silent,
}

pub struct Provider {
    pub mood: Mutex<Mood>,
    pub refreshes: AtomicUsize,
    pub exchanges: AtomicUsize,
    /// Seconds that access tokens live.
    pub lifetime: AtomicU64,
    /// How long an answer takes, ms.
    pub latency_ms: AtomicU64,
    refuses_bearers: AtomicBool,
    /// Refresh tokens with a smaller number are refused.
    revoked_below: AtomicU64,
    clock: std::sync::Arc<RuntimeClock>,
    used: Mutex<HashSet<String>>,
    serial: AtomicU64,
}

impl Provider {
    pub fn new(clock: std::sync::Arc<RuntimeClock>) -> Self {
        Self {
            mood: Mutex::new(Mood::Grants),
            refreshes: AtomicUsize::new(0),
            exchanges: AtomicUsize::new(0),
            lifetime: AtomicU64::new(3600),
            latency_ms: AtomicU64::new(30),
            refuses_bearers: AtomicBool::new(false),
            revoked_below: AtomicU64::new(0),
            clock,
            used: Mutex::default(),
            serial: AtomicU64::new(0),
        }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// No refresh token given so far is good any more.
    pub fn revoke_refresh_tokens(&self) {
        let given = self.serial.load(Ordering::SeqCst);
        self.revoked_below.store(given, Ordering::SeqCst);
    }

    /// No bearer is good any more; refresh tokens are.
    pub fn refuse_bearers(&self) {
        self.refuses_bearers.store(true, Ordering::SeqCst);
    }

    async fn grant(&self, whose: &str, audience: &str) -> Result<Grant, TokenError> {
        let mood = *self.mood.lock().unwrap();
        let latency = self.latency_ms.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(latency)).await;
        match mood {
            Mood::Grants => {}
            Mood::Revoked => return Err(TokenError::GrantGone("revoked".to_owned())),
            Mood::Down => return Err(TokenError::Unavailable("down".to_owned())),
            Mood::Silent => std::future::pending().await,
        }
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let lifetime = i64::try_from(self.lifetime.load(Ordering::SeqCst)).unwrap();
        Ok(Grant {
            access: AccessToken {
                token: Secret::new(format!("{whose} for {audience} #{serial}")),
                expires_at: self.clock.now().plus_ms(lifetime * 1000),
            },
            refresh: Some(Secret::new(format!("{whose}|{serial}"))),
        })
    }
}

#[async_trait]
impl TokenExchange for Provider {
    async fn on_behalf_of(
        &self,
        _tenant: &str,
        assertion: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError> {
        self.exchanges.fetch_add(1, Ordering::SeqCst);
        let granted = self.grant(assertion.expose(), audience).await?;
        if self.refuses_bearers.load(Ordering::SeqCst) {
            return Err(TokenError::GrantGone("the bearer is refused".to_owned()));
        }
        Ok(granted)
    }

    async fn refresh(
        &self,
        _tenant: &str,
        refresh: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError> {
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        let (whose, number) = refresh.expose().split_once('|').unwrap();
        let revoked = number.parse::<u64>().unwrap() < self.revoked_below.load(Ordering::SeqCst);
        let granted = self.grant(whose, audience).await?;
        if revoked {
            return Err(TokenError::GrantGone("revoked".to_owned()));
        }
        // Reuse of a rotated refresh token ends the grant (RFC 9700 §4.14.2).
        if self
            .used
            .lock()
            .unwrap()
            .insert(refresh.expose().to_owned())
        {
            Ok(granted)
        } else {
            Err(TokenError::GrantGone(
                "the refresh token was used twice".to_owned(),
            ))
        }
    }
}
