//! Tokens whose signature has been computed, so that a person who asks again is not
//! asked for the same proof.
//!
//! **Invariant:** it holds nothing but what the signature proves. Whether the key is
//! still published, the times and every other rule are looked at for each request.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::claims::Claims;

/// Most tokens that are kept.
const MOST: u64 = 2_000;

/// How long one is kept that nobody uses.
const UNUSED: Duration = Duration::from_mins(5);

/// A token that its issuer has signed.
pub(super) struct Genuine {
    /// Whose it is, by the order of the verifier's issuers.
    pub issuer: usize,
    /// What it says.
    pub claims: Claims,
    /// Its tenant, lower-case; one that is served here.
    pub tenant: String,
    /// The id of the key.
    pub kid: String,
    /// The key itself: another one with the same id proves nothing about this token.
    pub key: Arc<DecodingKey>,
}

/// By the tokens' SHA-256: the tokens themselves are not kept.
pub(super) struct SeenTokens(Cache<[u8; 32], Arc<Genuine>>);

impl SeenTokens {
    pub(super) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MOST)
                .time_to_idle(UNUSED)
                .build(),
        )
    }

    pub(super) fn get(&self, token: &str) -> Option<Arc<Genuine>> {
        self.0.get(&key(token))
    }

    pub(super) fn add(&self, token: &str, genuine: &Arc<Genuine>) {
        self.0.insert(key(token), Arc::clone(genuine));
    }
}

fn key(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
