//! A program of ours that `dev` keeps running: its log, its end.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};

use super::private;
use crate::failure::Failure;
use crate::processes::Group;
use crate::session::spawn;

/// From SIGTERM to SIGKILL. Two programs one after the other stay far below the
/// 20 s in which everything must have ended.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// How much of a log is shown when its program has failed.
const TAIL_LINES: usize = 15;
const TAIL_BYTES: u64 = 16 * 1024;

#[derive(Debug)]
pub struct Service {
    pub name: &'static str,
    pub log: PathBuf,
    child: Child,
    group: Option<Group>,
    /// Closed by the end of this process, however that comes about; the program
    /// then ends by itself.
    _lifeline: Option<ChildStdin>,
}

impl Service {
    /// Starts a program whose `--until-stdin-eof` is set. What it prints is
    /// added to `logs/NAME.log`.
    pub fn start(name: &'static str, mut command: Command, logs: &Path) -> Result<Self, Failure> {
        let log = logs.join(format!("{name}.log"));
        let file = private::append(&log).map_err(Failure::file("write", &log))?;
        let copy = file.try_clone().map_err(Failure::file("write", &log))?;
        command
            .arg("--until-stdin-eof")
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(copy);
        let mut child = spawn(&mut command)?;
        Ok(Self {
            name,
            log,
            group: Group::led_by(&child),
            _lifeline: child.stdin.take(),
            child,
        })
    }

    /// 0 when it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Waits for an end that nobody asked for; what the program has left in its
    /// group is killed then.
    pub async fn ended(&mut self) -> String {
        // tokio's wait ignores no status; an error means that it is gone too.
        let status = self.child.wait().await;
        if let Some(group) = self.group {
            group.kill();
        }
        status.map_or_else(|error| error.to_string(), describe)
    }

    /// `None` while it runs.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten()?.code()
    }

    /// Ends it: SIGTERM, a grace, SIGKILL to its group.
    pub async fn stop(&mut self) {
        let Some(group) = self.group else { return };
        if self.child.id().is_some() {
            group.terminate();
            let _ended = tokio::time::timeout(STOP_GRACE, self.child.wait()).await;
        }
        group.kill();
        let _reaped = self.child.wait().await;
    }

    /// Why it is bad that it ended, with the last lines of its log.
    pub fn failure(&self, how: &str, advice: &str) -> Failure {
        Failure::refused(
            format!(
                "{} {how}. The last lines of {}:\n{}",
                self.name,
                self.log.display(),
                tail(&self.log)
            ),
            advice,
        )
    }
}

fn describe(status: ExitStatus) -> String {
    format!("ended with {status}")
}

/// Keeps the log of the run before as `NAME.log.1`.
pub fn begin_logs(logs: &Path, names: &[&str]) -> Result<(), Failure> {
    private::own_folder(logs).map_err(Failure::file("create", logs))?;
    for name in names {
        let log = logs.join(format!("{name}.log"));
        if log.exists() {
            let former = logs.join(format!("{name}.log.1"));
            fs::rename(&log, &former).map_err(Failure::file("move", &log))?;
        }
    }
    Ok(())
}

/// The last lines of a file, indented.
fn tail(file: &Path) -> String {
    let read = || {
        let mut file = File::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "    (it is empty)".to_owned();
    }
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    let indented: Vec<String> = last.iter().map(|line| format!("    {line}")).collect();
    indented.join("\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_tail_is_the_end_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        assert_eq!(tail(&file), "    (it is empty)");
        for lines in [TAIL_LINES - 1, TAIL_LINES, TAIL_LINES + 1, 10_000] {
            let text: Vec<String> = (0..lines).map(|number| format!("line {number}")).collect();
            fs::write(&file, text.join("\n")).unwrap();
            let tail = tail(&file);
            assert_eq!(tail.lines().count(), lines.min(TAIL_LINES));
            assert!(tail.ends_with(&format!("    line {}", lines - 1)));
        }
    }

    #[test]
    fn the_former_log_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        begin_logs(&logs, &["a"]).unwrap();
        fs::write(logs.join("a.log"), "one").unwrap();
        begin_logs(&logs, &["a"]).unwrap();
        assert!(!logs.join("a.log").exists());
        assert_eq!(fs::read_to_string(logs.join("a.log.1")).unwrap(), "one");
    }
}
