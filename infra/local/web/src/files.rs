//! Files as they were read last, with their tags and compressed forms. A file
//! that changed is read anew; nothing is compressed twice.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::encoding::{Encoding, LEAST};

/// By absolute path.
#[derive(Debug, Default)]
pub struct FileCache {
    entries: Mutex<HashMap<PathBuf, Arc<CachedFile>>>,
}

/// The content of a file at one moment.
#[derive(Debug)]
pub struct CachedFile {
    stamp: Stamp,
    plain: Bytes,
    /// Hex digits of the content's hash.
    digest: String,
    brotli: OnceCell<Option<Bytes>>,
    gzip: OnceCell<Option<Bytes>>,
}

/// One form of a file, as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Representation {
    pub body: Bytes,
    /// `None` for the plain file.
    pub encoding: Option<Encoding>,
    /// A strong validator, quotes included; another one for each form.
    pub tag: String,
}

/// Tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl FileCache {
    /// The file as it is now; `None` when there is no file of that name.
    pub fn load(&self, path: &Path) -> io::Result<Option<Arc<CachedFile>>> {
        let stamp = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Stamp::of(&metadata),
            Ok(_) => return Ok(None),
            Err(error) if is_absence(&error) => {
                self.lock().remove(path);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let known = self.lock().get(path).map(Arc::clone);
        if let Some(known) = known.filter(|known| known.stamp == stamp) {
            return Ok(Some(known));
        }
        let read = match CachedFile::read(path) {
            Err(error) if is_absence(&error) => return Ok(None),
            read => Arc::new(read?),
        };
        self.lock().insert(path.to_owned(), Arc::clone(&read));
        Ok(Some(read))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Arc<CachedFile>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedFile {
    fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // Before the content: a change in between then shows at the next look.
        let stamp = Stamp::of(&file.metadata()?);
        let mut plain = Vec::new();
        file.read_to_end(&mut plain)?;
        let hash = hex::encode(Sha256::digest(&plain));
        Ok(Self {
            stamp,
            digest: hash[..32].to_owned(),
            plain: plain.into(),
            brotli: OnceCell::new(),
            gzip: OnceCell::new(),
        })
    }

    /// The form with the wanted encoding, or the plain one where that is not
    /// smaller.
    pub async fn representation(&self, wanted: Option<Encoding>) -> Representation {
        if let Some(encoding) = wanted.filter(|_| self.plain.len() >= LEAST) {
            let (cell, mark) = match encoding {
                Encoding::Brotli => (&self.brotli, "br"),
                Encoding::Gzip => (&self.gzip, "gz"),
            };
            let made = cell.get_or_init(|| compress(encoding, self.plain.clone()));
            if let Some(body) = made.await.clone() {
                return Representation {
                    body,
                    encoding: Some(encoding),
                    tag: format!("\"{}-{mark}\"", self.digest),
                };
            }
        }
        Representation {
            body: self.plain.clone(),
            encoding: None,
            tag: format!("\"{}\"", self.digest),
        }
    }
}

/// `None` when that saves nothing. A failure to compress is no failure to serve.
async fn compress(encoding: Encoding, plain: Bytes) -> Option<Bytes> {
    let length = plain.len();
    let packed = spawn_blocking(move || encoding.compress(&plain)).await;
    packed.ok()?.ok().filter(|packed| packed.len() < length)
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        // A folder's name with something below it, and a name that is too long.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn load(cache: &FileCache, path: &Path) -> Arc<CachedFile> {
        cache.load(path).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_file_is_read_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.html");
        let cache = FileCache::default();
        assert!(cache.load(&path).unwrap().is_none());
        fs::write(&path, "one").unwrap();
        let one = load(&cache, &path);
        assert!(Arc::ptr_eq(&one, &load(&cache, &path)));

        // As a build does it: another file in the place of the former.
        fs::write(folder.path().join("new"), "two").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        let two = load(&cache, &path);
        let (one, two) = (one.representation(None), two.representation(None));
        assert_eq!(
            (one.await.body.as_ref(), b"two".as_ref()),
            (b"one".as_ref(), two.await.body.as_ref())
        );

        fs::remove_file(&path).unwrap();
        assert!(cache.load(&path).unwrap().is_none());
        assert!(cache.load(&path.join("below")).unwrap().is_none());
        assert!(cache.load(folder.path()).unwrap().is_none());
    }

    #[tokio::test]
    async fn small_texts_and_what_does_not_shrink_stay_plain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let cache = FileCache::default();
        for (length, is_packed) in [(LEAST - 1, false), (LEAST, true), (LEAST + 1, true)] {
            fs::write(&path, "a".repeat(length)).unwrap();
            let form = load(&cache, &path)
                .representation(Some(Encoding::Brotli))
                .await;
            assert_eq!(form.encoding.is_some(), is_packed, "{length}");
        }

        let noise: Vec<u8> = (0_u16..40)
            .flat_map(|at| Sha256::digest(at.to_be_bytes()))
            .collect();
        fs::write(&path, noise).unwrap();
        let form = load(&cache, &path)
            .representation(Some(Encoding::Gzip))
            .await;
        assert_eq!(form.encoding, None);
    }

    #[tokio::test]
    async fn each_form_has_a_tag_of_its_own_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "a".repeat(LEAST)).unwrap();
        let file = load(&FileCache::default(), &path);
        let mut tags = Vec::new();
        for wanted in [None, Some(Encoding::Brotli), Some(Encoding::Gzip)] {
            let (one, two) = (
                file.representation(wanted).await,
                file.representation(wanted).await,
            );
            assert_eq!(one.tag, two.tag);
            assert_eq!(one.body.as_ptr(), two.body.as_ptr());
            tags.push(one.tag);
        }
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 3);
    }
}
