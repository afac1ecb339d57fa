//! Microsoft's Cosmos DB emulator, which is built apart: cargo unites the features of
//! what it builds together, and the product's SDK must not carry an emulator.

use tokio::process::Command;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::{Session, cargo};
use crate::united;

/// The package, whose program has the same name.
pub const PACKAGE: &str = "azimuth-cosmos";
/// Without it the package is empty.
const FEATURE: &str = "azimuth-cosmos/emulator";
/// Selected beside it, so that the crates that both use are compiled once, as is
/// [`united::PACKAGE`]. None of its targets is built.
const PRODUCT: &str = "azimuth-handler";

/// Lets `command` work on the emulator; the caller names the targets.
pub fn select(command: &mut Command) {
    command
        .args(["--package", PRODUCT, "--package", PACKAGE])
        .args(["--package", united::PACKAGE])
        .args(["--features", FEATURE]);
}

/// Builds the program.
pub async fn build(session: &mut Session, repository: &Repository) -> Result<(), Failure> {
    session.say("build", "Cosmos DB emulator");
    let mut command = cargo();
    command.arg("build").current_dir(&repository.root);
    select(&mut command);
    command.args(["--bin", PACKAGE]);
    session.succeed("build", command).await
}
