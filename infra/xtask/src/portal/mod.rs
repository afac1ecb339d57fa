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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// Counts its runs in a file, and builds what stands in `src`.
    const PACKAGE: &str = r#"{"name": "a", "version": "1.0.0", "scripts": {"build":
        "echo x >> ../builds && rm -rf dist && mkdir dist && cp src dist/index.html && cp src dist/staticwebapp.config.json"}}"#;
    const LOCK: &str = r#"{"name": "a", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {"": {"name": "a", "version": "1.0.0"}}}"#;

    /// A checkout whose portal is one file.
    struct Checkout {
        folder: tempfile::TempDir,
        session: Session,
    }

    impl Checkout {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let checkout = Self {
                folder,
                session: Session::begin().unwrap(),
            };
            fs::create_dir(checkout.portal()).unwrap();
            for (name, text) in [
                ("package.json", PACKAGE),
                ("package-lock.json", LOCK),
                ("src", "one"),
            ] {
                fs::write(checkout.portal().join(name), text).unwrap();
            }
            checkout
        }

        fn repository(&self) -> Repository {
            Repository {
                root: self.folder.path().to_owned(),
            }
        }

        fn portal(&self) -> PathBuf {
            folder(&self.repository())
        }

        /// How often it was built so far, after another call.
        async fn builds(&mut self) -> usize {
            let repository = self.repository();
            build(&mut self.session, &repository).await.unwrap();
            let builds = fs::read_to_string(self.folder.path().join("builds")).unwrap();
            builds.lines().count()
        }
    }

    #[tokio::test]
    async fn what_was_built_is_built_again_only_when_something_changed() {
        let mut checkout = Checkout::new();
        assert_eq!(checkout.builds().await, 1);
        assert_eq!(checkout.builds().await, 1);

        fs::write(checkout.portal().join("src"), "two").unwrap();
        assert_eq!(checkout.builds().await, 2);
        // What another build left there is not this one's.
        fs::write(checkout.portal().join("dist/index.html"), "by hand").unwrap();
        assert_eq!(checkout.builds().await, 3);
        fs::remove_dir_all(checkout.portal().join("dist")).unwrap();
        assert_eq!(checkout.builds().await, 4);
        // The document and the generator are not built from.
        fs::write(checkout.portal().join("openapi.json"), "{}").unwrap();
        assert_eq!(checkout.builds().await, 4);
    }

    #[tokio::test]
    async fn a_build_that_fails_is_told_and_tried_again() {
        let mut checkout = Checkout::new();
        fs::remove_file(checkout.portal().join("src")).unwrap();
        let repository = checkout.repository();
        for _ in 0..2 {
            let failed = build(&mut checkout.session, &repository).await;
            let told = failed.unwrap_err().to_string();
            assert!(told.contains("npm run build failed"), "{told}");
        }
        fs::write(checkout.portal().join("src"), "one").unwrap();
        assert_eq!(checkout.builds().await, 3);
    }

    #[tokio::test]
    async fn packages_are_installed_again_when_their_lock_changed() {
        let mut checkout = Checkout::new();
        checkout.builds().await;
        let mark = checkout.portal().join("node_modules/.azimuth-lock");
        let first = fs::read_to_string(&mark).unwrap();
        let lock = checkout.portal().join("package-lock.json");
        fs::write(&lock, format!("{LOCK}\n")).unwrap();
        assert_eq!(checkout.builds().await, 2);
        assert_ne!(fs::read_to_string(&mark).unwrap(), first);
    }
}
