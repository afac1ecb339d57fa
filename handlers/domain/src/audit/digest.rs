//! Signed digests: for every chain that changed since the last one, how far it
//! goes and with which hash.
//!
//! A tenant's digests form a chain of their own: numbers from 1 without gaps, each
//! with the hash of the one before. A digest that is signed fixes every record up to
//! the heads that it names, because a record's hash covers all before it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::GENESIS_HASH;
use crate::canonical::{canonical_json, sha256_hex};
use crate::time::Timestamp;

/// Version of [`Digest`] that this build writes.
pub const DIGEST_VERSION: u32 = 1;

/// What is signed begins with this, so that a signature means nothing elsewhere.
const SIGNED_AS: &str = "azimuth audit digest v1\n";

/// The key that digests are signed with, as everybody may know it (Ed25519,
/// RFC 8032).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestKey {
    id: String,
    public: [u8; 32],
}

impl DigestKey {
    /// The key with these 32 bytes.
    pub fn new(public: [u8; 32]) -> Self {
        let mut id = sha256_hex(public);
        id.truncate(16);
        Self { id, public }
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut public = [0; 32];
        hex::decode_to_slice(text.trim(), &mut public).ok()?;
        Some(Self::new(public))
    }

    /// Names the key: the first 16 digits of the SHA-256 of its bytes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its bytes.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Its bytes as 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.public)
    }
}

/// How far one chain goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The chain.
    pub chain: String,
    /// Number of its newest record.
    pub seq: u64,
    /// Hash of that record.
    pub hash: String,
}

/// A digest as stored and exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Version of this shape.
    pub v: u32,
    /// Whose chains it covers.
    pub tenant: String,
    /// Position among the tenant's digests, from 1.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The chains that changed since the digest before, by name.
    pub chains: Vec<ChainHead>,
    /// Hash of the digest before.
    pub prev_hash: String,
    /// Id of the key that signed it.
    pub key_id: String,
    /// Hash over everything above.
    pub hash: String,
    /// Ed25519 signature of [`Digest::signed_text`], 128 hexadecimal digits.
    pub signature: String,
}

impl Digest {
    /// The digest that follows `previous` (its `number` and `hash`), not signed yet.
    pub fn next(
        previous: Option<(u64, &str)>,
        tenant: &str,
        at: Timestamp,
        mut chains: Vec<ChainHead>,
        key: &DigestKey,
    ) -> Self {
        let (number, prev_hash) = previous.unwrap_or((0, GENESIS_HASH));
        chains.sort_by(|a, b| a.chain.cmp(&b.chain));
        let mut digest = Self {
            v: DIGEST_VERSION,
            tenant: tenant.to_owned(),
            number: number + 1,
            at,
            chains,
            prev_hash: prev_hash.to_owned(),
            key_id: key.id().to_owned(),
            hash: String::new(),
            signature: String::new(),
        };
        digest.hash = digest.computed_hash();
        digest
    }

    /// SHA-256 over the canonical JSON of the digest without `hash` and `signature`.
    pub fn computed_hash(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Some(map) = value.as_object_mut() {
            map.remove("hash");
            map.remove("signature");
        }
        sha256_hex(canonical_json(&value))
    }

    /// What the signature is over.
    pub fn signed_text(&self) -> Vec<u8> {
        format!("{SIGNED_AS}{}", self.computed_hash()).into_bytes()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn head(chain: &str, seq: u64) -> ChainHead {
        ChainHead {
            chain: chain.to_owned(),
            seq,
            hash: sha256_hex(chain),
        }
    }

    fn key() -> DigestKey {
        DigestKey::new([7; 32])
    }

    #[test]
    fn a_digest_follows_the_one_before_and_lists_its_chains_by_name() {
        let heads = vec![head("b", 2), head("a", 1)];
        let first = Digest::next(None, "t", Timestamp(1), heads, &key());
        assert_eq!((first.number, first.prev_hash.as_str()), (1, GENESIS_HASH));
        assert_eq!(first.chains, [head("a", 1), head("b", 2)]);
        let before = Some((first.number, first.hash.as_str()));
        let second = Digest::next(before, "t", Timestamp(2), vec![head("a", 3)], &key());
        assert_eq!((second.number, &second.prev_hash), (2, &first.hash));
        assert_ne!(second.hash, first.hash);
    }

    #[test]
    fn the_hash_covers_every_field_but_itself_and_the_signature() {
        let digest = Digest::next(None, "t", Timestamp(1), vec![head("a", 1)], &key());
        let changed = |change: fn(&mut Digest)| {
            let mut digest = digest.clone();
            change(&mut digest);
            digest.computed_hash() != digest.hash
        };
        assert!(!changed(|_| {}));
        assert!(!changed(|d| d.signature = "00".to_owned()));
        assert!(changed(|d| d.v = 2));
        assert!(changed(|d| d.tenant.push('x')));
        assert!(changed(|d| d.number = 2));
        assert!(changed(|d| d.at = Timestamp(2)));
        assert!(changed(|d| d.chains.clear()));
        assert!(changed(|d| d.chains[0].seq = 2));
        assert!(changed(|d| d.prev_hash.clear()));
        assert!(changed(|d| d.key_id.push('0')));
    }

    #[test]
    fn a_key_reads_back_and_is_named_by_its_bytes() {
        let again = DigestKey::parse(&format!("{}\n", key().to_hex())).unwrap();
        assert_eq!(again, key());
        assert_eq!(again.id().len(), 16);
        assert_ne!(again.id(), DigestKey::new([8; 32]).id());
        for text in ["", "07", "zz", &"07".repeat(33)] {
            assert_eq!(DigestKey::parse(text), None, "{text}");
        }
    }
}
