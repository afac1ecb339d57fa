//! The benchmarks of the promises: each row beside its yardstick, both measured
//! in alternation on the same machine. See `README.md`.

mod failure;
mod figures;
mod model;
mod nothing;
mod person;
mod report;
mod rows;
mod seed;
mod stack;
mod tool_client;
mod tool_server;

use std::path::PathBuf;
use std::process::ExitCode;

use azimuth_stack::{client, machine, programs, usage};
use clap::{Parser, Subcommand};

use failure::{Done, Failure};
use machine::Machine;
use stack::Place;

#[derive(Debug, Parser)]
#[command(about = "The benchmarks; started by `cargo xtask bench`")]
struct Arguments {
    #[command(subcommand)]
    face: Face,
}

#[derive(Debug, Subcommand)]
enum Face {
    /// Measure
    Run(Run),
    /// The model backend
    Model { info: PathBuf },
    /// The axum route that does nothing
    Nothing { info: PathBuf },
    /// The tool server
    ToolServer,
    /// Hold event streams open
    Hold(rows::streams::Hold),
}

#[derive(Debug, Parser)]
struct Run {
    /// Only rows whose id or name contains this
    name: Option<String>,
    /// Where to write everything that was measured
    #[arg(long)]
    json: Option<PathBuf>,
    /// The repository
    #[arg(long)]
    root: PathBuf,
    /// Folder of the built programs
    #[arg(long)]
    programs: PathBuf,
    /// Where databases are to lie
    #[arg(long)]
    scratch: PathBuf,
}

fn main() -> ExitCode {
    // As the `handler` of an app folder there are no arguments: the host's port.
    let port = std::env::var(nothing::PORT_VARIABLE).ok();
    if let Some(port) = port.and_then(|port| port.parse().ok()) {
        return finish(in_runtime(nothing::serve_as_handler(port)));
    }
    finish(match Arguments::parse().face {
        Face::Run(run) => in_runtime(measure(run)),
        Face::Model { info } => in_runtime(async move { model::serve(&info).await }),
        Face::Nothing { info } => in_runtime(async move { nothing::serve(&info).await }),
        Face::Hold(hold) => in_runtime(rows::streams::hold(hold)),
        Face::ToolServer => {
            tool_server::serve();
            Ok(())
        }
    })
}

fn finish(done: Done) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// One thread: the two cores belong to what is measured.
fn in_runtime(work: impl Future<Output = Done>) -> Done {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("the runtime"))?
        .block_on(work)
}

async fn measure(run: Run) -> Done {
    let own = std::env::current_exe().map_err(Failure::io("this program"))?;
    let place = Place {
        root: run.root,
        programs: run.programs,
        own,
        scratch: run.scratch,
    };
    let machine = Machine::describe(&place.scratch, &place.root);
    let (rows, mut failures) = rows::measure(&place, run.name.as_deref()).await;
    report::print(&machine, &rows);
    if let Some(file) = &run.json {
        report::write(file, &machine, &rows)?;
    }
    failures.pop().map_or(Ok(()), Err)
}
