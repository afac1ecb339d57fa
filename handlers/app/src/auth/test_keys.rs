//! Keys and tokens made for tests: fresh RSA keys, JWKs, signed tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _};
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Base64url without padding.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An RSA key of the test issuer.
pub struct TestKey {
    pub kid: &'static str,
    pair: KeyPair,
}

impl TestKey {
    /// A new key of 2048 bits.
    pub fn new(kid: &'static str) -> Self {
        Self {
            kid,
            pair: KeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// Modulus, base64url.
    pub fn n(&self) -> String {
        b64(self
            .pair
            .public_key()
            .modulus()
            .big_endian_without_leading_zero())
    }

    /// The public key as the issuer publishes it.
    pub fn jwk(&self) -> Value {
        json!({"kty": "RSA", "use": "sig", "kid": self.kid, "n": self.n(), "e": "AQAB"})
    }

    /// RS256 over `message`, base64url.
    pub fn sign(&self, message: &str) -> String {
        self.sign_as(&signature::RSA_PKCS1_SHA256, message)
    }

    /// Another RSA signature over `message`, base64url.
    pub fn sign_as(&self, padding: &'static dyn signature::RsaEncoding, message: &str) -> String {
        let mut out = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(padding, &SystemRandom::new(), message.as_bytes(), &mut out)
            .unwrap();
        b64(out)
    }

    /// A token of these two JSON texts.
    pub fn token(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        let signature = self.sign(&message);
        format!("{message}.{signature}")
    }
}

/// A key on P-256 of an issuer that signs by ES256.
pub struct EcTestKey {
    pub kid: &'static str,
    pair: signature::EcdsaKeyPair,
}

impl EcTestKey {
    /// A new key.
    pub fn new(kid: &'static str) -> Self {
        Self {
            kid,
            pair: signature::EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)
                .unwrap(),
        }
    }

    /// The public key as the issuer publishes it.
    pub fn jwk(&self) -> Value {
        // Behind the byte that says that both coordinates follow.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid, "x": b64(x), "y": b64(y)})
    }

    /// ES256 over `message`: both numbers of the signature.
    pub fn sign(&self, message: &str) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        signature.unwrap().as_ref().to_vec()
    }
}

/// The issuer's key; made once per test binary.
pub fn issuer_key() -> &'static TestKey {
    static KEY: OnceLock<TestKey> = OnceLock::new();
    KEY.get_or_init(|| TestKey::new("issuer-key_1"))
}

/// A key that no issuer publishes.
pub fn foreign_key() -> &'static TestKey {
    static KEY: OnceLock<TestKey> = OnceLock::new();
    KEY.get_or_init(|| TestKey::new("issuer-key_2"))
}

/// A clock that stands until it is moved.
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock at this Unix second.
    pub fn at(second: i64) -> Self {
        Self(AtomicI64::new(second * 1000))
    }

    /// Moves it by milliseconds.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
