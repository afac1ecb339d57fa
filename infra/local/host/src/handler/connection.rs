use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper::body::Body;
use hyper_util::client::legacy::Client as PooledClient;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tower::Service;

/// A pooling client that reaches the handler and nothing else. It follows no
/// redirect and keeps no cookie.
pub type Client<B> = PooledClient<HandlerConnector, B>;

pub fn client<B>(address: SocketAddr) -> Client<B>
where
    B: Body + Send,
    B::Data: Send,
{
    PooledClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(HandlerConnector { address })
}

/// Connects to the handler's address, whatever the URI says.
#[derive(Debug, Clone)]
pub struct HandlerConnector {
    address: SocketAddr,
}

impl Service<Uri> for HandlerConnector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let address = self.address;
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}
