//! A second MCP server, from the npm registry, that the end-to-end tests run.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::portal::npm;
use crate::repository::Repository;
use crate::session::Session;

const STAGE: &str = "second MCP server";
const PROGRAM: &str = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";

/// Gives its program; installs what `package-lock.json` pins at the first use.
pub async fn provide(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    let folder = repository.root.join("tests/servers");
    let program = folder.join(PROGRAM);
    npm::install(session, STAGE, &folder).await?;
    if program.is_file() {
        Ok(program)
    } else {
        Err(Failure::refused(
            format!("npm ci left no {}", program.display()),
            "tests/servers/package-lock.json pins another package layout.",
        ))
    }
}
