//! The host's log: plain lines on stdout, `TIME [Level] Category: message`.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

/// The category under which the real host shows the handler's own lines.
pub const CONSOLE: &str = "Host.Function.Console";

/// Where the lines go. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Log(Sink);

#[derive(Debug, Clone)]
enum Sink {
    Stdout,
    Memory(Arc<Mutex<Vec<String>>>),
}

/// Severity, named as the host's logs name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Information,
    Warning,
    Error,
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

    pub fn information(&self, category: &str, message: impl fmt::Display) {
        self.write(Level::Information, category, message);
    }

    pub fn warning(&self, category: &str, message: impl fmt::Display) {
        self.write(Level::Warning, category, message);
    }

    pub fn error(&self, category: &str, message: impl fmt::Display) {
        self.write(Level::Error, category, message);
    }

    pub fn write(&self, level: Level, category: &str, message: impl fmt::Display) {
        let line = format!("[{level:?}] {category}: {message}");
        match &self.0 {
            // A closed stdout must not end the host.
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
