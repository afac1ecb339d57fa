//! `handler confine [wall…] -- <command> [argument…]`: runs a command as its child, hands
//! standard input and output through untouched, and ends the command when the
//! process that started it is gone, even by SIGKILL. [Walls](walls) are put up around
//! both before the command is started, and what root may do more is given up.
//!
//! A process that is killed cannot clean up, so somebody else must notice. The
//! kernel's parent-death signal would need unsafe code in the child and fires on
//! the end of a thread; a small process that looks needs neither.

mod privileges;
pub mod walls;

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Signal, getpgrp, getpid, getppid, kill_process, kill_process_group, setpgid,
};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use self::walls::Walls;

/// How often the wrapper looks for its parent.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// From SIGTERM to SIGKILL once the parent is gone.
const TERMINATE_GRACE: Duration = Duration::from_secs(1);
/// How long a command may go on after its input was closed. Covers a parent that
/// died before the wrapper could look for the first time.
const INPUT_CLOSED_GRACE: Duration = Duration::from_secs(3);
/// How often a program that is busy is tried, and how long between two tries.
const BUSY_TRIES: u32 = 40;
const BUSY_PAUSE: Duration = Duration::from_millis(25);
/// The command cannot be started, as a shell reports it.
const NOT_STARTED: u8 = 127;

/// Runs `arguments` (walls, `--`, the command and its arguments) and returns its exit
/// code, or 128 plus the signal that ended it. The wrapper leads a process group of its
/// own; the command and what it starts belong to it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parent = getppid();
    let mut arguments = arguments.into_iter().peekable();
    let walls = match Walls::read(&mut arguments) {
        Ok(walls) => walls,
        Err(error) => return fail(&format!("confine: {error}")),
    };
    let Some(program) = arguments.next() else {
        return fail("confine: name a command after --");
    };
    if getpgrp() != getpid() && setpgid(None, None).is_err() {
        return fail("confine: no process group of its own");
    }
    // This thread is the only one, and everything that it starts stands inside.
    if let Err(error) = walls.raise() {
        return fail(&format!("confine: {error}"));
    }
    if let Err(error) = privileges::give_up() {
        return fail(&format!("confine: {error}"));
    }
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("confine: {error}")),
    };
    runtime.block_on(async {
        let mut command = Command::new(&program);
        command.args(arguments);
        match start(&mut command).await {
            Ok(child) => watch(child, parent).await,
            Err(error) => fail(&format!(
                "confine: cannot start {}: {error}",
                program.display()
            )),
        }
    })
}

/// A program that was copied a moment ago may still be open for writing: whoever forks
/// meanwhile holds the file until its own program begins.
async fn start(command: &mut Command) -> io::Result<Child> {
    for _ in 0..BUSY_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            started => return started,
        }
    }
    command.spawn()
}

#[expect(
    clippy::print_stderr,
    reason = "standard error is how the wrapper tells its parent"
)]
fn fail(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(NOT_STARTED)
}

async fn watch(mut child: Child, parent: Option<Pid>) -> ExitCode {
    // A signal to the group reaches the command too; the wrapper stays, since it
    // is the one that knows when the command must go.
    let (Ok(mut term), Ok(mut int), Ok(mut hup)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    ) else {
        return end(&mut child).await;
    };
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut input_closed_at: Option<Instant> = None;
    loop {
        tokio::select! {
            status = child.wait() => return code(&status),
            _ = term.recv() => {}
            _ = int.recv() => {}
            _ = hup.recv() => {}
            now = look.tick() => {
                if input_is_closed() {
                    input_closed_at.get_or_insert(now);
                }
                let closed_too_long =
                    input_closed_at.is_some_and(|at| now.duration_since(at) >= INPUT_CLOSED_GRACE);
                if getppid() != parent || closed_too_long {
                    return end(&mut child).await;
                }
            }
        }
    }
}

/// Whether everybody who could write to standard input has gone. Reads nothing.
fn input_is_closed() -> bool {
    let input = io::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::empty())];
    poll(
        &mut polled,
        Some(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }),
    )
    .is_ok()
        && polled[0].revents().contains(PollFlags::HUP)
}

/// Asks the command to end, then kills the whole group, the wrapper with it.
async fn end(child: &mut Child) -> ExitCode {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid
        && kill_process(pid, Signal::TERM).is_ok()
    {
        // Either way the group is killed next: the command may have children.
        let _ended = tokio::time::timeout(TERMINATE_GRACE, child.wait()).await;
    }
    let killed = kill_process_group(getpgrp(), Signal::KILL);
    if killed.is_err() {
        let _killed = child.kill().await;
    }
    ExitCode::from(NOT_STARTED)
}

fn code(status: &io::Result<ExitStatus>) -> ExitCode {
    let Ok(status) = status else {
        return ExitCode::FAILURE;
    };
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code & 0xff).unwrap_or(1))
}
