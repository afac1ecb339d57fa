//! Every check of whose something is, left out, in a copy of the repository. The
//! matrix of operations and people (`isolation`) has to notice each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{CORPORA, STAGE, Tally, scratch};
use crate::failure::Failure;
use crate::repository::{Metadata, Repository, tracked_files};
use crate::session::{Session, cargo};
use crate::test::programs;

pub const NAME: &str = "ownership";

/// Below it lies every endpoint.
const ENDPOINTS: &str = "handlers/app/src/http";
/// An endpoint asks so whether what was named is somebody else's.
const IS_ANOTHERS: &str = "id.owner() != user.owner()";

/// A check: the file below [`ENDPOINTS`], its text, and what stands there without it. All
/// of them at once, where a second one would hold what the first lets through.
struct Check {
    file: &'static str,
    parts: &'static [(&'static str, &'static str)],
}

const CHECKS: [Check; 10] = [
    Check {
        file: "admin/mod.rs",
        parts: &[("caller.require(Role::Admin, PERMISSION)", "Ok(())")],
    },
    Check {
        file: "approvals/mod.rs",
        parts: &[(
            "if !is_visible(&caller.principal, &turn, call) {",
            "if false {",
        )],
    },
    Check {
        file: "approvals/list_approvals.rs",
        parts: &[(
            ".filter(|call| is_visible(&caller.principal, turn, call))",
            "",
        )],
    },
    Check {
        file: "approvals/list_approvals.rs",
        parts: &[(
            "(!caller.principal.has(Role::Approver)).then_some(&own)",
            "Some(&own).filter(|_| false)",
        )],
    },
    Check {
        file: "audit/get_audit.rs",
        parts: &[("if !caller.principal.has(Role::Auditor) {", "if false {")],
    },
    Check {
        file: "audit/mod.rs",
        parts: &[("caller.require(Role::Auditor, PERMISSION)?;", "")],
    },
    Check {
        file: "audit/list_digests.rs",
        parts: &[(
            "conversation.owner() == *owner",
            "conversation.owner() == *owner || true",
        )],
    },
    Check {
        file: "conversations/mod.rs",
        parts: &[(IS_ANOTHERS, "false"), ("found.item.user == *user && ", "")],
    },
    Check {
        file: "turns/mod.rs",
        parts: &[
            (IS_ANOTHERS, "false"),
            ("found.item.asker.user == *user", "true"),
        ],
    },
    Check {
        file: "usage.rs",
        parts: &[("if !caller.principal.has(Role::Admin) {", "if false {")],
    },
];

/// Where [`IS_ANOTHERS`] only saves a look: a session is looked up among those of the
/// person who is named beside it.
#[cfg(test)]
const SAVE_A_LOOK: [&str; 2] = ["admin/revoke_user_session.rs", "sessions/revoke_session.rs"];

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
    CHECKS
        .iter()
        .map(|check| {
            let name = Path::new(ENDPOINTS).join(check.file);
            let file = root.join(&name);
            let mut text = fs::read_to_string(&file).map_err(Failure::file("read", &file))?;
            for (part, instead) in check.parts {
                if text.matches(part).count() != 1 {
                    return Err(Failure::refused(
                        format!("{} does not have once: {part}", name.display()),
                        "Change CHECKS with it.",
                    ));
                }
                text = text.replace(part, instead);
            }
            let parts: Vec<&str> = check.parts.iter().map(|(part, _)| *part).collect();
            Ok(Removal {
                what: format!("{}: without {}", name.display(), parts.join(" and ")),
                file: name,
                text,
            })
        })
        .collect()
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
        .envs(programs::corpora(&repository.root).map(|folder| (CORPORA, folder)))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(session.run(STAGE, command).await?.success())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_check_is_there() {
        let removals = removals(&Repository::find().root).expect("every check");
        assert_eq!(removals.len(), CHECKS.len());
    }

    #[test]
    fn no_endpoint_has_a_check_that_nobody_leaves_out() {
        let root = Repository::find().root.join(ENDPOINTS);
        let mut having: Vec<String> = Vec::new();
        for name in tracked_files(&root).expect("the sources") {
            let text = fs::read_to_string(root.join(&name)).unwrap_or_default();
            if text.contains(IS_ANOTHERS) {
                having.push(name);
            }
        }
        for name in having {
            let is_left_out = CHECKS.iter().any(|check| check.file == name);
            assert!(
                is_left_out || SAVE_A_LOOK.contains(&name.as_str()),
                "{name}"
            );
        }
    }
}
