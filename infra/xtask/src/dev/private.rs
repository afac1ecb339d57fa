//! Folders and files that only the person who runs `dev` may read: conversations,
//! secrets of the sandbox and logs lie in them.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes the folder (0700) and those above it where they are missing. One that is
/// there keeps its mode: it may be somebody's `--data` with other things in it.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The same for a folder that is ours alone; an older one is mended.
pub fn own_folder(folder: &Path) -> io::Result<()> {
    make_folder(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Opens a file (0600) to be added to.
pub fn append(file: &Path) -> io::Result<File> {
    restricted(OpenOptions::new().create(true).append(true), file)
}

/// Makes a file (0600) with that text, in place of any former one.
pub fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = restricted(options.create(true).truncate(true).write(true), file)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// A mode is for new files only, so a former one is mended.
fn restricted(options: &mut OpenOptions, file: &Path) -> io::Result<File> {
    let file = options.mode(0o600).open(file)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folders_are_made_for_their_owner_and_only_ours_are_mended() {
        let folder = tempfile::tempdir().unwrap();
        let (outer, inner) = (folder.path().join("a"), folder.path().join("a/b"));
        make_folder(&inner).unwrap();
        assert_eq!((mode(&outer), mode(&inner)), (0o700, 0o700));
        fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
        make_folder(&inner).unwrap();
        assert_eq!(mode(&inner), 0o755);
        own_folder(&inner).unwrap();
        assert_eq!(mode(&inner), 0o700);
    }

    #[test]
    fn files_are_for_their_owner_even_former_ones() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write(&file, "former").unwrap();
        for open in [
            (|file| write(file, "new")) as fn(&Path) -> io::Result<()>,
            |file| append(file).map(drop),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
            open(&file).unwrap();
            assert_eq!(mode(&file), 0o600);
            assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        }
        let new = folder.path().join("new");
        append(&new).unwrap();
        assert_eq!(mode(&new), 0o600);
    }
}
