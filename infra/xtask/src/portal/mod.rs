//! The portal's packages and its build: done when something changed, and not
//! otherwise.

mod fingerprint;
mod lock;
pub mod npm;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;
use fingerprint::fingerprint;
pub use lock::FolderLock;

const STAGE: &str = "portal";

/// Not part of what is built: results, packages, and the client's generator.
const NO_INPUT: [&str; 4] = ["node_modules", "dist", "gen", "openapi.json"];

/// The build's configuration of Static Web Apps, in the built folder.
pub const SITE_CONFIG: &str = "staticwebapp.config.json";

pub fn folder(repository: &Repository) -> PathBuf {
    repository.root.join("static-web")
}

/// The built folder.
pub fn dist(repository: &Repository) -> PathBuf {
    folder(repository).join("dist")
}

/// Installs what the lock file pins, and builds, each where it is not done yet.
/// Fails when the bundle is over its budget.
pub async fn build(session: &mut Session, repository: &Repository) -> Result<(), Failure> {
    let _lock = FolderLock::take(session, STAGE, repository).await?;
    npm::install(session, STAGE, &folder(repository)).await?;

    let stamp = repository.cache().join("portal-build");
    let (source, dist) = (folder(repository), dist(repository));
    let inputs = fingerprint(&source, &NO_INPUT).map_err(Failure::file("read", &source))?;
    if let Some(outputs) = built(&dist)?
        && fs::read_to_string(&stamp).is_ok_and(|known| known == stamp_text(&inputs, &outputs))
    {
        session.say(STAGE, "unchanged since its last build, which is used");
        return Ok(());
    }
    session.say(STAGE, "building (npm run build)");
    npm::run(session, STAGE, &source, "build").await?;
    let outputs = built(&dist)?.ok_or_else(|| {
        Failure::refused(
            format!(
                "npm run build left no {}",
                dist.join("index.html").display()
            ),
            "static-web/package.json must build into static-web/dist.",
        )
    })?;
    write_stamp(&stamp, &stamp_text(&inputs, &outputs))
}

/// What stands in the built folder; `None` when nothing was built.
fn built(dist: &Path) -> Result<Option<String>, Failure> {
    let is_whole = ["index.html", SITE_CONFIG]
        .iter()
        .all(|name| dist.join(name).is_file());
    if !is_whole {
        return Ok(None);
    }
    fingerprint(dist, &[])
        .map(Some)
        .map_err(Failure::file("read", dist))
}

/// Of both: a folder that was built by hand from something else does not count.
fn stamp_text(inputs: &str, outputs: &str) -> String {
    format!("{inputs} {outputs}\n")
}

fn write_stamp(stamp: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder).map_err(Failure::file("create", folder))?;
    }
    fs::write(stamp, text).map_err(Failure::file("write", stamp))
}
