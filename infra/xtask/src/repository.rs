//! Where things lie: the repository, its packages, the folder of built programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::failure::Failure;

/// Relative to the root: what `dev` keeps unless it is given `--data`.
const DEFAULT_DATA: &str = ".azimuth";

/// The checkout that this program was started for.
#[derive(Debug, Clone)]
pub struct Repository {
    pub root: PathBuf,
}

/// What cargo tells about the workspace.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    /// Honours `CARGO_TARGET_DIR` and cargo's own configuration.
    pub target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    pub name: String,
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
    pub targets: Vec<Target>,
}

/// A library, binary or integration test.
#[derive(Debug, Deserialize)]
pub struct Target {
    pub name: String,
    /// Its first file.
    pub src_path: PathBuf,
}

#[derive(Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

impl Repository {
    /// `cargo run` tells where the package lies; the path at compile time serves a
    /// program that was started without cargo.
    pub fn find() -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.ancestors().nth(2).unwrap_or(&package).to_owned();
        Self { root }
    }

    pub fn app(&self) -> PathBuf {
        self.root.join("dist/app")
    }

    /// Downloads, kept whatever `--data` is.
    pub fn cache(&self) -> PathBuf {
        self.root.join(DEFAULT_DATA).join("cache")
    }

    /// The folder of a running instance, absolute.
    pub fn data(&self, given: Option<&Path>) -> Result<PathBuf, Failure> {
        match given {
            None => Ok(self.root.join(DEFAULT_DATA)),
            Some(given) => {
                std::path::absolute(given).map_err(Failure::file("find the folder", given))
            }
        }
    }

    /// The crates of what `arguments` select, one in each line: `{p}` and `{f}` of `format`
    /// are a crate and its features.
    pub fn crates(&self, format: &str, arguments: &[&str]) -> Result<String, Failure> {
        let output = cargo()
            .args(["tree", "--locked", "--prefix", "none", "--format", format])
            .args(arguments)
            .current_dir(&self.root)
            .stderr(std::process::Stdio::inherit())
            .output()
            .map_err(not_started("cargo"))?;
        if !output.status.success() {
            return Err(Failure::Ended {
                command: "cargo tree".into(),
                status: output.status,
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub fn metadata(&self) -> Result<Metadata, Failure> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&self.root)
            .stderr(std::process::Stdio::inherit())
            .output()
            .map_err(not_started("cargo"))?;
        if !output.status.success() {
            return Err(Failure::Ended {
                command: "cargo metadata".into(),
                status: output.status,
            });
        }
        serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::refused(
                format!("cargo metadata: {error}"),
                "Is the toolchain of rust-toolchain.toml in use?",
            )
        })
    }
}

/// The files under version control below `root`, relative to it.
pub fn tracked_files(root: &Path) -> Result<Vec<String>, Failure> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()
        .map_err(not_started("git"))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            command: "git ls-files".into(),
            status: output.status,
        });
    }
    let names = String::from_utf8_lossy(&output.stdout);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

impl Metadata {
    /// Where cargo puts programs of a profile.
    pub fn programs(&self, release: bool) -> PathBuf {
        self.target_directory
            .join(if release { "release" } else { "debug" })
    }
}

/// The cargo that started this program.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

pub fn not_started(program: &str) -> impl FnOnce(std::io::Error) -> Failure {
    let program = program.to_owned();
    move |source| Failure::Program {
        program,
        source,
        advice: "Is it installed and on PATH?",
    }
}
