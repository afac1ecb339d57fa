//! The log: plain lines on stdout, `TIME [Level] message`.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

/// Where the lines go. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Log(Sink);

#[derive(Debug, Clone)]
enum Sink {
    Stdout,
    Memory(Arc<Mutex<Vec<String>>>),
}

impl Log {
    pub fn stdout() -> Self {
        Self(Sink::Stdout)
    }

    /// Keeps the lines (without their time) for a test to read.
    pub fn memory() -> Self {
        Self(Sink::Memory(Arc::default()))
    }

    /// The lines so far; empty for a log that does not keep them.
    pub fn lines(&self) -> Vec<String> {
        match &self.0 {
            Sink::Stdout => Vec::new(),
            Sink::Memory(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    pub fn information(&self, message: impl fmt::Display) {
        self.write("Information", message);
    }

    pub fn error(&self, message: impl fmt::Display) {
        self.write("Error", message);
    }

    fn write(&self, level: &str, message: impl fmt::Display) {
        let line = format!("[{level}] {message}");
        match &self.0 {
            // A closed stdout must not end the server.
            Sink::Stdout => {
                let _ = writeln!(std::io::stdout().lock(), "{} {line}", timestamp());
            }
            Sink::Memory(lines) => lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line),
        }
    }
}

/// UTC with milliseconds.
fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let (date, (hour, minute, second, millisecond)) = (now.date(), now.time().as_hms_milli());
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}
