use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Asks `GET /` again and again until the handler answers anything at all over
/// HTTP. Only a socket that does not connect means "wait". Says whether the
/// handler was ready within `limit`.
///
/// Source: `DefaultHttpWorkerService.IsWorkerReady`.
pub async fn wait_until_ready(address: SocketAddr, interval: Duration, limit: Duration) -> bool {
    let answered = async {
        while !answers(address).await {
            sleep(interval).await;
        }
    };
    timeout(limit, answered).await.is_ok()
}

async fn answers(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address).await else {
        return false;
    };
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(stream)).await else {
        return true;
    };
    let connection = tokio::spawn(connection);
    let request = Request::get("/")
        .header(HOST, address.to_string())
        .body(Empty::<Bytes>::new());
    if let Ok(request) = request {
        // An answer that is no HTTP counts as ready, as in the real host.
        let _ = sender.send_request(request).await;
    }
    connection.abort();
    true
}
