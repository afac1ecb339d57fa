//! The RSA key that signs every token, and its public half as a JWKS.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::random;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the signing key cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    #[error("the signing key file is not a PKCS#8 RSA key in PEM")]
    Malformed,
    #[error("a key could not be made or used")]
    Crypto,
}

/// One RSA 2048 key.
#[derive(Debug)]
pub struct SigningKey {
    pub kid: String,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    pair: RsaKeyPair,
}

/// The key of the JWKS, and one beside it that no JWKS names (for tests of refusal).
#[derive(Debug)]
pub struct SigningKeys {
    pub published: SigningKey,
    other: OnceLock<SigningKey>,
}

impl SigningKeys {
    /// Takes the key from `file`, or makes one and keeps it there, readable by its owner only.
    /// Tokens therefore stay good over a restart while none of them is written anywhere.
    pub fn open(file: &Path) -> Result<Self, KeyError> {
        let published = match fs::read_to_string(file) {
            Ok(pem) => SigningKey::from_pem(&pem)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = SigningKey::generate()?;
                write_private(file, &key.to_pem()?)?;
                key
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            published,
            other: OnceLock::new(),
        })
    }

    /// The key that no JWKS names; made when first asked for.
    pub fn other(&self) -> Result<&SigningKey, KeyError> {
        if let Some(key) = self.other.get() {
            return Ok(key);
        }
        let key = SigningKey::generate()?;
        Ok(self.other.get_or_init(|| key))
    }
}

impl SigningKey {
    fn generate() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Crypto)?;
        Ok(Self::new(pair))
    }

    fn new(pair: RsaKeyPair) -> Self {
        let modulus = pair
            .public_key()
            .modulus()
            .big_endian_without_leading_zero()
            .to_vec();
        let exponent = pair
            .public_key()
            .exponent()
            .big_endian_without_leading_zero()
            .to_vec();
        let kid = thumbprint(&modulus, &exponent);
        Self {
            kid,
            modulus,
            exponent,
            pair,
        }
    }

    fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD.decode(body).map_err(|_| KeyError::Malformed)?;
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| KeyError::Malformed)?;
        Ok(Self::new(pair))
    }

    fn to_pem(&self) -> Result<String, KeyError> {
        let der = self.pair.as_der().map_err(|_| KeyError::Crypto)?;
        let body = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for line in body.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(pem)
    }

    /// Signs `header.payload` exactly as given and returns the whole compact token.
    ///
    /// `alg` decides how: `none` leaves the signature empty, `HS256` keys an HMAC with the public
    /// modulus (the classic confusion attack), everything else is RSA PKCS#1 v1.5 with SHA-256.
    pub fn sign(&self, alg: &str, header: &[u8], payload: &[u8]) -> Result<String, KeyError> {
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = match alg {
            _ if alg.eq_ignore_ascii_case("none") => Vec::new(),
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.modulus);
                hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
            }
            _ => {
                let mut signature = vec![0; self.pair.public_modulus_len()];
                self.pair
                    .sign(
                        &RSA_PKCS1_SHA256,
                        &SystemRandom::new(),
                        input.as_bytes(),
                        &mut signature,
                    )
                    .map_err(|_| KeyError::Crypto)?;
                signature
            }
        };
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The key as Entra publishes one: `use` and the `issuer` it may sign for, and no `alg`.
    pub fn jwk(&self, issuer: &str) -> Value {
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(&self.modulus),
            "e": URL_SAFE_NO_PAD.encode(&self.exponent),
            "issuer": issuer,
        })
    }
}

/// RFC 7638: SHA-256 over the required members in their order.
fn thumbprint(modulus: &[u8], exponent: &[u8]) -> String {
    let canonical = format!(
        r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(exponent),
        URL_SAFE_NO_PAD.encode(modulus)
    );
    random::sha256_base64url(&canonical)
}

/// Writes a file that only its owner may read (mode 0600), in place of any former one.
pub fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let part = file.with_extension("part");
    match fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)?;
    out.write_all(text.as_bytes())?;
    drop(out);
    fs::rename(&part, file)
}
