//! `cargo xtask portal-gallery`: pictures of every page, for a person to look at.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::processes::adopt_orphans;
use crate::repository::Repository;
use crate::session::Session;
use crate::test;

/// Below cargo's target folder, so that nobody commits it.
const DEFAULT_FOLDER: &str = "portal-gallery";

pub async fn gallery(
    session: &mut Session,
    repository: &Repository,
    out: Option<&Path>,
) -> Result<(), Failure> {
    adopt_orphans().map_err(Failure::file(
        "watch the children of",
        Path::new("the gallery"),
    ))?;
    let metadata = repository.metadata()?;
    let folder = match out {
        None => metadata.target_directory.join(DEFAULT_FOLDER),
        Some(out) => std::path::absolute(out).map_err(Failure::file("find the folder", out))?,
    };
    fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
    test::take_pictures(session, repository, &metadata, &folder).await?;
    println!("{}", folder.display());
    Ok(())
}
