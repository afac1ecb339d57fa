//! Programs that lost their mode on the way: a deployment from a zip keeps only that of
//! the handler. A copy that can be executed is made beside the other working files, when
//! it is needed for the first time: not every process starts a server, and none should
//! wait for it before it answers.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::servers::is_program;

/// Where the copies are.
pub(crate) struct Programs {
    folder: PathBuf,
    /// By program. Locked while a copy is made, so that it is made once.
    copies: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl Programs {
    /// Copies go to `programs/` in this folder.
    pub(crate) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.join("programs"),
            copies: Mutex::default(),
        }
    }

    /// Where the copies are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program to start for `command`: itself, or, where it is a file that nobody
    /// may execute, its copy. What does not exist stays as it is; starting it says so.
    pub(crate) async fn startable(&self, command: &Path) -> io::Result<PathBuf> {
        if is_program(command) || !command.is_file() {
            return Ok(command.to_owned());
        }
        let mut copies = self.copies.lock().await;
        if let Some(copy) = copies.get(command).filter(|copy| is_program(copy)) {
            return Ok(copy.clone());
        }
        let (program, folder) = (command.to_owned(), self.folder.clone());
        let copy = tokio::task::spawn_blocking(move || copy_of(&program, &folder))
            .await
            .map_err(io::Error::other)??;
        copies.insert(command.to_owned(), copy.clone());
        Ok(copy)
    }
}

/// The copy below `folder`, in a folder named after its content.
fn copy_of(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let hash = hash(program)?;
    let name = program.file_name().unwrap_or_default();
    let copies = folder.join(&hash[..16]);
    let copy = copies.join(name);
    fs::create_dir_all(&copies)?;
    link_neighbours(program, &copies)?;
    if is_program(&copy) {
        return Ok(copy);
    }
    // Whole or not at all: several processes may do this at once.
    let part = folder.join(format!("{}.{}.part", &hash[..16], std::process::id()));
    let mut target = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o700)
        .open(&part)?;
    io::copy(&mut fs::File::open(program)?, &mut target)?;
    // The mode at creation is less the umask.
    target.set_permissions(fs::Permissions::from_mode(0o700))?;
    target.sync_all()?;
    drop(target);
    fs::rename(&part, &copy)?;
    Ok(copy)
}

/// A program looks for its data beside itself.
fn link_neighbours(program: &Path, copies: &Path) -> io::Result<()> {
    let Some(home) = program.parent() else {
        return Ok(());
    };
    for entry in fs::read_dir(home)? {
        let (neighbour, link) = match entry?.path() {
            path if path == program => continue,
            path => (
                path.clone(),
                copies.join(path.file_name().unwrap_or_default()),
            ),
        };
        if fs::read_link(&link).is_ok_and(|target| target == neighbour) {
            continue;
        }
        // Of a deployment that is gone.
        let _former = fs::remove_file(&link);
        match symlink(&neighbour, &link) {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked?,
        }
    }
    Ok(())
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

    #[tokio::test]
    async fn what_may_not_be_executed_is_copied_once_for_each_content() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("app");
        fs::create_dir(&app).unwrap();
        let start = || async {
            // Of another process each time, which has copied nothing yet.
            let programs = Programs::of(folder.path());
            let copy = programs.startable(&app.join("server")).await.unwrap();
            assert_eq!(programs.startable(&app.join("server")).await.unwrap(), copy);
            copy
        };
        let file = script(&app, "server", 0o644, "first");
        let copy = start().await;
        assert_ne!(copy, file);
        assert_eq!(copy.file_name(), file.file_name());
        assert_eq!(said_by(&copy), "first");
        let made = copy.metadata().unwrap().modified().unwrap();
        assert_eq!(start().await, copy);
        assert_eq!(copy.metadata().unwrap().modified().unwrap(), made);

        script(&app, "server", 0o644, "second");
        let newer = start().await;
        assert_eq!(
            (said_by(&newer), said_by(&copy)),
            ("second".into(), "first".into())
        );
    }

    #[tokio::test]
    async fn what_lies_beside_a_program_lies_beside_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let copy_in = |app: &str| {
            let app = folder.path().join(app);
            fs::create_dir_all(app.join("data")).unwrap();
            fs::write(app.join("data/words"), app.display().to_string()).unwrap();
            let file = script(&app, "server", 0o644, "x");
            let programs = Programs::of(folder.path());
            async move { programs.startable(&file).await.unwrap() }
        };
        for app in ["former", "app"] {
            let copy = copy_in(app).await;
            let data = copy.with_file_name("data/words");
            let expected = folder.path().join(app).display().to_string();
            assert_eq!(fs::read_to_string(data).unwrap(), expected);
            assert_eq!(said_by(&copy), "x");
        }
    }

    #[tokio::test]
    async fn a_program_is_started_where_it_is_and_so_is_what_does_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::of(folder.path());
        let program = script(folder.path(), "server", 0o755, "x");
        assert_eq!(programs.startable(&program).await.unwrap(), program);
        for none in [folder.path().join("none"), folder.path().to_owned()] {
            assert_eq!(programs.startable(&none).await.unwrap(), none);
        }
        assert!(!folder.path().join("programs").exists());
    }
}
