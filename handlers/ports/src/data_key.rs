//! The data key and what it seals: AES-256-GCM, the same wherever the key comes from.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::tokens::TokenError;

/// Bytes of a data key.
pub const DATA_KEY_BYTES: usize = 32;

/// A data key. Nonces are random and the context is authenticated, so what is sealed
/// opens only where it was meant to lie. With one key about four thousand million
/// entries can be sealed before two nonces may be the same.
pub struct DataKey(RandomizedNonceKey);

/// The cipher takes no such key, or does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cipher does not work")]
pub struct CipherError;

impl From<CipherError> for TokenError {
    fn from(error: CipherError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl DataKey {
    /// The key of these bytes.
    pub fn new(key: &[u8; DATA_KEY_BYTES]) -> Result<Self, CipherError> {
        RandomizedNonceKey::new(&AES_256_GCM, key)
            .map(Self)
            .map_err(|_| CipherError)
    }

    /// `head`, which tells a reader the form and the key and is not hidden, then nonce,
    /// ciphertext and tag of `plain`, bound to `context`.
    pub fn seal(&self, head: &[u8], context: &str, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let mut text = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(context), &mut text)
            .map_err(|_| CipherError)?;
        Ok([head, nonce.as_ref(), &text].concat())
    }

    /// Opens what follows the head; `None` when it was sealed with another key or in
    /// another context, or was changed.
    pub fn open(&self, context: &str, rest: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(context), &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_was_sealed_opens_in_its_context_with_its_key_only() {
        let (key, other) = (
            DataKey::new(&[1; 32]).unwrap(),
            DataKey::new(&[2; 32]).unwrap(),
        );
        for plain in [&b""[..], b"refresh token", &[7; 10_000]] {
            let sealed = key.seal(b"head", "here", plain).unwrap();
            let rest = sealed.strip_prefix(b"head").unwrap();
            assert_eq!(key.open("here", rest).as_deref(), Some(plain));
            assert_eq!(key.open("there", rest), None);
            assert_eq!(other.open("here", rest), None);
        }
        let twice = [(); 2].map(|()| key.seal(b"", "here", b"same").unwrap());
        assert_ne!(twice[0], twice[1], "no nonce is used twice");
    }

    #[test]
    fn a_change_of_any_byte_is_found() {
        let key = DataKey::new(&[1; 32]).unwrap();
        let sealed = key.seal(b"", "here", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open("here", &changed), None, "byte {at}");
            assert_eq!(key.open("here", &sealed[..at]), None, "cut at {at}");
        }
    }
}
