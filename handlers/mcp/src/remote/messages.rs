//! Messages in a stream of server-sent events, of which only the data counts.

/// Collects the bytes of a stream and gives the data of its events. Neither a line nor
/// the data of an event is longer than `max` bytes.
pub(super) struct Messages {
    max: usize,
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_return: bool,
}

/// A line or an event is longer than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Messages {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            after_return: false,
        }
    }

    /// Takes the next bytes, and gives the data of every event that they end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut found = Vec::new();
        for byte in bytes {
            let follows_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => found.extend(self.end_line()?),
                other => {
                    if self.line.len() >= self.max {
                        return Err(TooLong);
                    }
                    self.line.push(*other);
                }
            }
        }
        Ok(found)
    }

    fn end_line(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let had_data = std::mem::take(&mut self.has_data);
            let data = std::mem::take(&mut self.data);
            return Ok(had_data.then_some(data));
        }
        let Some(value) = line.strip_prefix(b"data") else {
            return Ok(None);
        };
        let value = match value {
            [] => value,
            [b':', b' ', rest @ ..] | [b':', rest @ ..] => rest,
            _ => return Ok(None),
        };
        if self.data.len() + value.len() >= self.max {
            return Err(TooLong);
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(value);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&str]) -> Result<Vec<String>, TooLong> {
        let mut messages = Messages::new(16);
        let mut found = Vec::new();
        for piece in pieces {
            found.extend(messages.take(piece.as_bytes())?);
        }
        let text = found.iter().map(|data| String::from_utf8_lossy(data));
        Ok(text.map(std::borrow::Cow::into_owned).collect())
    }

    #[test]
    fn events_are_read_however_they_are_cut_and_whatever_ends_their_lines() {
        for pieces in [
            &["data: a\n\n"][..],
            &["data:a\r\n\r\n"],
            &["data: a\r\r"],
            &["da", "ta: ", "a", "\r", "\n", "\r", "\n"],
            &["event: message\nid: 1\nretry: 5\ndata: a\n\n"],
            &[": ping\n\n\ndata: a\n\n: ping\n\n"],
            &["data: a\n\ndata: not ended\n"],
            &["dataset: x\n\ndata: a\n\n"],
        ] {
            assert_eq!(events(pieces), Ok(vec!["a".to_owned()]), "{pieces:?}");
        }
        let two = ["data: a\ndata: b\n\ndata\n\n"];
        assert_eq!(events(&two), Ok(vec!["a\nb".to_owned(), String::new()]));
    }

    #[test]
    fn no_line_and_no_event_is_longer_than_the_limit() {
        assert_eq!(events(&[&"x".repeat(16)]), Ok(vec![]));
        assert_eq!(events(&[&"x".repeat(17)]), Err(TooLong));
        let event = |lines: usize| "data: 12345\n".repeat(lines);
        assert_eq!(events(&[&event(2)]), Ok(vec![]));
        assert_eq!(events(&[&event(3)]), Err(TooLong));
    }
}
