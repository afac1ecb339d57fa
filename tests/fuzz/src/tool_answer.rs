//! What a tool server writes, from its lines to what is stored of a call. The server is a
//! task that opens the session as it should and writes the bytes when it is called; bytes
//! that begin with `!` it writes in the place of everything.

use std::time::Duration;

use azimuth_domain::tool::ToolRef;
use azimuth_mcp::fuzzing::call_over;
use azimuth_ports::tools::{CallOutput, ToolError};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

const MAX_LINE: usize = 4096;
const MAX_RESULT: usize = 1000;
const PIPE: usize = 64 * 1024;
/// The bytes end, so the call does.
const HANGS: Duration = Duration::from_secs(20);

pub fn run(data: &[u8]) -> bool {
    let answer = answer(data.to_vec());
    let Ok(output) = answer else {
        return false;
    };
    assert!(output.bytes.len() <= MAX_RESULT, "{output:?}");
    let text = std::str::from_utf8(&output.bytes).unwrap();
    match output.media_type.as_str() {
        "application/json" => drop(serde_json::from_str::<Value>(text).unwrap()),
        "text/plain; charset=utf-8" => {}
        other => panic!("{other}"),
    }
    assert!(output.status.is_none() || output.is_error, "{output:?}");
    // Bytes without a whole line are no answer.
    assert!(data.contains(&b'\n'), "{output:?}");
    true
}

fn answer(data: Vec<u8>) -> Result<CallOutput, ToolError> {
    // Of this input alone: nothing of an earlier one is left running.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let (ours, output) = duplex(PIPE);
        let (input, theirs) = duplex(PIPE);
        tokio::spawn(serve(theirs, output, data));
        let tool = ToolRef::new("azure", "group_list");
        let calling = call_over(ours, input, &tool, MAX_LINE, MAX_RESULT);
        tokio::time::timeout(HANGS, calling).await.unwrap()
    })
}

/// Reads to the end, so that whoever writes is never held up.
async fn serve(input: DuplexStream, output: DuplexStream, data: Vec<u8>) {
    let mut lines = BufReader::new(input).lines();
    let mut output = Some(output);
    while let Ok(Some(line)) = lines.next_line().await {
        let asked: Value = serde_json::from_str(&line).unwrap();
        let says = match asked["method"].as_str() {
            Some("initialize") if !data.starts_with(b"!") => opening(&asked["id"]),
            Some("initialize") => data[1..].to_vec(),
            Some("tools/call") => data.clone(),
            _ => continue,
        };
        let is_opening = asked["method"] == "initialize" && !data.starts_with(b"!");
        let Some(mut writes) = output.take() else {
            continue;
        };
        // The pipe takes all of it at once, as long as inputs are smaller.
        if writes.write_all(&says).await.is_ok() && is_opening {
            output = Some(writes);
        }
    }
}

fn opening(id: &Value) -> Vec<u8> {
    let result = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "fuzzed", "version": "1"},
    });
    let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
    format!("{answer}\n").into_bytes()
}
