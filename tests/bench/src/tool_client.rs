//! The tool server called directly: the yardstick of a tool call.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::failure::{Done, Failure};
use crate::figures::ms_since;

pub struct ToolClient {
    // Ends when its standard input does.
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl ToolClient {
    pub async fn start(program: &Path) -> Done<Self> {
        let mut child = Command::new(program)
            .arg("tool-server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::file(program))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::answer("the tool server", "it has no pipes"));
        };
        let mut client = Self {
            _child: child,
            input,
            output: BufReader::new(output),
            id: 0,
        };
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        });
        client.ask("initialize", &hello).await?;
        Ok(client)
    }

    /// Milliseconds of one call.
    pub async fn echo(&mut self, text: &str) -> Done<f64> {
        let since = Instant::now();
        let params = json!({"name": "echo", "arguments": {"text": text}});
        let result = self.ask("tools/call", &params).await?;
        if result["content"][0]["text"] != text {
            return Err(Failure::answer("the tool server", result));
        }
        Ok(ms_since(since))
    }

    async fn ask(&mut self, method: &str, params: &Value) -> Done<Value> {
        self.id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params});
        let what = "the tool server";
        self.input
            .write_all(format!("{request}\n").as_bytes())
            .await
            .map_err(Failure::io(what))?;
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .await
            .map_err(Failure::io(what))?;
        let mut answer: Value =
            serde_json::from_str(&line).map_err(|error| Failure::answer(what, error))?;
        Ok(answer["result"].take())
    }
}
