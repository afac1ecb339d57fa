//! Digests that the vault's key signs.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use azimuth_azure::keyvault::{KeyVaultError, VaultSigner, VaultSignerError};
use azimuth_domain::audit::digest::{Digest, SignatureAlgorithm};
use azimuth_domain::audit::es256;
use azimuth_domain::time::Timestamp;
use azimuth_embedded::audit_verify::{Extent, verify_export};
use azimuth_ports::digests::DigestSigner;
use serde_json::json;

use crate::rig::{Azure, VAULT};

#[tokio::test]
async fn its_signatures_hold_under_the_key_that_it_shows() {
    let azure = Azure::start().await;
    let vault = Arc::new(azure.vault(VAULT));
    let signer = VaultSigner::open(vault, "audit-signing").await.unwrap();
    assert_eq!(signer.key().algorithm(), SignatureAlgorithm::Es256);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, signer.key().public());
    for number in 0..20 {
        let text = format!("text {number}");
        let signature = signer.sign(text.as_bytes()).await.unwrap();
        assert_eq!(
            (signature.len(), signature.to_lowercase()),
            (128, signature.clone())
        );
        let signature = hex::decode(signature).unwrap();
        assert!(key.verify(text.as_bytes(), &signature).is_ok());
        assert!(es256::is_low(&signature));
    }
}

#[tokio::test]
async fn whoever_verifies_an_export_needs_no_vault() {
    let azure = Azure::start().await;
    let vault = Arc::new(azure.vault(VAULT));
    let signer = VaultSigner::open(vault, "audit-signing").await.unwrap();
    let mut digest = Digest::next(None, "t", Timestamp(1), Vec::new(), signer.key());
    digest.signature = signer.sign(&digest.signed_text()).await.unwrap();
    let key = signer.key();
    let export = |digest: &Digest| {
        let algorithm = key.algorithm().name();
        let key = json!({"key": {"id": key.id(), "algorithm": algorithm, "public": key.to_hex()}});
        format!("{key}\n{}\n", json!({"digest": digest}))
    };
    let report = verify_export(export(&digest).as_bytes(), Extent::Whole).unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!(report.digests, 1);
    digest.at = Timestamp(2);
    digest.hash = digest.computed_hash();
    let report = verify_export(export(&digest).as_bytes(), Extent::Whole).unwrap();
    assert!(!report.holds(), "{report}");
}

#[tokio::test]
async fn another_kind_of_key_and_somebody_elses_are_refused() {
    let azure = Azure::start().await;
    let vault = Arc::new(azure.vault(VAULT));
    let wrapping = VaultSigner::open(Arc::clone(&vault), "token-wrapping").await;
    assert_eq!(wrapping.err(), Some(VaultSignerError::Kind));
    let foreign = VaultSigner::open(vault, "other").await.err().unwrap();
    let refused = KeyVaultError::Refused("403 ForbiddenByRbac".to_owned());
    assert_eq!(foreign, VaultSignerError::Vault(refused));
}

#[tokio::test]
async fn a_key_that_was_switched_off_signs_no_more() {
    let azure = Azure::start().await;
    let vault = Arc::new(azure.vault(VAULT));
    let signer = VaultSigner::open(vault, "audit-signing").await.unwrap();
    azure.switch_off("audit-signing").await;
    let error = signer.sign(b"text").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the signing key does not answer: the key vault refuses: 403 KeyDisabled"
    );
}
