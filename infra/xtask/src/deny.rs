//! `cargo xtask deny`: cargo-deny over the rules of `deny.toml`. `cargo xtask check` holds
//! the same rules every day without it; this is the second opinion.

use std::process::Stdio;

use tokio::process::Command;

use crate::failure::Failure;
use crate::installed;
use crate::repository::Repository;
use crate::session::Session;

/// Pinned; compiled below cargo's target folder on first use, which takes minutes.
const CARGO_DENY: (&str, &str) = ("cargo-deny", "0.20.2");

/// Without advisories, whose database comes from the network.
const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

/// Runs it.
pub async fn deny(session: &mut Session, repository: &Repository) -> Result<(), Failure> {
    let metadata = repository.metadata()?;
    let program = installed::provide(session, &metadata, CARGO_DENY).await?;
    let mut command = Command::new(program);
    command
        .args(["--locked", "check"])
        .args(CHECKS)
        .current_dir(&repository.root)
        .stdin(Stdio::null());
    session.succeed("deny", command).await
}
