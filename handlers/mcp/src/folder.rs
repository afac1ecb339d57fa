//! A process's own folder: it runs there, and its temporary files are there. It is gone
//! when the process is.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where they are, in the work folder.
const FOLDERS: &str = "processes";
/// For temporary files.
const TEMPORARY: &str = "tmp";

/// Removed, with all that is in it, when it is dropped.
#[derive(Debug)]
pub(crate) struct OwnFolder(PathBuf);

impl OwnFolder {
    /// A new one; `unique` is a name that no other has.
    pub(crate) fn make(work_dir: &Path, unique: &str) -> io::Result<Self> {
        let name = format!("{}-{unique}", std::process::id());
        let own = Self(work_dir.join(FOLDERS).join(name));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(own.temporary())?;
        Ok(own)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.0.join(TEMPORARY)
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a tool server's folder stays behind");
        }
    }
}

/// Removes the folders of handlers that were killed before they could.
pub(crate) fn remove_orphans(work_dir: &Path) {
    let Ok(entries) = fs::read_dir(work_dir.join(FOLDERS)) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let handler = name.to_str().and_then(|name| name.split('-').next());
        let is_gone = handler
            .and_then(|pid| pid.parse::<u32>().ok())
            .is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists());
        if is_gone {
            // Another handler may be at it too.
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_folder_goes_with_its_process_and_an_orphan_at_the_next_start() {
        let work = tempfile::tempdir().unwrap();
        let own = OwnFolder::make(work.path(), "a").unwrap();
        fs::write(own.temporary().join("file"), "").unwrap();
        let folders = work.path().join(FOLDERS);
        for orphan in ["4294967295-b", "4194999-c", "not a folder of ours"] {
            fs::create_dir_all(folders.join(orphan).join("tmp")).unwrap();
        }
        remove_orphans(work.path());
        assert!(own.temporary().join("file").exists());
        let path = own.path().to_owned();
        drop(own);
        assert!(!path.exists());
        let left: Vec<_> = fs::read_dir(&folders)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["not a folder of ours"]);
    }
}
