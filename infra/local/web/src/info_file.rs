//! `{"origin":"http://127.0.0.1:P","pid":…}`, for the program that started us.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;

/// Written whole or not at all.
pub fn write(file: &Path, origin: &str) -> io::Result<()> {
    let text = json!({"origin": origin, "pid": std::process::id()}).to_string();
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let written = file.with_file_name(name);
    fs::write(&written, text)?;
    fs::rename(&written, file)
}
