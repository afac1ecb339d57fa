use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;

/// Tells other programs where the host is: written whole or not at all, and
/// anew for every handler process.
pub fn write(file: &Path, api: &str, handler_pid: u32, group: &str) -> io::Result<()> {
    let text = json!({
        "api": api,
        "host_pid": std::process::id(),
        "handler_pid": handler_pid,
        "group": group,
    })
    .to_string();
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let written = file.with_file_name(name);
    fs::write(&written, text)?;
    fs::rename(&written, file)
}
