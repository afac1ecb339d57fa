//! A request in the words of chat completions.

use std::collections::HashMap;

use azimuth_ports::model::{ChatMessage, ModelCall, ModelRequest, OfferedTool};
use serde::Serialize;
use serde_json::{Value, json};

use super::prompt::system;

/// Longest description of a tool that endpoints take, characters.
const MAX_DESCRIPTION_CHARS: usize = 1024;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Value>,
    stream: bool,
    stream_options: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
}

/// The body of the request, as bytes of JSON.
pub fn body(model: &str, request: &ModelRequest) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Body {
        model,
        messages: messages(request),
        stream: true,
        stream_options: json!({"include_usage": true}),
        tools: request.tools.iter().map(tool).collect(),
    })
}

fn tool(tool: &OfferedTool) -> Value {
    let description: String = tool
        .spec
        .description
        .chars()
        .take(MAX_DESCRIPTION_CHARS)
        .collect();
    json!({
        "type": "function",
        "function": {
            "name": tool.name,
            "description": description,
            "parameters": tool.spec.input_schema,
        }
    })
}

fn messages(request: &ModelRequest) -> Vec<Value> {
    let mut out = vec![json!({"role": "system", "content": system(request)})];
    let mut waiting: Vec<String> = Vec::new();
    for message in &request.messages {
        if !matches!(message, ChatMessage::ToolResult { .. }) {
            close(&mut waiting, &mut out);
        }
        match message {
            ChatMessage::User(text) => out.push(json!({"role": "user", "content": text})),
            ChatMessage::Repair(note) => out.push(json!({
                "role": "user",
                "content": format!("[Note of the product, not of the user] {note}"),
            })),
            ChatMessage::Assistant { text, calls } if calls.is_empty() => {
                out.push(json!({"role": "assistant", "content": text}));
            }
            ChatMessage::Assistant { text, calls } => {
                waiting = calls.iter().map(|call| call.id.clone()).collect();
                let content = if text.is_empty() {
                    Value::Null
                } else {
                    Value::from(text.as_str())
                };
                let calls: Vec<Value> = calls.iter().map(tool_call).collect();
                out.push(json!({"role": "assistant", "content": content, "tool_calls": calls}));
            }
            ChatMessage::ToolResult {
                call_id,
                outcome,
                content,
                truncated,
                ..
            } => {
                waiting.retain(|id| id != call_id);
                let cut = if *truncated { ", cut" } else { "" };
                out.push(json!({
                    "role": "tool",
                    "tool_call_id": call_id,
                    "content": format!("[outcome: {}{cut}]\n{content}", outcome.as_str()),
                }));
            }
        }
    }
    close(&mut waiting, &mut out);
    out
}

/// Endpoints refuse a history in which a call has no result.
fn close(waiting: &mut Vec<String>, out: &mut Vec<Value>) {
    for id in waiting.drain(..) {
        out.push(json!({"role": "tool", "tool_call_id": id, "content": "[outcome: not_run]"}));
    }
}

fn tool_call(call: &ModelCall) -> Value {
    // Broken arguments in a history make endpoints refuse all of it.
    let arguments = match serde_json::from_str::<HashMap<String, Value>>(&call.arguments) {
        Ok(_) => call.arguments.clone(),
        Err(_) => json!({"unreadable": call.arguments}).to_string(),
    };
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    })
}
