//! `cargo xtask soak`: the long runs of everything that proves that a crash harms
//! nothing. The model's states, every crash point and many seeds are explored; then
//! `tests/soak` strikes the real product. What that does: `tests/soak/README.md`.

mod chaos;
mod model;
mod seeds;
mod table;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;
use table::Row;

/// What to run, and for how long.
#[derive(Debug, Args)]
pub struct SoakOptions {
    /// For how long the real product is struck
    #[arg(long, default_value_t = 20.0, value_name = "N")]
    pub minutes: f64,
    /// One of the methods
    #[arg(long, value_enum)]
    pub only: Option<Method>,
    /// Simulated schedules
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub seeds: u64,
    /// Of the blows' plan; drawn and printed when it is not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Where to write everything that was seen
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Strike what was built last
    #[arg(long)]
    pub no_build: bool,
    /// Keep databases and logs of the real product even if all was well
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// The real product, struck
    Chaos,
    /// Every state of the turn protocol within bounds
    Model,
    /// Every crash point, and simulated schedules
    Seeds,
}

/// Runs them, prints one table, and fails unless all held.
pub async fn soak(
    session: &mut Session,
    repository: &Repository,
    options: &SoakOptions,
) -> Result<(), Failure> {
    let runs = |method| options.only.is_none_or(|only| only == method);
    let (mut rows, mut told) = (Vec::new(), json!({}));
    // First, so that a suite without them is told at once.
    if runs(Method::Seeds) {
        let seeds = seeds::run(session, repository, options.seeds).await?;
        rows.extend(seeds);
    }
    if runs(Method::Model) {
        rows.push(model::run(session, repository).await?);
    }
    if runs(Method::Chaos) {
        let (row, chaos) = chaos::run(session, repository, options).await?;
        rows.push(row);
        told["chaos"] = chaos;
    }
    println!("\n{}", table::markdown(&rows));
    told["methods"] = json!(rows);
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{told:#}\n")).map_err(Failure::file("write", file))?;
    }
    if rows.iter().all(Row::is_good) {
        Ok(())
    } else {
        Err(Failure::Told("not everything held; see above"))
    }
}
