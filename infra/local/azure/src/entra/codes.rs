//! Authorization codes between the account picker and the token endpoint.
//!
//! They live in memory, under their hash, for five minutes and for one use.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::random;

const LIFE_MS: i64 = 5 * 60 * 1000;

/// What was promised to the bearer of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    pub user: &'static str,
    pub redirect_uri: String,
    /// base64url of the SHA-256 of the verifier.
    pub code_challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    pub sid: String,
    /// Unix milliseconds.
    pub expires_ms: i64,
}

#[derive(Debug, Default)]
pub struct Codes {
    by_hash: Mutex<HashMap<String, Promise>>,
}

impl Codes {
    /// Makes a code for a promise that ends five minutes from `now_ms`.
    pub fn issue(&self, mut promise: Promise, now_ms: i64) -> String {
        let code = random::secret();
        promise.expires_ms = now_ms + LIFE_MS;
        let mut by_hash = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        by_hash.retain(|_, old| old.expires_ms > now_ms);
        by_hash.insert(random::sha256_hex(&code), promise);
        code
    }

    /// Takes a code out of the world; a second time it is not there.
    pub fn redeem(&self, code: &str, now_ms: i64) -> Option<Promise> {
        let mut by_hash = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        by_hash
            .remove(&random::sha256_hex(code))
            .filter(|promise| promise.expires_ms > now_ms)
    }
}
