//! `dev.json`: how `dev`, `token` and the test tools find each other.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::private;
use crate::failure::Failure;

/// A running instance. Addresses are origins, such as `http://127.0.0.1:7071`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevDescription {
    /// The host; everything of ours is below its `/api`.
    pub api: String,
    /// `None` without a portal.
    pub portal: Option<String>,
    /// The sandbox's control port.
    pub sandbox: String,
    pub host_pid: u32,
    pub handler_pids: Vec<u32>,
    /// The sandbox's CONNECT proxy.
    pub proxy: String,
}

impl DevDescription {
    fn file(data: &Path) -> PathBuf {
        data.join("dev.json")
    }

    /// `Ok(None)`: nothing runs there.
    pub fn read(data: &Path) -> Result<Option<Self>, Failure> {
        let file = Self::file(data);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(Failure::file("read", &file))?,
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Failure::refused(
                format!("{}: {error}", file.display()),
                "It is written by `cargo xtask dev`; start that again.",
            )
        })
    }

    /// Whole or not at all.
    pub fn write(&self, data: &Path) -> Result<(), Failure> {
        write_json(&Self::file(data), self)
    }

    pub fn remove(data: &Path) {
        // Removing what was never written is no failure.
        let _gone = fs::remove_file(Self::file(data));
    }
}

/// Replaces a file in one step; only its owner may read it.
pub fn write_json(file: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let write = || {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        let part = file.with_extension("json.part");
        private::write(&part, &text)?;
        fs::rename(&part, file)
    };
    write().map_err(Failure::file("write", file))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_shape_is_the_one_that_scripts_rely_on() {
        let folder = tempfile::tempdir().unwrap();
        let description = DevDescription {
            api: "http://127.0.0.1:7071".into(),
            portal: None,
            sandbox: "http://127.0.0.1:1".into(),
            host_pid: 2,
            handler_pids: vec![3],
            proxy: "http://127.0.0.1:4".into(),
        };
        assert_eq!(DevDescription::read(folder.path()).unwrap(), None);
        description.write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("dev.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "api": "http://127.0.0.1:7071", "portal": null, "sandbox": "http://127.0.0.1:1",
                "host_pid": 2, "handler_pids": [3], "proxy": "http://127.0.0.1:4",
            })
        );
        assert_eq!(
            DevDescription::read(folder.path()).unwrap(),
            Some(description)
        );
        DevDescription::remove(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_broken_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("dev.json"), "{").unwrap();
        let told = DevDescription::read(folder.path()).unwrap_err().to_string();
        assert!(told.contains("dev.json"), "{told}");
    }
}
