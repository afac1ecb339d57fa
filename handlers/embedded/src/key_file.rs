//! Keys that lie in a file of their own: 32 random bytes that nobody else may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use azimuth_ports::clock::Random;
use zeroize::Zeroizing;

use crate::database::{OpenError, prepare_folder};

pub(crate) const KEY_BYTES: usize = 32;

/// Why a key file is not used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be made or read.
    #[error("the key file {path} cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its folder cannot be made.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// Others than its owner have access to it.
    #[error(
        "the key file {path} is open to others (mode {mode:o}): run `chmod 600` on it, and \
         replace it if somebody may have read it"
    )]
    OpenToOthers {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("the key file {path} must hold exactly {KEY_BYTES} bytes and holds {found}")]
    Length {
        /// Which.
        path: PathBuf,
        /// How many bytes it holds.
        found: u64,
    },
}

/// The key in the file `path`, or a new one from `random`. Of several processes that
/// start together one makes the key and the others use it.
pub(crate) fn open_or_create(
    path: &Path,
    random: &dyn Random,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let because = |source| KeyFileError::File {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            prepare_folder(path)?;
            let key = Zeroizing::new(random.bytes32());
            create(path, &*key, 0o600, random).map_err(because)?;
            File::open(path).map_err(because)?
        }
        opened => opened.map_err(because)?,
    };
    read(path, file)
}

/// The file appears under its name with its whole content, or not at all. One that
/// is there already stays.
pub(crate) fn create(
    path: &Path,
    content: &[u8],
    mode: u32,
    random: &dyn Random,
) -> io::Result<()> {
    write(path, content, mode, random, |unfinished| {
        match fs::hard_link(unfinished, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            // Somebody else was faster; theirs counts.
            _ => fs::remove_file(unfinished),
        }
    })
}

/// As [`create`], and what is there already goes.
pub(crate) fn replace(
    path: &Path,
    content: &[u8],
    mode: u32,
    random: &dyn Random,
) -> io::Result<()> {
    write(path, content, mode, random, |unfinished| {
        fs::rename(unfinished, path)
    })
}

/// Writes a file beside `path`, which `settle` then gives its name.
fn write(
    path: &Path,
    content: &[u8],
    mode: u32,
    random: &dyn Random,
    settle: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.new", random.ulid()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(mode)
            .open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        settle(&unfinished)
    })();
    if let Err(error) = written {
        // It says why; what is left of the file is only litter.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn read(path: &Path, mut file: File) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let because = |source| KeyFileError::File {
        path: path.to_owned(),
        source,
    };
    // Of the opened file, so that it cannot be exchanged between look and use.
    let metadata = file.metadata().map_err(because)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    if metadata.len() != KEY_BYTES as u64 {
        return Err(KeyFileError::Length {
            path: path.to_owned(),
            found: metadata.len(),
        });
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(&mut *key).map_err(because)?;
    Ok(key)
}
