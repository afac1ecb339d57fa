//! Packages of the Python registry, in an environment of their own: exactly what
//! a requirements file pins, by hash, kept in the cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::azure_mcp::sha256;
use crate::failure::Failure;
use crate::portal::FolderLock;
use crate::repository::Repository;
use crate::session::Session;

const STAGE: &str = "python packages";

/// Inside an environment.
const PYTHON: &str = "bin/python";

const ADVICE: &str = "python3 with venv and pip is needed (Debian, Ubuntu: apt install python3 \
    python3-venv), and for the first run the Python registry; pip's index, proxy and certificate \
    settings are honoured.";

/// Gives the Python that has the packages of `requirements`; installs them at the
/// first use, and says what `size` their download has where it is large. Needs no network
/// once the cache is filled.
pub async fn provide(
    session: &mut Session,
    repository: &Repository,
    requirements: &Path,
    size: Option<&str>,
) -> Result<PathBuf, Failure> {
    let pinned = sha256(requirements).map_err(Failure::file("read", requirements))?;
    let cache = repository.cache();
    // Named by the hash: another pin never meets this one's packages.
    let home = cache.join(format!("python-{}", &pinned[..12]));
    let python = home.join(PYTHON);
    if python.is_file() {
        return Ok(python);
    }
    let _one_at_a_time = FolderLock::take(session, STAGE, repository).await?;
    if python.is_file() {
        return Ok(python);
    }
    // Beside its final place, so that one that was cut off does not count.
    let part = cache.join(format!("python-{}.part", &pinned[..12]));
    let _left_by_a_crash = fs::remove_dir_all(&part);
    session.say(
        STAGE,
        format_args!(
            "installing those of {} ({}once)",
            requirements.display(),
            size.map_or_else(String::new, |size| format!("{size}, "))
        ),
    );
    make(session, requirements, &part).await?;
    fs::rename(&part, &home).map_err(Failure::file("move the packages to", &home))?;
    Ok(python)
}

/// What lies at `path` among the packages of `python`'s environment.
pub fn package(python: &Path, path: &str) -> Result<PathBuf, Failure> {
    let home = python.ancestors().nth(2).unwrap_or(python);
    let lib = home.join("lib");
    let found = fs::read_dir(&lib)
        .map_err(Failure::file("read", &lib))?
        .flatten()
        .map(|entry| entry.path().join("site-packages").join(path))
        .find(|found| found.exists());
    found.ok_or_else(|| {
        Failure::refused(
            format!("{} holds no {path}", lib.display()),
            "The package has changed its layout; infra/xtask must follow.",
        )
    })
}

async fn make(session: &mut Session, requirements: &Path, part: &Path) -> Result<(), Failure> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(part);
    run(session, venv, "python3 -m venv").await?;
    let mut pip = Command::new(part.join(PYTHON));
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--only-binary",
        ":all:",
    ])
    .args([
        "--require-hashes",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
    ])
    .arg("--requirement")
    .arg(requirements);
    run(session, pip, "pip").await
}

async fn run(session: &mut Session, mut command: Command, what: &str) -> Result<(), Failure> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()));
    session
        .succeed(STAGE, command)
        .await
        .map_err(|failure| match failure {
            Failure::Program { source, .. } => {
                Failure::refused(format!("{what} cannot be started: {source}"), ADVICE)
            }
            Failure::Ended { status, .. } => Failure::refused(
                format!("{what} failed ({status}); its own words are above"),
                ADVICE,
            ),
            other => other,
        })
}
