//! Programs that lost their mode on the way: a deployment from a zip keeps only that of
//! the handler. A copy that can be executed is made beside the other working files.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::servers::is_program;

/// The program to start for `command`: itself, or, where it is a file that nobody may
/// execute, its copy below `folder`, which is named after its content. What does not
/// exist stays as it is; starting it says so.
pub(crate) fn executable(command: &Path, folder: &Path) -> io::Result<PathBuf> {
    if is_program(command) || !command.is_file() {
        return Ok(command.to_owned());
    }
    let hash = hash(command)?;
    let name = command
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let copies = folder.join("programs").join(&hash[..16]);
    let copy = copies.join(&name);
    if is_program(&copy) {
        return Ok(copy);
    }
    fs::create_dir_all(&copies)?;
    // Whole or not at all: several processes may do this at once.
    let part = copies.join(format!("{name}.{}.part", std::process::id()));
    let mut target = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o700)
        .open(&part)?;
    io::copy(&mut fs::File::open(command)?, &mut target)?;
    // The mode at creation is less the umask.
    target.set_permissions(fs::Permissions::from_mode(0o700))?;
    target.sync_all()?;
    drop(target);
    fs::rename(&part, &copy)?;
    Ok(copy)
}

fn hash(file: &Path) -> io::Result<String> {
    let mut file = fs::File::open(file)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex::encode(hash.finalize())),
            length => hash.update(&part[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn script(folder: &Path, name: &str, mode: u32, says: &str) -> PathBuf {
        let file = folder.join(name);
        fs::write(&file, format!("#!/bin/sh\necho {says}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn said_by(program: &Path) -> String {
        let said = std::process::Command::new(program).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn what_may_not_be_executed_is_copied_once_for_each_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = script(folder.path(), "server", 0o644, "first");
        let copy = executable(&file, folder.path()).unwrap();
        assert_ne!(copy, file);
        assert_eq!(copy.file_name(), file.file_name());
        assert_eq!(said_by(&copy), "first");
        let made = copy.metadata().unwrap().modified().unwrap();
        assert_eq!(executable(&file, folder.path()).unwrap(), copy);
        assert_eq!(copy.metadata().unwrap().modified().unwrap(), made);

        script(folder.path(), "server", 0o644, "second");
        let newer = executable(&file, folder.path()).unwrap();
        assert_eq!(
            (said_by(&newer), said_by(&copy)),
            ("second".into(), "first".into())
        );
    }

    #[test]
    fn a_program_is_started_where_it_is_and_so_is_what_does_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "server", 0o755, "x");
        assert_eq!(executable(&program, folder.path()).unwrap(), program);
        for none in [folder.path().join("none"), folder.path().to_owned()] {
            assert_eq!(executable(&none, folder.path()).unwrap(), none);
        }
        assert!(!folder.path().join("programs").exists());
    }
}
