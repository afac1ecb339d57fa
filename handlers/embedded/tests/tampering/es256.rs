//! Digests that are signed as Key Vault signs them.

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use azimuth_domain::audit::digest::DigestKey;
use azimuth_domain::audit::es256::{self, SIGNATURE_BYTES};
use azimuth_embedded::audit_verify::DigestFaultKind;
use azimuth_ports::digests::{DigestSigner, SignError};

use crate::digests::{any, faults, is_there};
use crate::ground::{Ground, Rng};
use crate::{Kind, Shown};

/// Beside everything that is bent with any key.
pub const KINDS: &[Kind] = &[Kind {
    name: "a signature spelt the other way",
    times: 200,
    bend: spelt_otherwise,
}];

pub struct Es256Signer {
    pair: EcdsaKeyPair,
    key: DigestKey,
}

impl Es256Signer {
    pub fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref().try_into().unwrap();
        let key = DigestKey::es256(point).unwrap();
        Self { pair, key }
    }
}

#[async_trait]
impl DigestSigner for Es256Signer {
    fn key(&self) -> &DigestKey {
        &self.key
    }

    async fn sign(&self, text: &[u8]) -> Result<String, SignError> {
        let signature = self.pair.sign(&SystemRandom::new(), text).unwrap();
        let signature: [u8; SIGNATURE_BYTES] = signature.as_ref().try_into().unwrap();
        Ok(hex::encode(es256::lower(signature)))
    }
}

/// (r, n − s) in the place of (r, s): a signature that holds, and is none of ours.
fn spelt_otherwise(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let digest = &mut digests[at];
    let signature: Vec<u8> = hex::decode(&digest.signature).unwrap();
    let mut other: [u8; SIGNATURE_BYTES] = signature.try_into().unwrap();
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = hex::decode(order).unwrap();
    let mut borrow = 0;
    for (place, byte) in other[32..].iter_mut().enumerate().rev() {
        let left = i16::from(order[place]) - i16::from(*byte) - borrow;
        borrow = i16::from(left < 0);
        *byte = u8::try_from(left.rem_euclid(256)).unwrap();
    }
    digest.signature = hex::encode(other);
    let place = (digest.tenant.clone(), digest.number);
    let found = faults(ground, &digests);
    is_there(&found, &(&place.0, place.1, DigestFaultKind::Forged))
}
