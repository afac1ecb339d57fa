//! Pins of servers without a built-in catalogue: what a server offered when it
//! was first started here, kept in `DIR/<server>.json` (mode 0600).
//!
//! **Invariant:** a pin that stands is never overwritten; an administrator who
//! wants a server pinned anew removes the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use azimuth_domain::tool::tool_hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Above this a pin file is not read.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// What a server offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinFile {
    /// Form of the file.
    pub v: u32,
    /// Name of the server in the configuration.
    pub server: String,
    /// Its tools, by name.
    pub tools: Vec<LearnedTool>,
}

/// One tool as it was offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedTool {
    /// Name at the server.
    pub name: String,
    /// Hash of name, description and schema.
    pub hash: String,
    /// Text for people and models.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
}

impl LearnedTool {
    /// A tool with its hash.
    pub fn new(name: String, description: String, input_schema: Value) -> Self {
        Self {
            hash: tool_hash(&name, &description, &input_schema),
            name,
            description,
            input_schema,
        }
    }
}

impl PinFile {
    /// A pin of these tools; of two tools with one name the first counts.
    pub fn new(server: &str, mut tools: Vec<LearnedTool>) -> Self {
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        tools.dedup_by(|b, a| a.name == b.name);
        Self {
            v: 1,
            server: server.to_owned(),
            tools,
        }
    }
}

/// Why a pin cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The file cannot be read or written.
    #[error("the pinned tools cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// The file does not hold what it should. It is not replaced, since a damaged
    /// pin must not become a way to get new tools in.
    #[error("the file of pinned tools is damaged ({0}); remove it to pin the server anew")]
    Damaged(String),
}

/// Reads the pin of `server`; `None` when it was never pinned.
pub fn read(folder: &Path, server: &str) -> Result<Option<PinFile>, PinError> {
    let file = match File::open(folder.join(format!("{server}.json"))) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut text = String::new();
    file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    let pin: PinFile =
        serde_json::from_str(&text).map_err(|error| PinError::Damaged(error.to_string()))?;
    if pin.v != 1 || pin.server != server {
        return Err(PinError::Damaged(
            "it is of another server or form".to_owned(),
        ));
    }
    for tool in &pin.tools {
        if tool_hash(&tool.name, &tool.description, &tool.input_schema) != tool.hash {
            return Err(PinError::Damaged(format!(
                "the hash of {} does not fit",
                tool.name
            )));
        }
    }
    Ok(Some(pin))
}

/// Pins `pin`, unless somebody did before: the answer is what stands afterwards,
/// whole, whichever process wrote it. `unique` keeps writers' temporary files
/// apart.
pub fn write_once(folder: &Path, pin: &PinFile, unique: &str) -> Result<PinFile, PinError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let temporary = folder.join(format!(".{}.{unique}.tmp", pin.server));
    let outcome = write_and_link(
        &temporary,
        &folder.join(format!("{}.json", pin.server)),
        pin,
    );
    let removed = fs::remove_file(&temporary);
    outcome?;
    removed?;
    read(folder, &pin.server)?
        .ok_or_else(|| PinError::Damaged("it vanished while it was written".to_owned()))
}

fn write_and_link(temporary: &Path, target: &Path, pin: &PinFile) -> Result<(), PinError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)?;
    let text = serde_json::to_string_pretty(pin).map_err(io::Error::from)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    match fs::hard_link(temporary, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    fn pin(description: &str) -> PinFile {
        let schema = json!({"type": "object"});
        PinFile::new(
            "s",
            vec![LearnedTool::new("t".into(), description.into(), schema)],
        )
    }

    #[test]
    fn the_first_pin_stands_and_only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tools");
        assert_eq!(read(&folder, "s").unwrap(), None);
        assert_eq!(
            write_once(&folder, &pin("first"), "a").unwrap(),
            pin("first")
        );
        assert_eq!(
            write_once(&folder, &pin("second"), "b").unwrap(),
            pin("first")
        );
        assert_eq!(read(&folder, "s").unwrap(), Some(pin("first")));
        let names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["s.json"]);
        let mode = fs::metadata(folder.join("s.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_edited_pin_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        write_once(folder.path(), &pin("reads"), "a").unwrap();
        let file = folder.path().join("s.json");
        let edited = fs::read_to_string(&file)
            .unwrap()
            .replace("reads", "reads!");
        for text in [
            edited.as_str(),
            "{",
            "",
            r#"{"v":1,"server":"x","tools":[]}"#,
        ] {
            fs::write(&file, text).unwrap();
            assert!(
                matches!(read(folder.path(), "s"), Err(PinError::Damaged(_))),
                "{text}"
            );
            assert!(write_once(folder.path(), &pin("new"), "b").is_err());
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }
}
