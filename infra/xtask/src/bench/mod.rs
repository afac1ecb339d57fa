//! `cargo xtask bench`: builds the product optimised and has `tests/bench` measure
//! it. What is measured and how: `tests/bench/README.md`.

use std::path::PathBuf;

use clap::Args;
use tokio::process::Command;

use crate::app::{self, PROGRAM_PACKAGES};
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;

const BENCH: &str = "azimuth-bench";

/// What to measure.
#[derive(Debug, Args)]
pub struct BenchOptions {
    /// An id of a row (P4) or the name of a benchmark; all without it
    pub name: Option<String>,
    /// Where to write everything that was measured
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Builds, measures, prints the table.
pub async fn bench(
    session: &mut Session,
    repository: &Repository,
    options: &BenchOptions,
) -> Result<(), Failure> {
    let metadata = repository.metadata()?;
    let mut packages = PROGRAM_PACKAGES.to_vec();
    packages.push(BENCH);
    app::build(session, repository, &packages, true).await?;
    let programs = metadata.programs(true);
    // On the disk that the repository is on, and not in memory as /tmp may be.
    let scratch = metadata.target_directory.join("bench");
    std::fs::create_dir_all(&scratch).map_err(Failure::file("create", &scratch))?;
    let mut command = Command::new(programs.join(BENCH));
    command
        .arg("run")
        .args(&options.name)
        .arg("--root")
        .arg(&repository.root)
        .arg("--programs")
        .arg(&programs)
        .arg("--scratch")
        .arg(&scratch);
    if let Some(json) = &options.json {
        command.arg("--json").arg(json);
    }
    // The handler refuses settings that it does not know.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AZIMUTH_") {
            command.env_remove(name);
        }
    }
    session.succeed("bench", command).await
}
