//! One run of a command at a terminal: its clock, its progress lines, its
//! interruption, and the programs that it runs to their end.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::processes::Group;
use crate::repository::not_started;

/// How often a line says that something long still goes on.
const STILL_EVERY: Duration = Duration::from_secs(10);

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
    pub async fn run(&mut self, stage: &str, command: Command) -> Result<ExitStatus, Failure> {
        let mut child = spawn(command)?;
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
                _ = still.tick() => self.say(stage, "still at it"),
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
pub fn spawn(mut command: Command) -> Result<Child, Failure> {
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
