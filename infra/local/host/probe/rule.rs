use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// How to answer a request.
pub struct Rule {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// Sent with its length.
    pub body: Option<String>,
    /// Sent chunked, each piece after its gate is open.
    pub chunks: Vec<Chunk>,
    /// Waits for this gate before it answers.
    pub gate: Option<String>,
    /// Never answers.
    pub forever: bool,
    /// Answers without reading the request's body.
    pub early: bool,
    /// Ends the process with this code instead of answering.
    pub exit: Option<i32>,
    /// Stops listening and drops every connection, this one too.
    pub unlisten: bool,
    /// Breaks the connection off.
    pub hang_up: bool,
}

pub struct Chunk {
    pub gate: Option<String>,
    pub data: String,
}

/// What to do before listening.
pub struct Start {
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
    pub exit: Option<i32>,
    /// Never listens.
    pub silent: bool,
}

fn read(file: &Path) -> Value {
    fs::read_to_string(file).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> Option<i32> {
    value.as_i64().map(|number| number.try_into().unwrap())
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().cloned().unwrap_or_default();
    items.iter().filter_map(text).collect()
}

impl Rule {
    /// The rule for `path`; without one, an empty JSON object.
    pub fn read(dir: &Path, path: &str) -> Self {
        let rule = &read(&dir.join("rules.json"))[path];
        let mut headers = BTreeMap::new();
        if rule.is_null() {
            headers.insert("content-type".to_owned(), "application/json".to_owned());
        }
        for (name, value) in rule["headers"].as_object().into_iter().flatten() {
            headers.insert(name.clone(), text(value).unwrap());
        }
        let chunks = rule["chunks"].as_array().cloned().unwrap_or_default();
        Self {
            status: rule["status"].as_u64().unwrap_or(200).try_into().unwrap(),
            headers,
            body: text(&rule["body"]).or_else(|| rule.is_null().then(|| "{}".to_owned())),
            chunks: chunks
                .iter()
                .map(|chunk| Chunk {
                    gate: text(&chunk["gate"]),
                    data: text(&chunk["data"]).unwrap(),
                })
                .collect(),
            gate: text(&rule["gate"]),
            forever: rule["forever"] == true,
            early: rule["early"] == true,
            exit: number(&rule["exit"]),
            unlisten: rule["unlisten"] == true,
            hang_up: rule["hang_up"] == true,
        }
    }
}

impl Start {
    pub fn read(dir: &Path) -> Self {
        let start = read(&dir.join("start.json"));
        Self {
            stdout: texts(&start["stdout"]),
            stderr: texts(&start["stderr"]),
            exit: number(&start["exit"]),
            silent: start["silent"] == true,
        }
    }
}

/// Waits until the test has opened the gate, which is a file.
pub async fn pass_gate(dir: &Path, gate: &str) {
    while !dir.join(format!("{gate}.open")).exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
