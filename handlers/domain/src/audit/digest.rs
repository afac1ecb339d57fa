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

/// How a key signs. A digest names its key and so the way it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RFC 8032; a key has 32 bytes.
    Ed25519,
    /// ECDSA on P-256 with SHA-256 (RFC 7518, 3.4), in the lower spelling
    /// ([`es256`](super::es256)); a key is an uncompressed point of 65 bytes.
    Es256,
}

impl SignatureAlgorithm {
    /// Its name, as exports and the API spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Es256 => "ES256",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Ed25519, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

/// The key that digests are signed with, as everybody may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestKey {
    id: String,
    algorithm: SignatureAlgorithm,
    public: Vec<u8>,
}

impl DigestKey {
    /// The Ed25519 key with these 32 bytes.
    pub fn new(public: [u8; 32]) -> Self {
        Self::of(SignatureAlgorithm::Ed25519, public.to_vec())
    }

    /// The P-256 key at this uncompressed point: 4, x, y. Whether it lies on the curve
    /// shows at the first signature.
    pub fn es256(point: [u8; 65]) -> Option<Self> {
        (point[0] == 4).then(|| Self::of(SignatureAlgorithm::Es256, point.to_vec()))
    }

    fn of(algorithm: SignatureAlgorithm, public: Vec<u8>) -> Self {
        let mut id = sha256_hex(&public);
        id.truncate(16);
        Self {
            id,
            algorithm,
            public,
        }
    }

    /// Reads the bytes of a key in hexadecimal digits.
    pub fn parse(algorithm: SignatureAlgorithm, text: &str) -> Option<Self> {
        let public = hex::decode(text.trim()).ok()?;
        match algorithm {
            SignatureAlgorithm::Ed25519 => Some(Self::new(public.try_into().ok()?)),
            SignatureAlgorithm::Es256 => Self::es256(public.try_into().ok()?),
        }
    }

    /// Names the key: the first 16 digits of the SHA-256 of its bytes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How it signs.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Its bytes.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Its bytes in hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.public)
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
    /// The key's signature of [`Digest::signed_text`], 128 hexadecimal digits.
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
    fn what_is_signed_says_what_it_is_and_which_digest() {
        let digest = Digest::next(None, "t", Timestamp(1), vec![head("a", 1)], &key());
        let signed = String::from_utf8(digest.signed_text()).unwrap();
        assert_eq!(signed, format!("azimuth audit digest v1\n{}", digest.hash));
    }

    #[test]
    fn a_key_reads_back_and_is_named_by_its_bytes() {
        let ed25519 = SignatureAlgorithm::Ed25519;
        let again = DigestKey::parse(ed25519, &format!("{}\n", key().to_hex())).unwrap();
        assert_eq!(again, key());
        assert_eq!((again.id().len(), again.algorithm()), (16, ed25519));
        assert_ne!(again.id(), DigestKey::new([8; 32]).id());
        for text in ["", "07", "zz", &"07".repeat(33)] {
            assert_eq!(DigestKey::parse(ed25519, text), None, "{text}");
        }
    }

    #[test]
    fn a_key_of_p256_is_an_uncompressed_point() {
        let es256 = SignatureAlgorithm::Es256;
        let point = format!("04{}", "07".repeat(64));
        let key = DigestKey::parse(es256, &point).unwrap();
        assert_eq!((key.algorithm(), key.to_hex()), (es256, point.clone()));
        assert_eq!((key.id().len(), key.public().len()), (16, 65));
        for text in [
            "",
            &"07".repeat(32),
            &"07".repeat(65),
            &format!("{point}07"),
        ] {
            assert_eq!(DigestKey::parse(es256, text), None, "{text}");
        }
        assert_eq!(DigestKey::parse(SignatureAlgorithm::Ed25519, &point), None);
    }

    #[test]
    fn an_algorithm_is_known_by_its_name_to_the_letter() {
        for algorithm in [SignatureAlgorithm::Ed25519, SignatureAlgorithm::Es256] {
            assert_eq!(SignatureAlgorithm::parse(algorithm.name()), Some(algorithm));
        }
        for name in ["", "ed25519", "EdDSA", "es256", "none"] {
            assert_eq!(SignatureAlgorithm::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_hash_of_a_digest_is_as_it_always_was() {
        let digest = Digest::next(None, "t", Timestamp(1), vec![head("a", 1)], &key());
        let hash = "3b0838706fc20f5cce6b6b91123b2ef5e9c4f3ed87da93e88891741fe80bf774";
        assert_eq!(digest.hash, hash);
    }
}
