//! Injections that were published: the package of `AgentDojo` (MIT), pinned by hash. It is
//! read, never imported, and nothing of it lies in the repository.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::python;
use crate::repository::Repository;
use crate::session::Session;

/// Tells the tests where its folder is.
pub const VARIABLE: &str = "AZIMUTH_AGENTDOJO";

/// The folder of its Python sources and data.
pub async fn provide(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    let requirements = repository
        .root
        .join("tests/isolation/injections/public.txt");
    let python = python::provide(session, repository, &requirements, None).await?;
    python::package(&python, "agentdojo")
}
