//! One run of a command at a terminal: its clock, its progress lines, its
//! interruption, and the programs that it runs to their end.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::failure::Failure;
use crate::processes::Group;
use crate::repository::not_started;

/// How often a line says that something long still goes on.
const STILL_EVERY: Duration = Duration::from_secs(10);

/// How long the rest of an output is waited for after its program has ended.
const DRAIN_GRACE: Duration = Duration::from_secs(2);

/// From SIGTERM to SIGKILL when a program is stopped half way.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Made once, first of all: from then on Ctrl-C and SIGTERM are ours to obey.
#[derive(Debug)]
pub struct Session {
    started: Instant,
    signals: [Signal; 3],
}

impl Session {
    pub fn begin() -> io::Result<Self> {
        Ok(Self {
            started: Instant::now(),
            signals: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    /// One line of progress, with the seconds since the start. Goes to stderr:
    /// stdout is for what scripts read.
    pub fn say(&self, stage: &str, text: impl fmt::Display) {
        eprintln!("[{:6.1} s] {stage}: {text}", self.seconds());
    }

    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Waits for Ctrl-C, SIGTERM or the end of the terminal.
    pub async fn interrupted(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Runs a program to its end; a line every few seconds says that it still
    /// runs. An interruption ends it and everything in its process group.
    pub async fn run(&mut self, stage: &str, mut command: Command) -> Result<ExitStatus, Failure> {
        let mut child = spawn(&mut command)?;
        let group = Group::led_by(&child);
        let mut still = tokio::time::interval(STILL_EVERY);
        still.tick().await;
        loop {
            tokio::select! {
                status = child.wait() => {
                    return status.map_err(not_started(stage));
                }
                () = self.interrupted() => {
                    stop(&mut child, group).await;
                    return Err(Failure::Interrupted);
                }
                _ = still.tick() => self.say(stage, "still working"),
            }
        }
    }

    /// As [`Self::run`], handing over each line of its standard output. `None`
    /// when it took longer than `limit` and was ended.
    pub async fn lines(
        &mut self,
        stage: &str,
        mut command: Command,
        limit: Option<Duration>,
        mut take: impl FnMut(&str),
    ) -> Result<Option<ExitStatus>, Failure> {
        let mut child = spawn(command.stdout(Stdio::piped()))?;
        let group = Group::led_by(&child);
        let mut lines = child.stdout.take().map(read_lines);
        let mut still = tokio::time::interval(STILL_EVERY);
        still.tick().await;
        let deadline = limit.map(|limit| tokio::time::Instant::now() + limit);
        loop {
            tokio::select! {
                line = next(&mut lines) => match line {
                    Some(line) => {
                        take(&line);
                        still.reset();
                    }
                    None => lines = None,
                },
                // Whoever inherited its output may hold it open; the program counts.
                status = child.wait() => {
                    let drained = drain(&mut lines, &mut take);
                    // Nothing more comes, or only from a leftover.
                    let _late = tokio::time::timeout(DRAIN_GRACE, drained).await;
                    return status.map(Some).map_err(not_started(stage));
                }
                () = self.interrupted() => {
                    stop(&mut child, group).await;
                    return Err(Failure::Interrupted);
                }
                () = until(deadline) => {
                    stop(&mut child, group).await;
                    return Ok(None);
                }
                _ = still.tick() => self.say(stage, "still working"),
            }
        }
    }

    /// As [`Self::run`]; anything but success is a failure.
    pub async fn succeed(&mut self, stage: &str, command: Command) -> Result<(), Failure> {
        let told = describe(&command);
        let status = self.run(stage, command).await?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::Ended {
                command: told,
                status,
            })
        }
    }
}

/// Starts a program in a process group of its own, so that a Ctrl-C in the
/// terminal reaches this program only, which then ends the others in order.
pub fn spawn(command: &mut Command) -> Result<Child, Failure> {
    let program = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    command
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(not_started(&program))
}

/// Ends a program and its group: SIGTERM, a grace, SIGKILL.
pub async fn stop(child: &mut Child, group: Option<Group>) {
    let Some(group) = group else { return };
    group.terminate();
    // The group is killed either way: it may hold more than the leader.
    let _ended = tokio::time::timeout(STOP_GRACE, child.wait()).await;
    group.kill();
    let _reaped = child.wait().await;
}

type Lines = UnboundedReceiver<String>;

/// Reads to the end whatever the bytes are, so that the program never finds its
/// output closed. A task of its own, since half a line must not get lost when
/// something else happens first.
fn read_lines(output: ChildStdout) -> Lines {
    let (send, lines) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut output = BufReader::new(output);
        let mut bytes = Vec::new();
        while matches!(output.read_until(b'\n', &mut bytes).await, Ok(1..)) {
            let line = String::from_utf8_lossy(&bytes);
            // Nobody listens any more when the program has ended.
            let _unheard = send.send(line.trim_end_matches(['\n', '\r']).to_owned());
            bytes.clear();
        }
    });
    lines
}

/// Pending when there is nothing to read from.
async fn next(lines: &mut Option<Lines>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

async fn drain(lines: &mut Option<Lines>, take: &mut impl FnMut(&str)) {
    while lines.is_some() {
        match next(lines).await {
            Some(line) => take(&line),
            None => *lines = None,
        }
    }
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A cargo command without input.
pub fn cargo() -> Command {
    let mut command = Command::from(crate::repository::cargo());
    command.stdin(Stdio::null());
    command
}

fn describe(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
