//! The data key in a file, and what it seals.

use std::io;
use std::path::Path;

use azimuth_ports::clock::Random;
use azimuth_ports::data_key::DataKey;
use azimuth_ports::tokens::{Sealer, TokenError};

use crate::key_file::{self, KeyFileError};

/// First byte of everything sealed; nonce, ciphertext and tag follow.
const FORM: u8 = 1;

/// [`Sealer`] with one data key.
pub struct FileSealer {
    key: DataKey,
}

impl FileSealer {
    /// Reads the key of the file `path` (32 raw bytes, readable by nobody else),
    /// or makes one from `random`. Of several processes that start together one
    /// makes the key and the others use it.
    pub fn open_or_create(path: &Path, random: &dyn Random) -> Result<Self, KeyFileError> {
        let key = key_file::open_or_create(path, random)?;
        let key = DataKey::new(&key).map_err(|error| KeyFileError::File {
            path: path.to_owned(),
            source: io::Error::other(error),
        })?;
        Ok(Self { key })
    }
}

impl Sealer for FileSealer {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        Ok(self.key.seal(&[FORM], context, plain)?)
    }

    /// What does not open (another key, another context, damage) is a grant that
    /// is gone: no second try will open it, a new sign-in replaces it.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, TokenError> {
        sealed
            .strip_prefix(&[FORM])
            .and_then(|rest| self.key.open(context, rest))
            .ok_or_else(|| TokenError::GrantGone("what is stored cannot be opened".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::sync::Arc;

    use super::*;
    use crate::{SystemClock, SystemRandom};

    fn open(path: &Path) -> Result<FileSealer, KeyFileError> {
        FileSealer::open_or_create(path, &SystemRandom::new(Arc::new(SystemClock)))
    }

    #[test]
    fn what_was_sealed_opens_in_its_context_with_its_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.key");
        let sealer = open(&path).unwrap();
        for plain in [&b""[..], b"refresh token", &[7; 10_000]] {
            let closed = sealer.seal("tid:oid:grant", plain).unwrap();
            assert_eq!(
                open(&path).unwrap().open("tid:oid:grant", &closed).unwrap(),
                plain
            );
            assert!(sealer.open("tid:other:grant", &closed).is_err());
            let stranger = open(&folder.path().join("other.key")).unwrap();
            assert!(matches!(
                stranger.open("tid:oid:grant", &closed),
                Err(TokenError::GrantGone(_))
            ));
        }
        let twice = [(); 2].map(|()| sealer.seal("c", b"same").unwrap());
        assert_ne!(twice[0], twice[1], "no nonce is used twice");
    }

    #[test]
    fn a_change_of_any_byte_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = open(&folder.path().join("data.key")).unwrap();
        let closed = sealer.seal("c", b"secret").unwrap();
        for at in 0..closed.len() {
            let mut changed = closed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("c", &changed).is_err(), "byte {at}");
            assert!(sealer.open("c", &closed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_key_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/data.key");
        open(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        for bits in [0o640, 0o604, 0o620, 0o601, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
            let error = open(&path).err().unwrap();
            assert!(
                matches!(error, KeyFileError::OpenToOthers { .. }),
                "{error}"
            );
            assert!(error.to_string().contains("chmod 600"));
        }
    }

    #[test]
    fn a_key_has_thirty_two_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for (length, fits) in [(0, false), (31, false), (32, true), (33, false)] {
            let path = folder.path().join(format!("{length}.key"));
            fs::write(&path, vec![1; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            match open(&path) {
                Ok(_) => assert!(fits, "{length} bytes"),
                Err(error) => {
                    assert!(
                        !fits && matches!(error, KeyFileError::Length { .. }),
                        "{error}"
                    );
                }
            }
        }
    }

    #[test]
    fn processes_that_start_together_use_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.key");
        let sealers: Vec<FileSealer> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| open(&path).unwrap()))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        let closed = sealers[0].seal("c", b"secret").unwrap();
        for sealer in &sealers {
            assert_eq!(sealer.open("c", &closed).unwrap(), b"secret");
        }
    }
}
