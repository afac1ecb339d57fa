//! `azimuth-host`: reads its arguments, wires the queue, serves. What it does is
//! told in the library's documentation and in `README.md`.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use azimuth_embedded::SqliteQueue;
use azimuth_host::handler::Stopped;
use azimuth_host::queue::Queues;
use azimuth_host::{Group, Host, HostOptions, Log, Timing};
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// The host did not start, or the handler could not be started.
const EXIT_NOT_STARTED: u8 = 1;

/// The handler failed too often (2 is for wrong arguments).
const EXIT_THREE_STRIKES: u8 = 3;

/// A stand-in for the Azure Functions host, for development and tests.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Folder with host.json and one folder per function
    #[arg(long, value_name = "DIR")]
    script_root: PathBuf,
    /// Folder of the work queue [default: each queue trigger's connection, as the real host]
    #[arg(long, value_name = "DIR")]
    queue_dir: Option<PathBuf>,
    /// Port of the HTTP listener on 127.0.0.1, 0 for any [default: Host.LocalHttpPort, else 7071]
    #[arg(long)]
    port: Option<u16>,
    /// Which functions to listen for: all, http, function:NAME
    #[arg(long, default_value = "all")]
    group: Group,
    /// Where to tell the address and the process ids, as JSON
    #[arg(long, value_name = "FILE")]
    info_file: Option<PathBuf>,
    /// Stop when standard input ends, so that the host does not outlive its parent
    #[arg(long)]
    until_stdin_eof: bool,
}

/// What ends a host from outside.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
    stdin_end: Option<oneshot::Receiver<()>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("--queue-dir {}: {message}", dir.display())]
    Queue { dir: PathBuf, message: String },
    #[error("signals cannot be watched: {0}")]
    Signals(io::Error),
    #[error(transparent)]
    Start(#[from] azimuth_host::StartError),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = Log::stdout();
    match run(arguments, log.clone()).await {
        Ok(code) => code,
        Err(failure) => {
            log.error("Host.Startup", &failure);
            ExitCode::from(EXIT_NOT_STARTED)
        }
    }
}

async fn run(arguments: Arguments, log: Log) -> Result<ExitCode, Failure> {
    // Before the handler is started, so that no signal can leave it behind.
    let mut ends = Ends::watch(arguments.until_stdin_eof).map_err(Failure::Signals)?;
    let queues = match &arguments.queue_dir {
        Some(dir) => Queues::One(Arc::new(open_queue(dir)?)),
        None => Queues::OfSettings,
    };
    let options = HostOptions {
        script_root: arguments.script_root,
        port: arguments.port,
        group: arguments.group,
        info_file: arguments.info_file,
        // A variable that is no text cannot be a setting; it is left out.
        environment: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    };
    let mut host = Host::start(options, queues, Timing::default(), log.clone()).await?;
    log.information("Host.Startup", format_args!("Listening on {}", host.api()));
    let stopped = tokio::select! {
        stopped = host.stopped() => stopped,
        reason = ends.first() => {
            log.information("Host.General", format_args!("Stopping: {reason}."));
            host.stop().await;
            return Ok(ExitCode::SUCCESS);
        }
    };
    log.error("Host.General", &stopped);
    Ok(ExitCode::from(match stopped {
        Stopped::ThreeStrikes => EXIT_THREE_STRIKES,
        Stopped::NotStarted { .. } | Stopped::Asked => EXIT_NOT_STARTED,
    }))
}

fn open_queue(dir: &Path) -> Result<SqliteQueue, Failure> {
    let failure = |message| Failure::Queue {
        dir: dir.to_owned(),
        message,
    };
    std::fs::create_dir_all(dir).map_err(|error| failure(error.to_string()))?;
    SqliteQueue::open(dir).map_err(|error| failure(error.to_string()))
}

impl Ends {
    fn watch(until_stdin_eof: bool) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            stdin_end: until_stdin_eof.then(stdin_end),
        })
    }

    /// Waits for the first of them; says which.
    async fn first(&mut self) -> &'static str {
        let stdin_end = async {
            match self.stdin_end.as_mut() {
                // An error is a thread that is gone, and so is stdin.
                Some(end) => drop(end.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            () = stdin_end => "standard input has ended",
        }
    }
}

/// Waits for the end of standard input, on a thread of its own: a read that
/// never returns must not keep the runtime from ending.
fn stdin_end() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        // An unreadable stdin has ended as well.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        // The host may have stopped already.
        let _ = ended.send(());
    });
    end
}
