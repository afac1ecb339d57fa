//! Azurite, the storage emulator from the npm registry: the queues of `dev
//! --storage azurite` and of the tests.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::portal::npm;
use crate::repository::Repository;
use crate::session::Session;

const STAGE: &str = "Azurite";

/// Gives the program that runs its queue service (with node, until standard input
/// ends); installs what `package-lock.json` pins at the first use.
pub async fn provide(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    let folder = repository.root.join("tests/azurite");
    npm::install(session, STAGE, &folder).await?;
    Ok(folder.join("queues.mjs"))
}
