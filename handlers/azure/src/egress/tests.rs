//! Which roots are trusted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A TLS server on loopback that says "ok"; its certificate is the authority's.
async fn serving(authority: &CertifiedIssuer<'static, KeyPair>) -> (String, JoinSet<()>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, server)
}

#[tokio::test]
async fn the_configured_authority_is_trusted_and_no_other() {
    let (ours, other) = (authority(), authority());
    let (url, _server) = serving(&ours).await;
    let bundle = format!("{}{}", other.pem(), ours.pem());
    for (ca_pem, trusted) in [
        (Some(ours.pem()), true),
        (Some(bundle), true),
        (Some(other.pem()), false),
        (None, false),
    ] {
        let egress = Egress {
            ca_pem: ca_pem.map(String::into_bytes),
            ..Egress::default()
        };
        let answer = egress.client().unwrap().get(&url).send().await;
        match answer {
            Ok(response) => {
                assert!(trusted);
                assert_eq!(read(response, 2).await.unwrap().body, b"ok");
            }
            Err(error) => assert!(!trusted && error.is_connect(), "{error:?}"),
        }
    }
}
