//! Programs that end with us: their standard input is a pipe that we hold.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::{Done, Failure};

/// How long a program may take until it says where it is.
const START: Duration = Duration::from_mins(1);

/// A child that is asked to end when it is dropped, and killed when it does not.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts `command` with its output in `log`, which may be a device.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Done<Self> {
        let output = std::fs::File::create(log).map_err(Failure::file(log))?;
        let twin = output.try_clone().map_err(Failure::file(log))?;
        let child = command
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(twin)
            .env_remove("HTTPS_PROXY")
            .env_remove("HTTP_PROXY")
            .spawn()
            .map_err(Failure::io(name))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end and does not wait: whoever ends many asks all of them first.
    pub fn ask_to_end(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits until the program has written a JSON file.
    pub async fn wrote(&mut self, file: &Path) -> Done<Value> {
        let deadline = Instant::now() + START;
        loop {
            let text = std::fs::read(file).unwrap_or_default();
            if let Ok(value) = serde_json::from_slice(&text) {
                return Ok(value);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.failed(format!("ended with {status}")));
            }
            if Instant::now() > deadline {
                return Err(self.failed("is not ready".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until a line of the program's log has `marker` in it; what follows there,
    /// up to the line's end.
    pub async fn said(&mut self, marker: &str) -> Done<String> {
        let deadline = Instant::now() + START;
        loop {
            let text = std::fs::read_to_string(&self.log).unwrap_or_default();
            let mut lines = text.split_inclusive('\n').filter(|l| l.ends_with('\n'));
            let told = lines.find_map(|line| line.split_once(marker));
            if let Some((_, told)) = told {
                return Ok(told.trim().to_owned());
            }
            if let Some(status) = self.ended() {
                return Err(self.failed(format!("ended with {status}")));
            }
            if Instant::now() > deadline {
                return Err(self.failed("is not ready".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The error with the end of the program's log.
    pub fn failed(&self, problem: String) -> Failure {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        Failure::Program {
            program: self.name.clone(),
            problem,
            log: lines[lines.len().saturating_sub(30)..].join("\n"),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        for _ in 0..400 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends this process when its standard input ends: nothing of ours outlives the
/// program that started it.
pub fn end_with_stdin() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
}

/// Writes a file whole: whoever waits for it never reads half of it.
pub fn write_whole(file: &Path, value: &Value) -> Done {
    let part = file.with_extension("part");
    std::fs::write(&part, value.to_string()).map_err(Failure::file(&part))?;
    std::fs::rename(&part, file).map_err(Failure::file(file))
}
