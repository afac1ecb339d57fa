//! What nobody read of a request's body is read and dropped before the answer goes out.
//!
//! A proxy in front of us that is still sending, or that takes the connection for free
//! once it has the answer, would see it break: its caller gets a 502, on this request or
//! on the next one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

/// How much is read and dropped at most, bytes.
pub const MAX_DROPPED_BYTES: usize = 4 * 1024 * 1024;

/// How long somebody who sends slowly is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The body of a request, lent to whoever answers it.
#[derive(Clone)]
pub struct Leftover(Arc<Mutex<Body>>);

impl Leftover {
    /// Lends the body of `request`.
    pub fn lend(request: &mut Request) -> Self {
        let own = std::mem::replace(request.body_mut(), Body::empty());
        let lent = Self(Arc::new(Mutex::new(own)));
        *request.body_mut() = Body::new(lent.clone());
        lent
    }

    /// Reads and drops what is left, within bounds.
    pub async fn read_and_drop(mut self) {
        if self.is_end_stream() {
            return;
        }
        let reading = async {
            let mut dropped = 0;
            while dropped <= MAX_DROPPED_BYTES {
                let frame = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await;
                let Some(Ok(frame)) = frame else { break };
                dropped += frame.data_ref().map_or(0, Bytes::len);
            }
        };
        let _in_time = timeout(PATIENCE, reading).await;
    }

    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Leftover {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::stream;

    use super::*;

    const CHUNK: usize = 64 * 1024;

    /// A request whose body counts the chunks that were asked of it.
    fn request(chunks: usize) -> (Request, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&read);
        let sent = stream::iter((0..chunks).map(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(vec![0; CHUNK])
        }));
        (Request::new(Body::from_stream(sent)), read)
    }

    #[tokio::test]
    async fn what_nobody_read_is_read_and_dropped_up_to_a_limit() {
        let most = MAX_DROPPED_BYTES / CHUNK;
        for (chunks, expected) in [
            (0, 0),
            (1, 1),
            (most - 1, most - 1),
            (most, most),
            (most + 1, most + 1),
            (most + 2, most + 1),
        ] {
            let (mut request, read) = request(chunks);
            let lent = Leftover::lend(&mut request);
            // Refused without a look at it.
            drop(request);
            lent.read_and_drop().await;
            assert_eq!(read.load(Ordering::SeqCst), expected, "{chunks}");
        }
    }

    #[tokio::test]
    async fn a_body_that_was_read_is_left_alone() {
        let (mut request, read) = request(3);
        let lent = Leftover::lend(&mut request);
        let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await;
        assert_eq!(bytes.map(|bytes| bytes.len()).ok(), Some(3 * CHUNK));
        lent.read_and_drop().await;
        assert_eq!(read.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_sends_nothing_more_is_not_waited_for() {
        let mut request = Request::new(Body::from_stream(stream::pending::<
            Result<Vec<u8>, std::io::Error>,
        >()));
        let lent = Leftover::lend(&mut request);
        let begun = tokio::time::Instant::now();
        lent.read_and_drop().await;
        assert_eq!(begun.elapsed(), PATIENCE);
    }
}
