//! Server-sent events, as far as chat completions use them: the data of each
//! event. Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

/// Longest line, bytes.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;
/// Longest stream, bytes.
pub const MAX_STREAM_BYTES: usize = 32 * 1024 * 1024;

/// What is wrong with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A line above [`MAX_LINE_BYTES`], or an event of several lines above it.
    #[error("the model sent a line above {MAX_LINE_BYTES} bytes")]
    Line,
    /// More than [`MAX_STREAM_BYTES`].
    #[error("the model sent more than {MAX_STREAM_BYTES} bytes")]
    Stream,
}

/// Cuts a byte stream into the data of its events. Lines end in LF, CR or CRLF;
/// bytes that are no UTF-8 become U+FFFD, but never because a chunk ended
/// inside a character.
#[derive(Debug, Default)]
pub struct SseLines {
    line: Vec<u8>,
    data: Option<String>,
    total: usize,
    after_cr: bool,
    began: bool,
}

impl SseLines {
    /// Takes a chunk; gives the data of the events that it completes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, SseError> {
        let mut out = Vec::new();
        self.total = self.total.saturating_add(chunk.len());
        if self.total > MAX_STREAM_BYTES {
            return Err(SseError::Stream);
        }
        for &byte in chunk {
            let after_cr = std::mem::take(&mut self.after_cr);
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    out.extend(self.end_of_line()?);
                }
                _ if self.line.len() == MAX_LINE_BYTES => return Err(SseError::Line),
                _ => self.line.push(byte),
            }
        }
        Ok(out)
    }

    /// The stream has ended: what has begun is complete. (The standard drops it;
    /// servers that forget the last blank line are common.)
    pub fn finish(&mut self) -> Result<Option<String>, SseError> {
        if !self.line.is_empty()
            && let Some(data) = self.end_of_line()?
        {
            return Ok(Some(data));
        }
        Ok(self.data.take())
    }

    fn end_of_line(&mut self) -> Result<Option<String>, SseError> {
        let line = std::mem::take(&mut self.line);
        let first = !std::mem::replace(&mut self.began, true);
        let line = String::from_utf8_lossy(&line);
        let line = if first {
            line.trim_start_matches('\u{feff}')
        } else {
            &line
        };
        if line.is_empty() {
            return Ok(self.data.take());
        }
        // Comments (`: ping`), event names, ids and retry times say nothing here.
        let Some(value) = line.strip_prefix("data") else {
            return Ok(None);
        };
        let value = match value.strip_prefix(':') {
            Some(value) => value.strip_prefix(' ').unwrap_or(value),
            None if value.is_empty() => "",
            None => return Ok(None),
        };
        match &mut self.data {
            Some(data) if data.len() + value.len() >= MAX_LINE_BYTES => return Err(SseError::Line),
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const STREAM: &str = ": ping\r\n\r\ndata: {\"a\":\"가나\"}\r\n\r\nevent: x\nid: 1\ndata:one\ndata: two\n\ndata\n\ndatabase: no\r\rdata: [DONE]";

    fn read(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = SseLines::default();
        let mut out: Vec<String> = chunks.iter().flat_map(|c| lines.push(c).unwrap()).collect();
        out.extend(lines.finish().unwrap());
        out
    }

    #[test]
    fn every_cut_of_the_stream_reads_the_same() {
        let bytes = STREAM.as_bytes();
        let whole = read(&[bytes]);
        assert_eq!(whole, ["{\"a\":\"가나\"}", "one\ntwo", "", "[DONE]"]);
        for at in 0..=bytes.len() {
            assert_eq!(read(&[&bytes[..at], &bytes[at..]]), whole, "cut at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), whole);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        assert_eq!(read(&[b"data: \xff\xfe\n\n"]), ["\u{fffd}\u{fffd}"]);
        assert_eq!(read(&["\u{feff}data: a\n\n".as_bytes()]), ["a"]);
        assert_eq!(read(&[b""]), Vec::<String>::new());
    }

    #[test]
    fn lines_and_streams_have_bounds() {
        for (length, ok) in [
            (MAX_LINE_BYTES - 1, true),
            (MAX_LINE_BYTES, true),
            (MAX_LINE_BYTES + 1, false),
        ] {
            let mut line = b"data:".to_vec();
            line.resize(length, b'x');
            assert_eq!(SseLines::default().push(&line).is_ok(), ok, "{length}");
        }
        let comment = [vec![b':'; 1023], vec![b'\n']].concat();
        let mut lines = SseLines::default();
        for _ in 0..MAX_STREAM_BYTES / 1024 {
            lines.push(&comment).unwrap();
        }
        assert_eq!(lines.push(b"\n"), Err(SseError::Stream));
    }

    #[test]
    fn an_event_of_many_lines_is_bounded_too() {
        let line = [b"data:".as_slice(), &vec![b'x'; 600_000], b"\n"].concat();
        let mut lines = SseLines::default();
        assert!(lines.push(&line).is_ok());
        assert_eq!(lines.push(&line), Err(SseError::Line));
    }
}
