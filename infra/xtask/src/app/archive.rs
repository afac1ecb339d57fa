//! The deployable zip.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{HANDLER, LOCAL_SETTINGS, tool_server};

/// How much time is taken to make a zip small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For one that goes over a network.
    Small,
    /// For one that is unpacked at once.
    Quick,
}

/// Packs `app`, without settings: they stay on this machine, as they may hold secrets.
/// The same files give the same bytes. Programs keep their executable bit, which a plain
/// unpack on Linux then restores.
pub fn pack(app: &Path, zip: &Path, effort: Effort) -> io::Result<()> {
    let mut files = Vec::new();
    collect(app, Path::new(""), &mut files)?;
    files.sort();
    let part = zip.with_extension("zip.part");
    let mut writer = ZipWriter::new(File::create(&part)?);
    let method = match effort {
        Effort::Small => CompressionMethod::Deflated,
        Effort::Quick => CompressionMethod::Stored,
    };
    for name in files {
        let is_program = [HANDLER, tool_server::PROGRAM]
            .map(Path::new)
            .contains(&name.as_path());
        let options = SimpleFileOptions::default()
            .compression_method(method)
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
        } else if name != Path::new(LOCAL_SETTINGS) {
            files.push(name);
        }
    }
    Ok(())
}

/// Unpacks into `folder`, which is made anew, as it lies on Azure: of all files only the
/// handler may be executed.
pub fn unpack_as_deployed(zip: &Path, folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(folder)?,
    }
    let mut archive = ZipArchive::new(File::open(zip)?)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let Some(name) = entry.enclosed_name() else {
            return Err(io::Error::other("an entry points outside the archive"));
        };
        let file = folder.join(&name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        io::copy(&mut entry, &mut File::create(&file)?)?;
        let may_run = name == Path::new(HANDLER);
        fs::set_permissions(
            &file,
            Permissions::from_mode(if may_run { 0o755 } else { 0o644 }),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const FILES: [&str; 6] = [
        "handler",
        "host.json",
        "local.settings.json",
        "api/function.json",
        "azmcp/azmcp",
        "azmcp/words.md",
    ];

    fn app(folder: &Path) -> PathBuf {
        let app = folder.join("app");
        for name in FILES {
            let file = app.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, name).unwrap();
        }
        app
    }

    #[test]
    fn the_zip_is_the_same_every_time_keeps_modes_and_leaves_settings_out() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path());
        let (one, two) = (folder.path().join("1.zip"), folder.path().join("2.zip"));

        pack(&app, &one, Effort::Small).unwrap();
        // Another time of writing must not show.
        fs::write(app.join("handler"), "handler").unwrap();
        pack(&app, &two, Effort::Small).unwrap();

        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
        let mut archive = ZipArchive::new(File::open(&one).unwrap()).unwrap();
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
                ("azmcp/azmcp".to_owned(), 0o755),
                ("azmcp/words.md".to_owned(), 0o644),
                ("handler".to_owned(), 0o755),
                ("host.json".to_owned(), 0o644),
            ]
        );
    }

    #[test]
    fn as_deployed_only_the_handler_may_be_executed() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("app.zip");
        pack(&app(folder.path()), &zip, Effort::Quick).unwrap();
        let deployed = folder.path().join("deployed");
        fs::create_dir(&deployed).unwrap();
        fs::write(deployed.join("of-a-former-one"), "").unwrap();

        unpack_as_deployed(&zip, &deployed).unwrap();

        for name in FILES {
            let file = deployed.join(name);
            if name == LOCAL_SETTINGS {
                assert!(!file.exists());
                continue;
            }
            assert_eq!(fs::read_to_string(&file).unwrap(), name);
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            let expected = if name == HANDLER { 0o755 } else { 0o644 };
            assert_eq!(mode, expected, "{name}");
        }
        assert!(!deployed.join("of-a-former-one").exists());
    }
}
