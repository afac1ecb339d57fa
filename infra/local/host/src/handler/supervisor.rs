use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::HandlerCommand;
use super::console;
use super::readiness::wait_until_ready;
use super::shared::{Handler, HandlerState};
use super::strikes::{LIMIT, Strikes};
use crate::log::Log;
use crate::settings::ScriptRoot;
use crate::timing::Timing;

const CATEGORY: &str = "Host.Worker";

/// Exit codes after which the handler is started again without counting it: 0
/// (since azure-functions-host#11576) and the code for a wanted restart.
const UNCOUNTED_EXIT_CODES: [i32; 2] = [0, 200];

/// Keeps exactly one handler process running until the host stops.
#[derive(Debug)]
pub struct Supervisor {
    command: HandlerCommand,
    initialization_timeout: Duration,
    timing: Timing,
    log: Log,
    strikes: Strikes,
    address: SocketAddr,
    state: watch::Sender<HandlerState>,
    kills: mpsc::UnboundedReceiver<u64>,
    /// Bound but not listening, so that nobody is given the port between two
    /// handlers. The handler can bind it too because both set `SO_REUSEADDR`,
    /// as listeners of std and tokio do on Unix.
    _reservation: TcpSocket,
}

/// Why there is no handler any more.
#[derive(Debug)]
pub enum Stopped {
    /// The host was told to stop.
    Asked,
    /// The handler failed [`LIMIT`] times with less than the window between.
    ThreeStrikes,
    /// The operating system did not start it.
    NotStarted {
        executable: PathBuf,
        error: io::Error,
    },
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("the host was asked to stop"),
            Self::ThreeStrikes => write!(
                f,
                "Exceeded http worker restart retry count: the handler failed {LIMIT} times. Shutting down Functions Host"
            ),
            Self::NotStarted { executable, error } => write!(
                f,
                "customHandler.description.defaultExecutablePath: {} cannot be started: {error}",
                executable.display()
            ),
        }
    }
}

/// How one process came to its end.
enum End {
    Asked,
    Killed,
    Exited(io::Result<ExitStatus>),
    NotReady,
}

impl Supervisor {
    /// Reserves the handler's port. The process is started by [`Self::run`].
    pub fn new(
        root: &ScriptRoot,
        target_group: Option<&str>,
        timing: Timing,
        log: Log,
    ) -> io::Result<(Self, Arc<Handler>)> {
        let reservation = TcpSocket::new_v4()?;
        reservation.set_reuseaddr(true)?;
        let port = root.host.custom_handler.port.unwrap_or(0);
        reservation.bind((Ipv4Addr::LOCALHOST, port).into())?;
        let address = reservation.local_addr()?;
        let (state, seen_state) = watch::channel(HandlerState::Starting);
        let (kill, kills) = mpsc::unbounded_channel();
        let supervisor = Self {
            command: HandlerCommand::new(root, address.port(), target_group),
            initialization_timeout: root.host.custom_handler.initialization_timeout,
            strikes: Strikes::new(timing.strike_window),
            timing,
            log,
            address,
            state,
            kills,
            _reservation: reservation,
        };
        Ok((
            supervisor,
            Arc::new(Handler::new(address, seen_state, kill)),
        ))
    }

    /// Runs handlers one after the other; none is left when this returns.
    pub async fn run(mut self, stop: CancellationToken) -> Stopped {
        let mut generation = 0;
        let stopped = loop {
            generation += 1;
            let mut child = match self.command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    break Stopped::NotStarted {
                        executable: self.command.executable.clone(),
                        error,
                    };
                }
            };
            console::follow(&mut child, &self.log);
            let end = self.watch(&mut child, generation, &stop).await;
            self.state.send_replace(HandlerState::Starting);
            if !matches!(end, End::Exited(_)) {
                self.kill(&mut child).await;
            }
            if let Some(stopped) = self.after(end) {
                break stopped;
            }
            // So that a handler that always exits at once does not fill a core.
            sleep(self.timing.readiness_interval).await;
        };
        self.state.send_replace(HandlerState::Stopped);
        stopped
    }

    async fn watch(&mut self, child: &mut Child, generation: u64, stop: &CancellationToken) -> End {
        let ready = wait_until_ready(
            self.address,
            self.timing.readiness_interval,
            self.initialization_timeout,
        );
        tokio::select! {
            () = stop.cancelled() => return End::Asked,
            status = child.wait() => return End::Exited(status),
            ready = ready => if !ready {
                return End::NotReady;
            },
        }
        let pid = child.id().unwrap_or_default();
        self.log.information(
            CATEGORY,
            format_args!("Worker process started and initialized (pid {pid})."),
        );
        self.state
            .send_replace(HandlerState::Ready { pid, generation });
        loop {
            tokio::select! {
                () = stop.cancelled() => return End::Asked,
                status = child.wait() => return End::Exited(status),
                Some(killed) = self.kills.recv() => if killed == generation {
                    return End::Killed;
                },
            }
        }
    }

    /// SIGKILL, and a wait: there is no gentler way in the real host either.
    async fn kill(&self, child: &mut Child) {
        // An error says that the process has ended by itself.
        let _ = child.start_kill();
        if timeout(self.timing.kill_wait, child.wait()).await.is_err() {
            self.log.warning(
                CATEGORY,
                format_args!(
                    "Worker process has not exited despite waiting for {:?}",
                    self.timing.kill_wait
                ),
            );
        }
    }

    /// What follows from the end of a process: `None`, another one.
    fn after(&mut self, end: End) -> Option<Stopped> {
        let reason = match end {
            End::Asked => return Some(Stopped::Asked),
            End::Killed => {
                self.log.information(
                    CATEGORY,
                    "Restarting the worker process after a function timeout.",
                );
                return None;
            }
            End::Exited(Ok(status))
                if status
                    .code()
                    .is_some_and(|code| UNCOUNTED_EXIT_CODES.contains(&code)) =>
            {
                self.log
                    .information(CATEGORY, "Worker process exited and needs to be restarted.");
                return None;
            }
            End::Exited(Ok(status)) => format!("exited with {status}"),
            End::Exited(Err(error)) => format!("cannot be watched: {error}"),
            End::NotReady => format!(
                "did not answer GET / on {} within {:?}",
                self.address, self.initialization_timeout
            ),
        };
        let out = self.strikes.strike(Instant::now());
        self.log.error(
            CATEGORY,
            format_args!(
                "Worker process {reason} (error {} of {LIMIT}).",
                self.strikes.count()
            ),
        );
        out.then_some(Stopped::ThreeStrikes)
    }
}
