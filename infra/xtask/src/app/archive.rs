//! The deployable zip.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Stays on this machine: it may hold secrets.
const LEFT_OUT: &str = "local.settings.json";

/// Packs `app`; the same files give the same bytes. The program keeps its
/// executable bit, which a plain unpack on Linux then restores.
pub fn pack(app: &Path, zip: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    collect(app, Path::new(""), &mut files)?;
    files.sort();
    let part = zip.with_extension("zip.part");
    let mut writer = ZipWriter::new(File::create(&part)?);
    for name in files {
        let is_program = name == Path::new(super::HANDLER);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(if is_program { 0o755 } else { 0o644 });
        writer.start_file(name.to_string_lossy(), options)?;
        io::copy(&mut File::open(app.join(&name))?, &mut writer)?;
    }
    writer.finish()?;
    fs::rename(&part, zip)
}

fn collect(app: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(app.join(folder))? {
        let entry = entry?;
        let name = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(app, &name, files)?;
        } else if name != Path::new(LEFT_OUT) {
            files.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_zip_is_the_same_every_time_and_keeps_modes() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("app");
        fs::create_dir_all(app.join("api")).unwrap();
        for name in [
            "handler",
            "host.json",
            "local.settings.json",
            "api/function.json",
        ] {
            fs::write(app.join(name), name).unwrap();
        }
        let (one, two) = (folder.path().join("1.zip"), folder.path().join("2.zip"));

        pack(&app, &one).unwrap();
        // Another time of writing must not show.
        fs::write(app.join("handler"), "handler").unwrap();
        pack(&app, &two).unwrap();

        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
        let mut archive = zip::ZipArchive::new(File::open(&one).unwrap()).unwrap();
        let entries: Vec<(String, u32)> = (0..archive.len())
            .map(|index| {
                let entry = archive.by_index(index).unwrap();
                (
                    entry.name().unwrap().into_owned(),
                    entry.unix_mode().unwrap() & 0o777,
                )
            })
            .collect();
        assert_eq!(
            entries,
            [
                ("api/function.json".to_owned(), 0o644),
                ("handler".to_owned(), 0o755),
                ("host.json".to_owned(), 0o644),
            ]
        );
    }
}
