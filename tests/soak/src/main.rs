//! Chaos among real processes: people who ask, a product that is struck, and a
//! judgment of what came of it. See `README.md`.

mod api;
mod asker;
mod blows;
mod book;
mod chaos;
mod fleet;
mod gather;
mod judge;
mod ledger;
mod poison;
mod processes;
mod random;
mod report;
mod run;
mod watch;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

/// As a shell reports Ctrl-C.
const EXIT_INTERRUPTED: u8 = 130;

#[derive(Debug, Parser)]
#[command(about = "Chaos among real processes; started by `cargo xtask soak`")]
struct Arguments {
    #[command(subcommand)]
    face: Face,
}

#[derive(Debug, Subcommand)]
enum Face {
    /// Strike the product and judge what came of it
    Run(run::Run),
    /// The tool server whose changes are lines of a file
    Ledger { file: PathBuf },
}

fn main() -> ExitCode {
    match Arguments::parse().face {
        Face::Run(run) => soak(&run),
        Face::Ledger { file } => {
            ledger::serve(&file);
            ExitCode::SUCCESS
        }
    }
}

/// One thread: the cores belong to what is struck.
fn soak(run: &run::Run) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let folder = tempfile::Builder::new()
        .prefix("azimuth-soak-")
        .tempdir_in(&run.scratch);
    let (runtime, mut folder) = match (runtime, folder) {
        (Ok(runtime), Ok(folder)) => (runtime, folder),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("error: {}: {error}", run.scratch.display());
            return ExitCode::FAILURE;
        }
    };
    let work = async {
        tokio::select! {
            done = run::run(run, folder.path()) => Some(done),
            () = interrupted() => None,
        }
    };
    // With its tasks everything that they hold has ended.
    let done = LocalSet::new().block_on(&runtime, work);
    let code = match done {
        None => return ExitCode::from(EXIT_INTERRUPTED),
        Some(Ok(true)) if !run.keep => return ExitCode::SUCCESS,
        Some(Ok(true)) => ExitCode::SUCCESS,
        Some(Ok(false)) => ExitCode::FAILURE,
        Some(Err(failure)) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    };
    folder.disable_cleanup(true);
    eprintln!("databases and logs are kept in {}", folder.path().display());
    code
}

async fn interrupted() {
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
}
