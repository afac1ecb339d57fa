//! What a tool server writes to standard error: its end is kept, the rest is
//! forgotten.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use azimuth_domain::redact::redact_closely;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::shown::printable;

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

    /// The last lines on one line, without control characters and secrets; empty
    /// when nothing was written. They go to people, into events and the audit.
    pub(crate) fn last_lines(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        drop(kept);
        let text = String::from_utf8_lossy(&bytes);
        // The rest of a secret that was cut in two is not known for one.
        let whole = if bytes.len() < KEPT_BYTES {
            &text
        } else {
            after_first_word(&text)
        };
        // Over all lines, since a private key has many.
        let printable: Vec<String> = whole.lines().map(printable).collect();
        let clean = redact_closely(&printable.join("\n"));
        let lines: Vec<&str> = clean
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join(" / ");
        let start = last.chars().count().saturating_sub(SHOWN_CHARACTERS);
        last.chars().skip(start).collect()
    }
}

fn after_first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.find(char::is_whitespace)
        .map_or("", |end| &text[end..])
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
        assert_eq!(tail.last_lines(), "first / red / last");
        assert_eq!(tail.0.lock().map(|kept| kept.len()).ok(), Some(KEPT_BYTES));
        tail.clone().follow("yes ".repeat(3_000).as_bytes()).await;
        assert_eq!(tail.last_lines().len(), SHOWN_CHARACTERS);
    }

    #[tokio::test]
    async fn secrets_are_not_shown() {
        let tail = StderrTail::default();
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}\nab\n", "MIIE".repeat(16));
        tail.clone().follow(key.as_bytes()).await;
        assert_eq!(tail.last_lines(), "[redacted]");
        let tail = StderrTail::default();
        let text = "asking\nAuthorization: Bear\x1b[0mer abc.def-12345\nPassword=hunter2;\n";
        tail.clone().follow(text.as_bytes()).await;
        let shown = "asking / Authorization: [redacted] / Password=[redacted];";
        assert_eq!(tail.last_lines(), shown);
    }

    #[tokio::test]
    async fn the_rest_of_a_secret_that_was_cut_is_not_shown() {
        for filler in KEPT_BYTES - 40..=KEPT_BYTES {
            let tail = StderrTail::default();
            let text = format!("sig=s3cretsecretsecret {}", "x ".repeat(filler / 2));
            tail.clone().follow(text.as_bytes()).await;
            let kept = tail.last_lines();
            assert!(
                !kept.contains("secret") && !kept.contains("s3"),
                "{filler}: {kept}"
            );
            // One word that is longer than what is kept tells nothing.
            let tail = StderrTail::default();
            tail.clone().follow("y".repeat(filler).as_bytes()).await;
            assert!(!tail.last_lines().contains('y'), "{filler}");
        }
    }
}
