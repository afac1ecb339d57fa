//! Bytes from one side to the other and back, a bounded number of them in flight, until
//! both sides have ended or nothing has moved for too long.

use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Bytes of each direction that were read and not yet written.
const BUFFER: usize = 16 * 1024;

/// Joins the two until both have ended. `moved` is told of every piece.
pub(super) async fn join(
    client: impl AsyncRead + AsyncWrite,
    server: impl AsyncRead + AsyncWrite,
    idle: Duration,
    moved: impl Fn(),
) -> io::Result<()> {
    let (client_reads, client_writes) = tokio::io::split(client);
    let (server_reads, server_writes) = tokio::io::split(server);
    let last = Last {
        at: Mutex::new(Instant::now()),
        idle,
        moved,
    };
    tokio::try_join!(
        pump(client_reads, server_writes, &last),
        pump(server_reads, client_writes, &last),
    )?;
    Ok(())
}

/// When something moved last, in either direction.
struct Last<M> {
    at: Mutex<Instant>,
    idle: Duration,
    moved: M,
}

impl<M: Fn()> Last<M> {
    fn touch(&self) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        (self.moved)();
    }

    fn ends(&self) -> Instant {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) + self.idle
    }

    /// The outcome of `work`, unless nothing moves in either direction meanwhile.
    async fn within<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        tokio::pin!(work);
        loop {
            let ends = self.ends();
            match timeout_at(ends, &mut work).await {
                Ok(done) => return done,
                Err(_) if self.ends() > ends => {}
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }
}

async fn pump<M: Fn()>(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    last: &Last<M>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = last.within(from.read(&mut buffer)).await?;
        if length == 0 {
            return last.within(to.shutdown()).await;
        }
        last.touch();
        last.within(to.write_all(&buffer[..length])).await?;
    }
}
