//! The Azure MCP Server in the package, and the file that tells the handler of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::copy;
use crate::failure::Failure;

/// What `AZIMUTH_MCP_SERVERS` is on Azure; the handler runs in the package's folder.
pub const SERVERS_FILE: &str = "mcp.json";

/// Beside `host.json`.
pub const FOLDER: &str = "azmcp";
/// In the package.
pub const PROGRAM: &str = "azmcp/azmcp";

pub const ARGUMENTS: [&str; 6] = [
    "server",
    "start",
    "--mode",
    "all",
    // They connect to Microsoft's servers at start.
    "--disable-proxy-tools",
    // So that a change of rights or resources is seen at once.
    "--disable-caching",
];

/// What the program unpacks beside itself when `dev` or a test runs it.
const UNPACKED: &str = "bundle";

/// Copies the server, which is all of `home`, into the package's folder.
pub fn lay_in(home: &Path, package: &Path) -> Result<(), Failure> {
    copy_folder(home, &package.join(FOLDER))?;
    let file = package.join(SERVERS_FILE);
    let text = format!("{:#}\n", servers());
    fs::write(&file, text).map_err(Failure::file("write", &file))
}

fn servers() -> Value {
    json!({"mcpServers": {"azure": {
        "command": PROGRAM,
        "args": ARGUMENTS,
        "identity": "user",
    }}})
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir(to).map_err(Failure::file("create", to))?;
    for entry in fs::read_dir(from).map_err(Failure::file("read", from))? {
        let entry = entry.map_err(Failure::file("read", from))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == UNPACKED {
            continue;
        }
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            let is_program = to.ends_with(PROGRAM);
            copy(&from, &to, if is_program { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_leads_to_the_program_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (home, package) = (folder.path().join("home"), folder.path().join("package"));
        for made in ["Resources/more", "bundle/azmcp", "../package"] {
            fs::create_dir_all(home.join(made)).unwrap();
        }
        for name in ["azmcp", "Resources/more/azmcp.md", "bundle/azmcp/lib.so"] {
            fs::write(home.join(name), name).unwrap();
        }

        lay_in(&home, &package).unwrap();

        let servers: Value =
            serde_json::from_slice(&fs::read(package.join(SERVERS_FILE)).unwrap()).unwrap();
        let azure = &servers["mcpServers"]["azure"];
        assert_eq!(azure["identity"], "user");
        let program = package.join(azure["command"].as_str().unwrap());
        let mode = |file: &Path| file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&program), 0o755);
        assert_eq!(mode(&package.join("azmcp/Resources/more/azmcp.md")), 0o644);
        assert!(!package.join("azmcp/bundle").exists());
    }
}
