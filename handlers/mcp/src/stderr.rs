//! What a tool server writes to standard error: its end is kept, the rest is
//! forgotten.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of it is kept.
const KEPT_BYTES: usize = 8 * 1024;
/// How many lines are shown, and how much of them.
const SHOWN_LINES: usize = 3;
const SHOWN_CHARACTERS: usize = 500;

/// The end of what was written. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct StderrTail(Arc<Mutex<VecDeque<u8>>>);

impl StderrTail {
    /// Reads until the stream ends.
    pub(crate) async fn follow(self, mut stream: impl AsyncRead + Unpin) {
        let mut chunk = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(&chunk[..read]);
            let surplus = kept.len().saturating_sub(KEPT_BYTES);
            kept.drain(..surplus);
        }
    }

    /// The last lines on one line, without control characters; empty when nothing
    /// was written.
    pub(crate) fn last_lines(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        drop(kept);
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join(" / ");
        let clean: Vec<char> = last.chars().filter(|c| !c.is_control()).collect();
        clean[clean.len().saturating_sub(SHOWN_CHARACTERS)..]
            .iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_lines_stay_whatever_was_written_before() {
        let tail = StderrTail::default();
        assert_eq!(tail.last_lines(), "");
        let text = format!("{}\nfirst\r\n\n\x1b[31mred\u{7}\nlast", "x".repeat(100_000));
        tail.clone().follow(text.as_bytes()).await;
        assert_eq!(tail.last_lines(), "first / [31mred / last");
        assert_eq!(tail.0.lock().map(|kept| kept.len()).ok(), Some(KEPT_BYTES));
        tail.clone().follow("y".repeat(9_000).as_bytes()).await;
        assert_eq!(tail.last_lines().len(), SHOWN_CHARACTERS);
    }
}
