//! An endpoint of chat completions, in the words of
//! <https://platform.openai.com/docs/api-reference/chat-streaming>, whose answers follow
//! from what it is asked. For the handler as a process of its own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use azimuth_domain::event::Outcome;
use azimuth_domain::tool::ToolRef;
use azimuth_ports::model::{ChatMessage, ModelCall, ModelRequest};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::script::Line;

type Answers = fn(&ModelRequest) -> Vec<Line>;

/// The endpoint; it ends with this value.
pub struct Completions {
    url: String,
    heard: Heard,
    serving: JoinHandle<()>,
}

type Heard = Arc<Mutex<Vec<String>>>;

impl Completions {
    /// Listens on loopback.
    pub async fn start(answers: Answers) -> Self {
        let heard = Heard::default();
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state((answers, heard.clone()));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            heard,
            serving,
        }
    }

    /// Up to and without `/chat/completions`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every request so far, as it came.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn complete(
    State((answers, heard)): State<(Answers, Heard)>,
    body: String,
) -> impl IntoResponse {
    let request: Value = serde_json::from_str(&body).unwrap();
    heard.lock().unwrap().push(body);
    let mut frames: Vec<String> = chunks(answers(&read(&request)))
        .iter()
        .map(ToString::to_string)
        .collect();
    frames.push("[DONE]".to_owned());
    let text = format!("data: {}\n\n", frames.join("\n\ndata: "));
    ([("content-type", "text/event-stream")], text)
}

/// What is asked, without the tools and without what only we know of a result.
fn read(request: &Value) -> ModelRequest {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = request["messages"].as_array().unwrap();
    let messages = messages
        .iter()
        .filter_map(|message| match message["role"].as_str()? {
            "user" => Some(ChatMessage::User(text(&message["content"]))),
            "assistant" => Some(ChatMessage::Assistant {
                text: text(&message["content"]),
                calls: message["tool_calls"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|call| ModelCall {
                        id: text(&call["id"]),
                        name: text(&call["function"]["name"]),
                        arguments: text(&call["function"]["arguments"]),
                    })
                    .collect(),
            }),
            "tool" => Some(ChatMessage::ToolResult {
                call_id: text(&message["tool_call_id"]),
                tool: ToolRef::new("", ""),
                outcome: Outcome::Ok,
                content: text(&message["content"]),
                truncated: false,
            }),
            _ => None,
        })
        .collect();
    ModelRequest {
        messages,
        tools: Vec::new(),
        language: "en".to_owned(),
        default_subscription: None,
    }
}

fn chunks(lines: Vec<Line>) -> Vec<Value> {
    let chunk = |delta: Value, reason: Value| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let mut calls = 0;
    let mut chunks = Vec::new();
    for line in lines {
        let delta = match line {
            Line::Text(text) => json!({"content": text}),
            Line::Call(call) => {
                calls += 1;
                json!({"tool_calls": [{"index": calls - 1, "id": call.id, "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}}]})
            }
            _ => continue,
        };
        chunks.push(chunk(delta, Value::Null));
    }
    let reason = if calls > 0 { "tool_calls" } else { "stop" };
    chunks.push(chunk(json!({}), json!(reason)));
    chunks.push(json!({"choices": [], "usage":
        {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}));
    chunks
}
