//! The handler's stdout and stderr as the host logs them.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;

use crate::log::{CONSOLE, Level, Log};

/// A line with this prefix goes to the system log, without it.
const SYSTEM_PREFIX: &str = "LanguageWorkerConsoleLog";

/// Copies both streams line by line until they end. A stream may outlive the
/// handler when a child of it holds it open.
pub fn follow(child: &mut Child, log: &Log) {
    if let Some(stdout) = child.stdout.take() {
        tokio::spawn(copy_lines(stdout, log.clone(), |_| Level::Information));
    }
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(copy_lines(stderr, log.clone(), stderr_level));
    }
}

fn stderr_level(line: &str) -> Level {
    if line.to_ascii_lowercase().contains("warn") {
        Level::Warning
    } else {
        Level::Error
    }
}

async fn copy_lines(stream: impl AsyncRead + Unpin, log: Log, level: fn(&str) -> Level) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match reader.read_until(b'\n', &mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\n', '\r']);
        match line.strip_prefix(SYSTEM_PREFIX) {
            Some(line) => log.write(level(line), "Worker.http", line),
            None => log.write(level(line), CONSOLE, line),
        }
    }
}
