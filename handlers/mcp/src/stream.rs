//! Standard output of a tool server, watched: no line above the limit is read,
//! and it is known how the stream ended.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    /// The process closed it, which it does by ending; or we closed a session by URL.
    Closed,
    /// A line was longer than allowed; the rest was not read.
    LineTooLong,
    /// It could not be read.
    Broken,
}

/// Tells when and how the stream ended. Clones share one answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct StreamWatch {
    end: Arc<OnceLock<StreamEnd>>,
    ended: CancellationToken,
}

impl StreamWatch {
    /// How it ended; `None` while it is open.
    pub(crate) fn end(&self) -> Option<StreamEnd> {
        self.end.get().copied()
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Tells the end; the first one counts.
    pub(crate) fn set(&self, end: StreamEnd) {
        self.end.get_or_init(|| end);
        self.ended.cancel();
    }
}

/// A reader that fails, and stays failed, at the first line of more than
/// `max_line` bytes (the newline not counted).
pub(crate) struct LineGuard<R> {
    inner: R,
    max_line: usize,
    line: usize,
    watch: StreamWatch,
}

impl<R> LineGuard<R> {
    pub(crate) fn new(inner: R, max_line: usize, watch: StreamWatch) -> Self {
        Self {
            inner,
            max_line,
            line: 0,
            watch,
        }
    }

    /// Whether all lines in `chunk`, the first begun earlier, are short enough.
    fn accept(&mut self, chunk: &[u8]) -> bool {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let ends = part.ends_with(b"\n");
            self.line += part.len() - usize::from(ends);
            if self.line > self.max_line {
                return false;
            }
            if ends {
                self.line = 0;
            }
        }
        true
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for LineGuard<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.watch.end() == Some(StreamEnd::LineTooLong) {
            return Poll::Ready(Err(too_long()));
        }
        let before = buffer.filled().len();
        if let Err(error) = ready!(Pin::new(&mut self.inner).poll_read(context, buffer)) {
            self.watch.set(StreamEnd::Broken);
            return Poll::Ready(Err(error));
        }
        let chunk = &buffer.filled()[before..];
        if chunk.is_empty() && buffer.capacity() > before {
            self.watch.set(StreamEnd::Closed);
        } else if !self.accept(chunk) {
            // A failed read must leave the buffer as it was.
            buffer.set_filled(before);
            self.watch.set(StreamEnd::LineTooLong);
            return Poll::Ready(Err(too_long()));
        }
        Poll::Ready(Ok(()))
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a line is longer than allowed")
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::disallowed_methods,
        reason = "a writer lives as long as its test"
    )]
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use tokio::io::AsyncReadExt;

    async fn read(text: &str) -> (io::Result<usize>, StreamEnd) {
        let watch = StreamWatch::default();
        let mut guard = LineGuard::new(text.as_bytes(), 4, watch.clone());
        let mut out = Vec::new();
        let result = guard.read_to_end(&mut out).await;
        assert!(result.is_err() || out == text.as_bytes());
        (result, watch.end().unwrap())
    }

    #[tokio::test]
    async fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
        for text in ["", "\n", "abc\n", "abcd\nabcd\n\nabcd", "abcd"] {
            let (result, end) = read(text).await;
            assert_eq!(
                (result.unwrap(), end),
                (text.len(), StreamEnd::Closed),
                "{text:?}"
            );
        }
        for text in ["abcde", "abcde\n", "ab\nabcde\n", "a\nb\nabcdefghij"] {
            let (result, end) = read(text).await;
            assert!(result.is_err() && end == StreamEnd::LineTooLong, "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_line_is_counted_across_reads() {
        use tokio::io::AsyncWriteExt;

        let (mut write, read) = tokio::io::duplex(2);
        let watch = StreamWatch::default();
        let mut guard = LineGuard::new(read, 4, watch.clone());
        let writing = tokio::spawn(async move { write.write_all(b"abcde\n").await });
        let mut out = Vec::new();
        assert!(guard.read_to_end(&mut out).await.is_err());
        assert_eq!(watch.end(), Some(StreamEnd::LineTooLong));
        drop(guard);
        let _written_or_cut = writing.await.unwrap();
    }
}
