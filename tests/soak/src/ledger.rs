//! A cheap tool server whose every change leaves a line in a file: MCP 2025-11-25 as
//! JSON lines, by hand. An entry that was made twice is two lines.

use std::fs::OpenOptions;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// The name in `mcpServers`.
pub const SERVER: &str = "ledger";

/// Between the call and its line, and between the line and the answer: where a kill
/// hurts most.
const BEFORE: Duration = Duration::from_millis(200);
const AFTER: Duration = Duration::from_millis(600);

/// The program: serves until standard input ends.
pub fn serve(file: &Path) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let Some(id) = message.get("id").cloned() else {
            continue;
        };
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => answer(
                &id,
                &json!({
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": SERVER, "version": "1"},
                }),
            ),
            "tools/list" => answer(&id, &json!({"tools": tools()})),
            "tools/call" => {
                let (file, params) = (file.to_owned(), message["params"].clone());
                std::thread::spawn(move || answer(&id, &call(&file, &params)));
            }
            _ => answer(&id, &json!({})),
        }
    }
}

fn answer(id: &Value, result: &Value) {
    let text = json!({"jsonrpc": "2.0", "id": id, "result": result});
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        // Nobody listens any more.
        std::process::exit(0);
    }
}

fn tools() -> Value {
    let named = json!({
        "type": "object",
        "properties": {"name": {"type": "string", "description": "What the entry is called."}},
        "required": ["name"],
        "additionalProperties": false,
    });
    let tool = |name: &str, description: &str, schema: &Value| json!({"name": name, "description": description, "inputSchema": schema});
    json!([
        tool(
            "entry_list",
            "Tells how many entries the ledger holds.",
            &json!({"type": "object", "additionalProperties": false})
        ),
        tool("entry_add", "Adds an entry to the ledger.", &named),
        tool(
            "entry_strike",
            "Strikes an entry out of the ledger.",
            &named
        ),
    ])
}

fn call(file: &Path, params: &Value) -> Value {
    let said = match params["name"].as_str() {
        Some("entry_list") => {
            sleep(BEFORE);
            format!("{} entries", entries(file).len())
        }
        Some("entry_add" | "entry_strike") => {
            let name = params["arguments"]["name"].as_str().unwrap_or_default();
            sleep(BEFORE);
            let written = OpenOptions::new().append(true).create(true).open(file);
            // One write: lines of several processes do not mix.
            let written =
                written.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
            sleep(AFTER);
            match written {
                Ok(()) => format!("{name} is in the ledger"),
                Err(error) => return said(&error.to_string(), true),
            }
        }
        _ => return said("no such tool", true),
    };
    self::said(&said, false)
}

fn said(text: &str, is_error: bool) -> Value {
    json!({"content": [{"type": "text", "text": text}], "isError": is_error})
}

/// Every change that happened, in order.
pub fn entries(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(ToOwned::to_owned).collect()
}

/// The entry of `mcpServers`.
pub fn entry(program: &Path, file: &PathBuf) -> Value {
    json!({
        "command": program,
        "args": ["ledger", file],
        "tools": {
            "entry_list": "read_only",
            "entry_add": "mutating",
            "entry_strike": "destructive",
        },
    })
}
