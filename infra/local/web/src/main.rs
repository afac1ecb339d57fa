//! `azimuth-web`: reads its arguments, serves. What it does is told in the
//! library's documentation and in `README.md`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use azimuth_web::config::Origin;
use azimuth_web::{Log, Overlay, SiteOptions, StartError, WebServer, info_file};
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// A stand-in for Azure Static Web Apps, for development and tests.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The built folder
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// The folder's staticwebapp.config.json
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Port on 127.0.0.1, 0 for any
    #[arg(long, default_value_t = 4280)]
    port: u16,
    /// A path whose file lies elsewhere; may be given several times
    #[arg(long = "overlay", value_name = "/PATH=FILE")]
    overlays: Vec<Overlay>,
    /// What the place holder %NAME% in header values stands for; may be given
    /// several times
    #[arg(long = "origin", value_name = "NAME=URL")]
    origins: Vec<Origin>,
    /// Where to tell the origin and the process id, as JSON
    #[arg(long, value_name = "FILE")]
    info_file: Option<PathBuf>,
    /// Stop when standard input ends, so that the server does not outlive its
    /// parent
    #[arg(long)]
    until_stdin_eof: bool,
}

/// What ends the server from outside.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
    stdin_end: Option<oneshot::Receiver<()>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("signals cannot be watched: {0}")]
    Signals(io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("--info-file {}: {error}", file.display())]
    Info { file: PathBuf, error: io::Error },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = Log::stdout();
    match run(arguments, &log).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log.error(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, log: &Log) -> Result<(), Failure> {
    let mut ends = Ends::watch(arguments.until_stdin_eof).map_err(Failure::Signals)?;
    let origins = arguments.origins.into_iter();
    let options = SiteOptions {
        root: arguments.root,
        config: arguments.config,
        overlays: arguments.overlays,
        origins: origins.map(|origin| (origin.name, origin.url)).collect(),
    };
    let server = WebServer::start(options, arguments.port, log.clone()).await?;
    if let Some(file) = arguments.info_file {
        info_file::write(&file, &server.origin()).map_err(|error| Failure::Info { file, error })?;
    }
    log.information(format_args!("Listening on {}", server.origin()));
    let reason = ends.first().await;
    log.information(format_args!("Stopping: {reason}."));
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
        // The server may have stopped already.
        let _ = ended.send(());
    });
    end
}
