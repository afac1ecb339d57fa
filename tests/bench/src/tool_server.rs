//! A tool server that answers at once: MCP 2025-11-25 as JSON lines, by hand, so
//! that its own time is as small as a server's can be.

use std::io::{BufRead, Write};
use std::time::Duration;

use serde_json::{Value, json};

/// The program: serves until standard input ends.
pub fn serve() {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let Some(id) = message.get("id") else {
            continue;
        };
        let result = match message["method"].as_str().unwrap_or_default() {
            "initialize" => json!({
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "bench", "version": "1"},
            }),
            "tools/list" => json!({"tools": tools()}),
            "tools/call" => call(&message["params"]),
            _ => json!({}),
        };
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .is_err()
        {
            return;
        }
    }
}

fn tools() -> Value {
    let tool = |name: &str, description: &str| {
        json!({
            "name": name,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "pause_ms": {"type": "integer"}},
                "additionalProperties": false,
            },
        })
    };
    json!([
        tool("echo", "Says what it is told."),
        tool("change", "Changes something, if somebody approves it."),
    ])
}

fn call(params: &Value) -> Value {
    let arguments = &params["arguments"];
    if let Some(pause) = arguments["pause_ms"].as_u64() {
        std::thread::sleep(Duration::from_millis(pause));
    }
    let text = arguments["text"].as_str().unwrap_or_default();
    json!({"content": [{"type": "text", "text": text}], "isError": false})
}

/// The entry of `mcpServers`.
pub fn entry(program: &std::path::Path) -> Value {
    json!({
        "command": program,
        "args": ["tool-server"],
        "identity": "user",
        "tools": {"echo": "read_only", "change": "mutating"},
    })
}
