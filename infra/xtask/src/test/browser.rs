//! What a browser test needs of the machine: Chromium and a font with Korean in
//! it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::geteuid;
use tokio::process::Command;

use crate::failure::Failure;
use crate::session::Session;

const STAGE: &str = "browser";

/// Names another Chromium.
pub const OVERRIDE: &str = "AZIMUTH_CHROMIUM";

/// In the order in which they are tried: Debian's, then those of other systems.
const BROWSERS: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];
const CHROMIUM_PACKAGE: &str = "chromium";
const FONT_PACKAGE: &str = "fonts-noto-cjk";

/// Where fonts lie; one of these names in it has Korean.
const FONTS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
const KOREAN: [&str; 5] = ["cjk", "nanum", "korea", "unifont", "baekmuk"];

/// Gives the browser's program; installs it and the font where we may.
pub async fn provide(session: &mut Session) -> Result<PathBuf, Failure> {
    if let Some(given) = std::env::var_os(OVERRIDE).filter(|path| !path.is_empty()) {
        let given = PathBuf::from(given);
        return if given.is_file() {
            Ok(given)
        } else {
            Err(Failure::refused(
                format!("{OVERRIDE} names no file: {}", given.display()),
                "Unset it to use the Chromium of this machine.",
            ))
        };
    }
    let mut missing = Vec::new();
    let found = find();
    if found.is_none() {
        missing.push(CHROMIUM_PACKAGE);
    }
    if !FONTS.iter().any(|folder| has_korean(Path::new(folder))) {
        missing.push(FONT_PACKAGE);
    }
    if let Some(chromium) = found.filter(|_| missing.is_empty()) {
        return Ok(chromium);
    }
    let names = missing.join(" ");
    let by_hand = || {
        Failure::refused(
            format!("the browser tests need what is not here: {names}"),
            format!(
                "Debian: apt-get install {names}. {OVERRIDE} can name another Chromium. Without a \
                 browser: cargo xtask test --quick"
            ),
        )
    };
    if !geteuid().is_root() {
        return Err(by_hand());
    }
    session.say(STAGE, format_args!("installing {names} (apt-get, once)"));
    // An old list may name packages that are gone; an update that fails may not matter.
    let _updated = session.run(STAGE, apt(&["update", "-q"])).await;
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(missing);
    match session.succeed(STAGE, apt(&install)).await {
        Ok(()) => find().ok_or_else(by_hand),
        Err(Failure::Interrupted) => Err(Failure::Interrupted),
        Err(_) => Err(by_hand()),
    }
}

fn find() -> Option<PathBuf> {
    let mut browsers = BROWSERS.iter().map(PathBuf::from);
    browsers.find(|program| program.is_file())
}

fn apt(arguments: &[&str]) -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()));
    apt
}

fn has_korean(folder: &Path) -> bool {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| {
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => has_korean(&entry.path()),
                Ok(_) => KOREAN.iter().any(|known| name.contains(known)),
                Err(_) => false,
            }
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_font_with_korean_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("opentype/noto");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("DejaVuSans.ttf"), "").unwrap();
        assert!(!has_korean(folder.path()));
        assert!(!has_korean(&folder.path().join("missing")));
        fs::write(inner.join("NotoSansCJK-Regular.ttc"), "").unwrap();
        assert!(has_korean(folder.path()));
    }
}
