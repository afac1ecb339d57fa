use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Hash of the names and contents of everything below `folder`, except entries
/// of these names in `folder` itself.
pub fn fingerprint(folder: &Path, except: &[&str]) -> io::Result<String> {
    let mut hasher = Sha256::new();
    add(&mut hasher, folder, "", except)?;
    Ok(hex::encode(hasher.finalize()))
}

fn add(hasher: &mut Sha256, folder: &Path, prefix: &str, except: &[&str]) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if except.contains(&name.as_ref()) {
            continue;
        }
        let inner = format!("{prefix}/{name}");
        if entry.file_type()?.is_dir() {
            add(hasher, &entry.path(), &inner, &[])?;
            continue;
        }
        let content = match File::open(entry.path()) {
            // An editor's file that came and went.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => {
                let mut content = Sha256::new();
                io::copy(&mut file?, &mut HashWriter(&mut content))?;
                content.finalize()
            }
        };
        // Lengths make the ends of names certain.
        hasher.update((inner.len() as u64).to_le_bytes());
        hasher.update(inner.as_bytes());
        hasher.update(content);
    }
    Ok(())
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn names_and_contents_count_and_exceptions_at_the_top_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let now = || fingerprint(root, &["dist"]).unwrap();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        };
        let mut seen = vec![now()];
        let mut is_new = || {
            let found = now();
            let is_new = !seen.contains(&found);
            seen.push(found);
            is_new
        };
        write("src/a", "1");
        assert!(is_new());
        write("src/a", "2");
        assert!(is_new());
        fs::rename(root.join("src/a"), root.join("src/b")).unwrap();
        assert!(is_new());
        write("src/dist/c", "");
        assert!(is_new());
        write("dist/d", "");
        assert!(!is_new());
        fs::remove_dir_all(root.join("src/dist")).unwrap();
        assert!(!is_new());
    }
}
