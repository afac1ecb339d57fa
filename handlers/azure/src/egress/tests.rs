//! Which roots are trusted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rcgen::{CertifiedIssuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::*;
use crate::loopback::{acceptor, authority};

/// A TLS server on loopback that says "ok"; its certificate is the authority's.
async fn serving(authority: &CertifiedIssuer<'static, KeyPair>) -> (String, JoinSet<()>) {
    let acceptor = acceptor(authority);
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
