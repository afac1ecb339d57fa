//! A key set as read from the issuer. What is not a sound signing key of the expected
//! issuer, for the one algorithm that it signs with, is dropped; a set that names one
//! key twice is refused whole (`reference/security-and-reliability.md` §2.3).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::roca;
use crate::auth::algorithm::TokenAlgorithm;
use crate::auth::verifier::is_kid;

/// Least modulus, bits.
const MIN_MODULUS_BITS: usize = 2048;
/// Greatest modulus, bits: what the verifying library accepts.
const MAX_MODULUS_BITS: usize = 8192;
/// Most keys of one set.
const MAX_KEYS: usize = 100;
/// Length of a coordinate on P-256, bytes (RFC 7518 §6.2.1.2).
const COORDINATE_BYTES: usize = 32;
/// 65537, big-endian.
const EXPONENT: [u8; 3] = [1, 0, 1];
/// Members that no public key has: a secret of another key type, or the
/// private half.
const SECRET_MEMBERS: [&str; 8] = ["k", "d", "p", "q", "dp", "dq", "qi", "oth"];

/// Why a whole set is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not a JSON object with an array `keys`.
    #[error("the answer is not a key set")]
    NotASet,
    /// More keys than any issuer has.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
    /// Two keys claim the same id.
    #[error("the key set names a key twice")]
    DuplicateKid,
    /// Nothing in it can be used.
    #[error("the key set has no usable key")]
    NoUsableKey,
}

/// Why one key is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    NoKid,
    WrongKind,
    SecretMember,
    WrongUse,
    WrongAlgorithm,
    ForeignIssuer,
    BadNumber,
    WrongExponent,
    WrongSize,
    Roca,
    NoPoint,
}

/// Verified public keys by key id.
pub struct KeySet {
    keys: HashMap<String, Arc<DecodingKey>>,
}

#[derive(Deserialize)]
struct Wire {
    keys: Vec<Map<String, Value>>,
}

impl KeySet {
    /// Reads the issuer's answer for `tenant`; `issuer` is the issuer of that
    /// tenant's tokens, and `algorithm` how it signs them.
    pub fn read(
        body: &[u8],
        tenant: &str,
        issuer: &str,
        algorithm: TokenAlgorithm,
    ) -> Result<Self, KeySetError> {
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(KeySetError::NotASet);
        }
        let wire: Wire = serde_json::from_slice(body).map_err(|_| KeySetError::NotASet)?;
        if wire.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let mut seen = HashSet::new();
        for kid in wire.keys.iter().filter_map(|key| text(key, "kid")) {
            if !seen.insert(kid) {
                return Err(KeySetError::DuplicateKid);
            }
        }
        let mut keys = HashMap::new();
        for key in &wire.keys {
            match sound_key(key, tenant, issuer, algorithm) {
                Ok((kid, decoding)) => {
                    keys.insert(kid, Arc::new(decoding));
                }
                Err(why) => tracing::warn!(tenant, ?why, "a key of the issuer is not used"),
            }
        }
        if keys.is_empty() {
            return Err(KeySetError::NoUsableKey);
        }
        Ok(Self { keys })
    }

    /// The key of that id.
    pub fn get(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.keys.get(kid).cloned()
    }
}

pub(super) fn sound_key(
    key: &Map<String, Value>,
    tenant: &str,
    issuer: &str,
    algorithm: TokenAlgorithm,
) -> Result<(String, DecodingKey), Dropped> {
    let kid = text(key, "kid")
        .filter(|kid| is_kid(kid))
        .ok_or(Dropped::NoKid)?;
    let family = match algorithm {
        TokenAlgorithm::Rs256 => "RSA",
        TokenAlgorithm::Es256 => "EC",
    };
    if text(key, "kty") != Some(family) {
        return Err(Dropped::WrongKind);
    }
    if SECRET_MEMBERS
        .iter()
        .any(|member| key.contains_key(*member))
    {
        return Err(Dropped::SecretMember);
    }
    if key.contains_key("use") && text(key, "use") != Some("sig") {
        return Err(Dropped::WrongUse);
    }
    if key.contains_key("alg") && text(key, "alg") != Some(algorithm.as_str()) {
        return Err(Dropped::WrongAlgorithm);
    }
    // The keys of one tenant's (or the consumers') issuer must not sign for another.
    if let Some(own) = key.get("issuer") {
        let own = own.as_str().map(|own| own.replace("{tenantid}", tenant));
        if own.as_deref() != Some(issuer) {
            return Err(Dropped::ForeignIssuer);
        }
    }
    let decoding = match algorithm {
        TokenAlgorithm::Rs256 => rsa_key(key)?,
        TokenAlgorithm::Es256 => ec_key(key)?,
    };
    Ok((kid.to_owned(), decoding))
}

fn rsa_key(key: &Map<String, Value>) -> Result<DecodingKey, Dropped> {
    let modulus = number(key, "n")?;
    if number(key, "e")? != EXPONENT {
        return Err(Dropped::WrongExponent);
    }
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |b| b.leading_zeros() as usize);
    if !(MIN_MODULUS_BITS..=MAX_MODULUS_BITS).contains(&bits) {
        return Err(Dropped::WrongSize);
    }
    if roca::has_fingerprint(&modulus) {
        return Err(Dropped::Roca);
    }
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &EXPONENT))
}

/// Whether the point lies on the curve is looked at with each signature.
fn ec_key(key: &Map<String, Value>) -> Result<DecodingKey, Dropped> {
    if text(key, "crv") != Some("P-256") {
        return Err(Dropped::WrongKind);
    }
    let coordinate = |member: &str| {
        let encoded = text(key, member).ok_or(Dropped::NoPoint)?;
        match URL_SAFE_NO_PAD.decode(encoded) {
            Ok(bytes) if bytes.len() == COORDINATE_BYTES => Ok(encoded),
            _ => Err(Dropped::NoPoint),
        }
    };
    DecodingKey::from_ec_components(coordinate("x")?, coordinate("y")?)
        .map_err(|_| Dropped::NoPoint)
}

fn text<'a>(key: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    key.get(member)?.as_str()
}

/// A base64url number without its leading zero bytes; zero and an even modulus
/// are no numbers of an RSA key.
fn number(key: &Map<String, Value>, member: &str) -> Result<Vec<u8>, Dropped> {
    let encoded = text(key, member).ok_or(Dropped::BadNumber)?;
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| Dropped::BadNumber)?;
    let start = bytes
        .iter()
        .position(|b| *b != 0)
        .ok_or(Dropped::BadNumber)?;
    if bytes.last().is_some_and(|b| b % 2 == 0) {
        return Err(Dropped::BadNumber);
    }
    Ok(bytes[start..].to_vec())
}
