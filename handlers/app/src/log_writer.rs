//! Where log lines go: without secrets, whatever was put into them.

use std::io;

use azimuth_domain::redact::redact;

/// Writes each line that it is given whole, without its secrets.
pub struct CleanLines<W>(pub W);

impl<W: io::Write> io::Write for CleanLines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let clean = redact(&text);
        self.0.write_all(clean.as_bytes())?;
        // A key that was cut off takes all that follows it.
        if text.ends_with('\n') && !clean.ends_with('\n') {
            self.0.write_all(b"\n")?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_line_loses_its_secrets_and_nothing_else() {
        let written = |line: &str| {
            let mut out = Vec::new();
            CleanLines(&mut out).write_all(line.as_bytes()).unwrap();
            String::from_utf8(out).unwrap()
        };
        let plain = "{\"message\":\"the store does not answer\"}\n";
        assert_eq!(written(plain), plain);
        assert_eq!(
            written("{\"error\":\"Password=hunter2;x\"}\n"),
            "{\"error\":\"Password=[redacted];x\"}\n"
        );
        let cut = written("{\"error\":\"-----BEGIN PRIVATE KEY-----MIIE\"}\n");
        assert!(!cut.contains("MIIE") && cut.ends_with('\n'), "{cut}");
    }
}
