//! The handler, linked against the oldest glibc that an image of the Functions host
//! has. zig is a C compiler and linker that knows the symbols of every glibc, and
//! cargo-zigbuild lets cargo use it.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::glibc;
use crate::failure::Failure;
use crate::python;
use crate::repository::{Metadata, Repository};
use crate::session::Session;

const STAGE: &str = "build";

/// What pip is given, hashes included.
const REQUIREMENTS: &str = "infra/xtask/zig.txt";
const SIZE: &str = "103 MB";

/// Of the wheels, and of the images of the Functions host.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds the program `program` of `package`, optimised; returns where it is. The first
/// run downloads zig.
pub async fn build(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    package: &str,
    program: &str,
) -> Result<PathBuf, Failure> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::refused(
            "the package is built on Linux on x86-64 only",
            "Without --release it is built for this machine.",
        ));
    }
    let requirements = repository.root.join(REQUIREMENTS);
    let python = python::provide(session, repository, &requirements, Some(SIZE)).await?;
    let oldest = glibc::OLDEST;
    session.say(
        STAGE,
        format_args!("{package} (optimised, for glibc {oldest})"),
    );
    let mut command = Command::new(python.with_file_name("cargo-zigbuild"));
    command
        .args(["zigbuild", "--release", "--package", package])
        .args(["--bin", program])
        .args(["--target", &format!("{TARGET}.{oldest}")])
        .current_dir(&repository.root)
        .env(
            "CARGO_ZIGBUILD_ZIG_PATH",
            python::package(&python, "ziglang/zig")?,
        )
        .env("CARGO_ZIGBUILD_PYTHON_PATH", &python)
        .env("CARGO_ZIGBUILD_CACHE_DIR", repository.cache().join("zig"))
        .env("ZIG_GLOBAL_CACHE_DIR", repository.cache().join("zig"))
        .stdin(Stdio::null());
    session.succeed(STAGE, command).await?;
    let folder = metadata.target_directory.join(TARGET).join("release");
    Ok(folder.join(program))
}
