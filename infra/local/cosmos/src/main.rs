//! `azimuth-cosmos`: reads its arguments, serves. What it does is told in the library's
//! documentation.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use azimuth_cosmos::{Emulator, Options, StartError, definition};
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Microsoft's in-memory Cosmos DB emulator on loopback, for development and tests.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port on 127.0.0.1, 0 for any
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Name of the database
    #[arg(long, value_name = "NAME", default_value = "azimuth")]
    database: String,
    /// Other containers than the product's, in the shape of containers.json
    #[arg(long, value_name = "FILE")]
    containers: Option<PathBuf>,
    /// The account's consistency level
    #[arg(long, value_name = "LEVEL", default_value = "Strong")]
    consistency: String,
    /// Let the account take writes in every region
    #[arg(long)]
    multi_write: bool,
    /// The only token that is let in
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Stop when standard input ends, so that the emulator does not outlive its parent
    #[arg(long)]
    until_stdin_eof: bool,
}

/// What ends the emulator from outside.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
    stdin_end: Option<oneshot::Receiver<()>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("signals cannot be watched: {0}")]
    Signals(io::Error),
    #[error("--containers {}: {error}", file.display())]
    Containers { file: PathBuf, error: io::Error },
    #[error("the containers are not defined: {0}")]
    Definition(#[from] serde_json::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut ends = Ends::watch(arguments.until_stdin_eof).map_err(Failure::Signals)?;
    let text = arguments
        .containers
        .map(|file| {
            std::fs::read_to_string(&file).map_err(|error| Failure::Containers { file, error })
        })
        .transpose()?;
    let database = arguments.database.clone();
    let emulator = Emulator::start(Options {
        port: arguments.port,
        database: arguments.database,
        containers: definition::read(text.as_deref())?,
        consistency: arguments.consistency,
        is_multi_write: arguments.multi_write,
        token: arguments.token,
    })
    .await?;
    println!(
        "cosmos ready endpoint=http://{} database={database}",
        emulator.address
    );
    ends.first().await;
    emulator.stop().await;
    Ok(())
}

impl Ends {
    fn watch(until_stdin_eof: bool) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            stdin_end: until_stdin_eof.then(stdin_end),
        })
    }

    /// Waits for the first of them.
    async fn first(&mut self) {
        let stdin_end = async {
            match self.stdin_end.as_mut() {
                // An error is a thread that is gone, and so is stdin.
                Some(end) => drop(end.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = stdin_end => {}
        }
    }
}

/// Waits for the end of standard input, on a thread of its own: a read that never
/// returns must not keep the runtime from ending.
fn stdin_end() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        // An unreadable stdin has ended as well.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        // The emulator may have stopped already.
        let _ = ended.send(());
    });
    end
}
