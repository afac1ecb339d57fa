//! The sandbox's own certificate authority, and a certificate for each host it stands in for.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::keys::write_private;

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("the authority's files cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("a certificate cannot be used: {0}")]
    Use(#[from] rustls::Error),
}

pub struct Certificates {
    authority: Issuer<'static, KeyPair>,
    by_host: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Certificates {
    /// Takes the authority from `dir` (`ca.pem`, and `ca-key.pem` that only its owner may read) or
    /// makes one there. It outlives a restart, so that tool servers which read `ca.pem` earlier go
    /// on trusting us.
    pub fn open(dir: &Path) -> Result<Self, CertificateError> {
        let (certificate, key_file) = (ca_file(dir), dir.join("ca-key.pem"));
        let key = match fs::read_to_string(&key_file) {
            Ok(pem) if certificate.exists() => KeyPair::from_pem(&pem)?,
            _ => {
                let key = KeyPair::generate()?;
                write_private(&key_file, &key.serialize_pem())?;
                fs::write(&certificate, authority_params()?.self_signed(&key)?.pem())?;
                key
            }
        };
        let authority = Issuer::new(authority_params()?, key);
        Ok(Self {
            authority,
            by_host: Mutex::default(),
        })
    }

    /// TLS as `host`, HTTP/1.1 only; made once for each host.
    pub fn server_config(&self, host: &str) -> Result<Arc<ServerConfig>, CertificateError> {
        let mut by_host = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = by_host.get(host) {
            return Ok(Arc::clone(config));
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, host);
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2049, 1, 1);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.authority)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        by_host.insert(host.to_owned(), Arc::clone(&config));
        Ok(config)
    }
}

/// Where the authority's certificate lies: what `SSL_CERT_FILE` of a tool server names.
pub fn ca_file(dir: &Path) -> PathBuf {
    dir.join("ca.pem")
}

/// Fixed, so that a restart signs in the name of the same authority.
fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Azimuth sandbox authority (local only)");
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2049, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}
