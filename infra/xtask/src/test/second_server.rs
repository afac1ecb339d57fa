//! A second MCP server, from the npm registry, that the end-to-end tests run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::azure_mcp::sha256;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;

const STAGE: &str = "second MCP server";
const PROGRAM: &str = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";

/// Gives its program; installs what `package-lock.json` pins at the first use.
pub async fn provide(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    let folder = repository.root.join("tests/servers");
    let program = folder.join(PROGRAM);
    let lock = folder.join("package-lock.json");
    let locked = sha256(&lock).map_err(Failure::file("read", &lock))?;
    // Written last, so an installation that was cut off does not count.
    let mark = folder.join("node_modules/.azimuth-lock");
    if program.is_file() && fs::read_to_string(&mark).is_ok_and(|installed| installed == locked) {
        return Ok(program);
    }
    session.say(STAGE, "installing (npm ci, once)");
    install(session, &folder).await?;
    if !program.is_file() {
        return Err(Failure::refused(
            format!("npm ci left no {}", program.display()),
            "tests/servers/package-lock.json pins another package layout.",
        ));
    }
    fs::write(&mark, locked).map_err(Failure::file("write", &mark))?;
    Ok(program)
}

async fn install(session: &mut Session, folder: &Path) -> Result<(), Failure> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()));
    session.succeed(STAGE, npm).await.map_err(|failure| match failure {
        Failure::Program { source, .. } => Failure::refused(
            format!("npm cannot be started: {source}"),
            "Install Node 20 or later with npm; or leave these tests out: cargo xtask test --quick",
        ),
        Failure::Ended { status, .. } => Failure::refused(
            format!("npm ci failed ({status}); its own words are above"),
            "The first run needs the npm registry.",
        ),
        other => other,
    })
}
