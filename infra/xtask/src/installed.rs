//! Programs of the registry that only some commands need, each pinned to a version, and
//! compiled below cargo's target folder on first use.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::Metadata;
use crate::session::{Session, cargo};

/// Where the program of this package and version is, after installing it if need be.
pub async fn provide(
    session: &mut Session,
    metadata: &Metadata,
    (package, version): (&str, &str),
) -> Result<PathBuf, Failure> {
    // A folder for each version, so that a new pin is a new program.
    let folder = metadata
        .target_directory
        .join("installed")
        .join(format!("{package}-{version}"));
    let program = folder.join("bin").join(package);
    if program.is_file() {
        return Ok(program);
    }
    session.say(
        "install",
        format_args!("{package} {version} into {}", folder.display()),
    );
    let mut command = cargo();
    command
        .args(["install", "--locked", "--version"])
        .arg(format!("={version}"))
        .arg(package)
        .arg("--root")
        .arg(&folder)
        .arg("--target-dir")
        .arg(metadata.target_directory.join("installed/build"));
    session.succeed("install", command).await?;
    Ok(program)
}
