//! Every check of whose something is, left out once, in a copy of the repository. The
//! matrix of operations and people (`isolation`) has to notice each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{STAGE, Tally, corpora, scratch};
use crate::failure::Failure;
use crate::repository::{Metadata, Repository, tracked_files};
use crate::session::{Session, cargo};

pub const NAME: &str = "ownership";

/// Below it lies every endpoint.
const ENDPOINTS: &str = "handlers/app/src/http";
/// An endpoint asks so whether what was named is somebody else's.
const IS_ANOTHERS: &str = "id.owner() != user.owner()";

/// The checks that are written otherwise: the file below [`ENDPOINTS`], its text, and what
/// stands there without the check.
const OTHERS: [(&str, &str, &str); 7] = [
    (
        "admin/mod.rs",
        "caller.require(Role::Admin, PERMISSION)",
        "Ok(())",
    ),
    (
        "approvals/mod.rs",
        "if !is_visible(&caller.principal, &turn, call) {",
        "if false {",
    ),
    (
        "approvals/list_approvals.rs",
        ".filter(|call| is_visible(&caller.principal, turn, call))",
        "",
    ),
    (
        "approvals/list_approvals.rs",
        "(!caller.principal.has(Role::Approver)).then_some(&own)",
        "Some(&own).filter(|_| false)",
    ),
    (
        "audit/get_audit.rs",
        "if !caller.principal.has(Role::Auditor) {",
        "if false {",
    ),
    (
        "audit/mod.rs",
        "caller.require(Role::Auditor, PERMISSION)?;",
        "",
    ),
    (
        "audit/list_digests.rs",
        "conversation.owner() == *owner",
        "conversation.owner() == *owner || true",
    ),
];

/// A check that is left out: the file, and its text without it.
struct Removal {
    file: PathBuf,
    what: String,
    text: String,
}

/// Leaves each out and asks.
pub async fn left_out(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
) -> Result<Tally, Failure> {
    let copy = scratch(metadata, NAME)?;
    copied(&repository.root, &copy)?;
    let removals = removals(&repository.root)?;
    let mut tally = Tally::default();
    session.say(STAGE, format_args!("{NAME}: nothing left out"));
    if !asked(session, repository, metadata, &copy).await? {
        return Err(Failure::Told(
            "the tests fail although nothing was left out",
        ));
    }
    for removal in removals {
        session.say(STAGE, format_args!("{NAME}: {}", removal.what));
        let file = copy.join(&removal.file);
        let before = fs::read(&file).map_err(Failure::file("read", &file))?;
        write(&file, removal.text.as_bytes())?;
        let holds = asked(session, repository, metadata, &copy).await?;
        write(&file, &before)?;
        if holds {
            tally.missed += 1;
            println!("MISSED   {}", removal.what);
        } else {
            tally.caught += 1;
        }
    }
    Ok(tally)
}

fn write(file: &Path, text: &[u8]) -> Result<(), Failure> {
    fs::write(file, text).map_err(Failure::file("write", file))
}

/// Every check, from the sources as they stand.
fn removals(root: &Path) -> Result<Vec<Removal>, Failure> {
    let mut found = Vec::new();
    for file in sources(&root.join(ENDPOINTS))? {
        let text = fs::read_to_string(&file).map_err(Failure::file("read", &file))?;
        let name = file.strip_prefix(root).unwrap_or(&file).to_owned();
        let mut without = |check: &str, instead: &str| {
            for (at, _) in text.match_indices(check) {
                let mut changed = text.clone();
                changed.replace_range(at..at + check.len(), instead);
                let line = text[..at].matches('\n').count() + 1;
                found.push(Removal {
                    file: name.clone(),
                    what: format!("{}:{line}: without {check}", name.display()),
                    text: changed,
                });
            }
        };
        without(IS_ANOTHERS, "false");
        for (place, check, instead) in OTHERS {
            if name == Path::new(ENDPOINTS).join(place) {
                without(check, instead);
            }
        }
    }
    Ok(found)
}

/// The Rust files below `folder`, in their order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(Failure::file("read", &folder))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The tracked files as they stand, in the empty folder `copy`.
fn copied(root: &Path, copy: &Path) -> Result<(), Failure> {
    for name in tracked_files(root)? {
        let (from, to) = (root.join(&name), copy.join(&name));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(Failure::file("create", folder))?;
        }
        fs::copy(&from, &to).map_err(Failure::file("copy", &from))?;
    }
    Ok(())
}

/// Whether the tests pass in the copy. What does not compile is an error.
async fn asked(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
    copy: &Path,
) -> Result<bool, Failure> {
    let test = |last: &[&str]| {
        let mut command = cargo();
        command
            .args([
                "test",
                "--locked",
                "--package",
                "azimuth-tests",
                "--package",
                "azimuth-united",
            ])
            .args(["--test", "suite"])
            .args(last)
            .current_dir(copy)
            // Of the repository itself: what others made is compiled there.
            .env("CARGO_TARGET_DIR", &metadata.target_directory)
            .stdin(Stdio::null());
        command
    };
    session.succeed(STAGE, test(&["--no-run"])).await?;
    let mut command = test(&["--", "isolation::matrix", "isolation::lists"]);
    command
        .env("AZIMUTH_CORPORA", corpora(repository)?)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(session.run(STAGE, command).await?.success())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_check_that_is_named_is_found_once() {
        let removals = removals(&Repository::find().root).expect("the sources");
        for (place, check, _) in OTHERS {
            let name = Path::new(ENDPOINTS).join(place);
            let found = removals
                .iter()
                .filter(|removal| removal.file == name && removal.what.ends_with(check))
                .count();
            assert_eq!(found, 1, "{place}: {check}");
        }
        assert!(removals.len() > OTHERS.len());
    }
}
