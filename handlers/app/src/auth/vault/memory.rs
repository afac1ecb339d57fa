//! Opened tokens in this process's memory, by tenant, user and audience.

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::tokens::{AccessToken, SealedToken};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::sealed::Entry;

/// Whatever is not asked for this long leaves memory.
const IDLE: Duration = Duration::from_mins(15);

pub(super) struct Memory(Cache<(UserKey, String), Held>);

/// A token and the stored entry that it came from.
#[derive(Clone)]
pub(super) struct Held {
    pub access: AccessToken,
    /// When the store was seen to hold the entry.
    pub checked_at: Timestamp,
    fingerprint: [u8; 32],
}

impl Held {
    /// Whether `stored` is the entry that this token came from: nothing is sealed twice
    /// into the same bytes, while versions start again after a sign-out.
    pub fn is_of(&self, stored: &SealedToken) -> bool {
        self.fingerprint == fingerprint(&stored.sealed)
    }
}

impl Memory {
    pub fn new(entries: u64) -> Self {
        Self(
            Cache::builder()
                .max_capacity(entries)
                .time_to_idle(IDLE)
                .build(),
        )
    }

    pub fn get(&self, user: &UserKey, audience: &str) -> Option<Held> {
        self.0.get(&(user.clone(), audience.to_owned()))
    }

    /// Keeps what was just opened.
    pub fn keep(&self, user: &UserKey, audience: &str, entry: &Entry, now: Timestamp) {
        let held = Held {
            access: entry.access().clone(),
            checked_at: now,
            fingerprint: fingerprint(entry.sealed()),
        };
        self.0.insert((user.clone(), audience.to_owned()), held);
    }

    /// Notes that the store still holds the entry of `held`.
    pub fn checked(&self, user: &UserKey, audience: &str, held: Held, now: Timestamp) {
        let held = Held {
            checked_at: now,
            ..held
        };
        self.0.insert((user.clone(), audience.to_owned()), held);
    }

    pub fn forget(&self, user: &UserKey, audience: &str) {
        self.0.invalidate(&(user.clone(), audience.to_owned()));
    }
}

fn fingerprint(sealed: &[u8]) -> [u8; 32] {
    Sha256::digest(sealed).into()
}
