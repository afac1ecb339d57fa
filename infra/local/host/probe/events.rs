use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;

/// A file with one JSON object per line.
pub struct Events(Mutex<File>);

impl Events {
    pub fn append(dir: &Path) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join("events.jsonl"))
            .unwrap();
        Self(Mutex::new(file))
    }

    /// One write, so that a reader never sees half a line.
    pub fn write(&self, event: &Value) {
        let line = format!("{event}\n");
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}
