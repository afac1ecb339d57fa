//! The zip, unpacked elsewhere and run once under the host stand-in.

use std::fs;
use std::path::Path;

use tokio::process::Command;

use super::{PROGRAM_PACKAGES, archive, build};
use crate::failure::Failure;
use crate::processes::{adopt_orphans, sweep};
use crate::repository::{Metadata, Repository};
use crate::session::Session;

const STAGE: &str = "try";
/// Has the program that runs a package.
const PACKAGE: &str = "azimuth-stack";
const PROGRAM: &str = "azimuth-trial";
/// A tool server outlives a killed handler by at most 5 s.
const ORPHAN_GRACE: std::time::Duration = std::time::Duration::from_secs(8);

/// Prints start and memory of the handler in `zip`; fails when a turn with a tool call
/// does not end well. What runs beside the handler is not optimised.
pub async fn run(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    zip: &Path,
) -> Result<(), Failure> {
    adopt_orphans().map_err(Failure::file("watch the children of", Path::new(PROGRAM)))?;
    let mut packages = PROGRAM_PACKAGES.to_vec();
    packages.push(PACKAGE);
    build(session, repository, &packages, false).await?;
    let folder = metadata.target_directory.join("trial");
    let package = folder.join("package");
    let scratch = folder.join("scratch");
    let _left_by_a_crash = fs::remove_dir_all(&folder);
    fs::create_dir_all(&scratch).map_err(Failure::file("create", &scratch))?;
    archive::unpack_as_deployed(zip, &package).map_err(Failure::file("unpack", zip))?;
    session.say(
        STAGE,
        format_args!("running what is unpacked in {}", package.display()),
    );
    let programs = metadata.programs(false);
    let mut command = Command::new(programs.join(PROGRAM));
    command
        .arg("--package")
        .arg(&package)
        .arg("--programs")
        .arg(&programs)
        .arg("--scratch")
        .arg(&scratch);
    // The handler refuses settings that it does not know.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AZIMUTH_") {
            command.env_remove(name);
        }
    }
    let tried = session.succeed(STAGE, command).await;
    sweep(ORPHAN_GRACE).await;
    tried?;
    fs::remove_dir_all(&folder).map_err(Failure::file("remove", &folder))
}
