//! The proxy: takes `CONNECT` for Azure's hosts, is Azure itself, and connects nowhere.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{ARM_HOST, VAULT_SUFFIX, answer};
use crate::certificates::Certificates;
use crate::requests::{Facts, Kind};
use crate::world::World;

/// Longest head of a CONNECT request, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;
/// Longest wait for a CONNECT head and for a TLS handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// Accepts until it is dropped, and its connections with it; each is a task of its own, so a slow
/// one holds up no other.
pub async fn serve_proxy(
    listener: TcpListener,
    world: Arc<World>,
    certificates: Arc<Certificates>,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (world, certificates) = (Arc::clone(&world), Arc::clone(&certificates));
                connections.spawn(async move {
                    if let Err(error) = tunnel(stream, world, &certificates).await {
                        tracing::debug!(%error, "a proxy connection ended early");
                    }
                });
            }
            // Out of file descriptors: let some connection end first.
            Err(error) => {
                tracing::warn!(%error, "the proxy cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn tunnel(
    mut stream: TcpStream,
    world: Arc<World>,
    certificates: &Certificates,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Ok(head) = tokio::time::timeout(PATIENCE, read_head(&mut stream)).await else {
        return Ok(());
    };
    let head = head?;
    let target = target(&head);
    let Some(host) = target.as_deref().and_then(known_host) else {
        let host = target.unwrap_or_else(|| "(not a CONNECT request)".to_owned());
        tracing::warn!(host, "refused to stand in for a host");
        world.log(
            Kind::RefusedConnect,
            Facts {
                host: Some(host),
                status: Some(403),
                ..Facts::default()
            },
        );
        let answer = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 42\r\n\
                      connection: close\r\n\r\nThe sandbox stands in for Azure hosts only";
        stream.write_all(answer.as_bytes()).await?;
        return stream.shutdown().await;
    };
    stream
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await?;

    let config = certificates
        .server_config(&host)
        .map_err(io::Error::other)?;
    let handshake = TlsAcceptor::from(config).accept(stream);
    let Ok(tls) = tokio::time::timeout(PATIENCE, handshake).await else {
        return Ok(());
    };
    let host: Arc<str> = host.into();
    let service = service_fn(move |request| {
        let (world, host) = (Arc::clone(&world), Arc::clone(&host));
        async move { Ok::<_, Infallible>(answer(world, host, request).await) }
    });
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(tls?), service)
        .await
        .map_err(io::Error::other)
}

/// Reads up to and with the empty line. Clients wait for our answer before they go on, so nothing
/// of the tunnel is read by mistake.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0_u8; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await?;
        if count == 0 || head.len() + count > LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

/// `host:port` of a CONNECT request, in lower case.
fn target(head: &str) -> Option<String> {
    let mut words = head.lines().next()?.split(' ');
    (words.next()? == "CONNECT").then_some(())?;
    Some(words.next()?.to_ascii_lowercase())
}

/// The host, if it is one that the sandbox is.
fn known_host(target: &str) -> Option<String> {
    let host = target.strip_suffix(":443")?;
    let is_vault = host.strip_suffix(VAULT_SUFFIX).is_some_and(|name| {
        (3..=24).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    });
    (host == ARM_HOST || is_vault).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_azure_hosts_on_443_are_known() {
        for good in ["management.azure.com:443", "kv-dev.vault.azure.net:443"] {
            assert!(known_host(good).is_some(), "{good}");
        }
        for bad in [
            "management.azure.com:80",
            "management.azure.com.evil.example:443",
            "vault.azure.net:443",
            "a.b.vault.azure.net:443",
            "example.com:443",
            "127.0.0.1:443",
        ] {
            assert!(known_host(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_target_is_read_from_connect_only() {
        assert_eq!(
            target("CONNECT Management.Azure.com:443 HTTP/1.1\r\n\r\n").as_deref(),
            Some("management.azure.com:443")
        );
        assert_eq!(
            target("GET http://management.azure.com/ HTTP/1.1\r\n\r\n"),
            None
        );
    }
}
