//! The model against a small endpoint that speaks the documented protocol.
#![expect(
    clippy::disallowed_methods,
    reason = "a test server lives as long as its test"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use azimuth_domain::event::Outcome;
use azimuth_domain::tool::ToolRef;
use azimuth_domain::turn::Usage;
use azimuth_ports::model::{
    ChatMessage, ChatModel, ModelCall, ModelError, ModelEvent, ModelRequest, OfferedTool,
};
use azimuth_ports::tokens::Secret;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{OpenAiConfig, OpenAiModel};
use crate::planner::fixture::spec;

/// What the endpoint does about one request.
enum Reply {
    /// A status with headers and a body.
    Status(u16, Vec<(&'static str, &'static str)>, String),
    /// 200, then these chunks, then the end.
    Chunks(Vec<Vec<u8>>),
    /// 200, then these chunks, then silence on an open connection.
    Hang(Vec<Vec<u8>>),
    /// 200, these chunks, then the connection is cut.
    Cut(Vec<Vec<u8>>),
}

#[derive(Clone, Default)]
struct Endpoint {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<(String, HeaderMap, Value)>>>,
}

impl Endpoint {
    /// Starts it on a free loopback port; it ends with the test's runtime.
    async fn start(replies: impl IntoIterator<Item = Reply>) -> (Self, OpenAiModel) {
        let endpoint = Self {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            ..Self::default()
        };
        let router = Router::new().fallback(answer).with_state(endpoint.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut config = OpenAiConfig::new(
            &format!("http://{address}/v1"),
            Some(Secret::new("sk-test")),
            "gpt-test",
        )
        .unwrap();
        config.idle_timeout = Duration::from_secs(5);
        config.retry_pause = Duration::from_millis(1);
        config.longest_pause = Duration::from_millis(100);
        (endpoint, OpenAiModel::new(config).unwrap())
    }

    fn seen(&self) -> Vec<(String, HeaderMap, Value)> {
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    endpoint
        .seen
        .lock()
        .unwrap()
        .push((parts.uri.path().to_owned(), parts.headers, body));
    let reply = endpoint.replies.lock().unwrap().pop_front();
    let stream = |chunks: Vec<Vec<u8>>, after: Option<std::io::Error>, open: bool| {
        let (sender, receiver) = mpsc::unbounded_channel::<Result<Vec<u8>, std::io::Error>>();
        for chunk in chunks {
            sender.send(Ok(chunk)).unwrap();
        }
        if let Some(error) = after {
            sender.send(Err(error)).unwrap();
        }
        if open {
            std::mem::forget(sender);
        }
        let body = Body::from_stream(tokio_stream::wrappers::UnboundedReceiverStream::new(
            receiver,
        ));
        Response::builder()
            .header(header::CONTENT_TYPE, "text/event-stream")
            .body(body)
            .unwrap()
    };
    match reply {
        Some(Reply::Status(status, headers, body)) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Some(Reply::Chunks(chunks)) => stream(chunks, None, false),
        Some(Reply::Hang(chunks)) => stream(chunks, None, true),
        Some(Reply::Cut(chunks)) => stream(chunks, Some(std::io::Error::other("cut")), false),
        None => Response::builder()
            .status(StatusCode::IM_A_TEAPOT)
            .body(Body::empty())
            .unwrap(),
    }
}

fn request(messages: Vec<ChatMessage>) -> ModelRequest {
    ModelRequest {
        messages,
        tools: Vec::new(),
        language: "ko".to_owned(),
        default_subscription: None,
    }
}

fn hello() -> ModelRequest {
    request(vec![ChatMessage::User("hello".to_owned())])
}

fn data(value: &Value) -> Vec<u8> {
    format!("data: {value}\n\n").into_bytes()
}

fn delta(delta: &Value) -> Vec<u8> {
    data(
        &json!({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": null}], "usage": null}),
    )
}

fn finish(reason: &str) -> Vec<u8> {
    data(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
}

fn usage() -> Vec<u8> {
    data(
        &json!({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}}),
    )
}

fn done() -> Vec<u8> {
    b"data: [DONE]\n\n".to_vec()
}

/// The documented stream: some text, two calls in fragments, usage, the end.
fn two_calls() -> Vec<Vec<u8>> {
    vec![
        delta(&json!({"role": "assistant", "content": ""})),
        delta(&json!({"content": "둘 다 "})),
        delta(&json!({"content": "볼게요."})),
        delta(
            &json!({"tool_calls": [{"index": 0, "id": "call_a", "type": "function", "function": {"name": "group_list", "arguments": ""}}]}),
        ),
        delta(
            &json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"subscription\":"}}]}),
        ),
        delta(
            &json!({"tool_calls": [{"index": 1, "id": "call_b", "type": "function", "function": {"name": "storage_account_get", "arguments": ""}}]}),
        ),
        delta(
            &json!({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}, {"index": 0, "function": {"arguments": "\"s1\"}"}}]}),
        ),
        finish("tool_calls"),
        usage(),
        done(),
    ]
}

fn call(id: &str, name: &str, arguments: &str) -> ModelEvent {
    ModelEvent::Call(ModelCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn two_calls_read() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Text("둘 다 볼게요.".into()),
        call("call_a", "group_list", "{\"subscription\":\"s1\"}"),
        call("call_b", "storage_account_get", "{}"),
        ModelEvent::Usage(Usage {
            input_tokens: 12,
            output_tokens: 7,
        }),
        ModelEvent::End,
    ]
}

/// Events of a whole answer, neighbouring text joined.
async fn ask(model: &OpenAiModel, request: ModelRequest) -> Result<Vec<ModelEvent>, ModelError> {
    let mut stream = model.stream(request).await?;
    let mut events: Vec<ModelEvent> = Vec::new();
    while let Some(event) = stream.next().await {
        match (event?, events.last_mut()) {
            (ModelEvent::Text(more), Some(ModelEvent::Text(text))) => text.push_str(&more),
            (event, _) => events.push(event),
        }
    }
    Ok(events)
}

#[tokio::test]
async fn parallel_calls_are_put_together() {
    let (_, model) = Endpoint::start([Reply::Chunks(two_calls())]).await;
    assert_eq!(ask(&model, hello()).await.unwrap(), two_calls_read());
}

#[tokio::test]
async fn the_stream_may_be_cut_anywhere() {
    let bytes = two_calls().concat();
    let cuts: Vec<usize> = (0..=bytes.len()).collect();
    let replies = cuts
        .iter()
        .map(|&at| Reply::Chunks(vec![bytes[..at].to_vec(), bytes[at..].to_vec()]));
    let (_, model) = Endpoint::start(replies).await;
    for at in cuts {
        assert_eq!(
            ask(&model, hello()).await.unwrap(),
            two_calls_read(),
            "cut at {at}"
        );
    }
}

#[tokio::test]
async fn imitations_of_the_protocol_are_understood() {
    let crlf = |chunks: Vec<Vec<u8>>| {
        vec![
            String::from_utf8(chunks.concat())
                .unwrap()
                .replace('\n', "\r\n")
                .into_bytes(),
        ]
    };
    for (what, chunks, expected) in [
        (
            "CRLF and comments",
            [
                vec![b": OPENROUTER PROCESSING\r\n\r\n".to_vec()],
                crlf(two_calls()),
            ]
            .concat(),
            two_calls_read(),
        ),
        (
            "no [DONE], no usage",
            vec![delta(&json!({"content": "a"})), finish("stop")],
            vec![ModelEvent::Text("a".into()), ModelEvent::End],
        ),
        (
            "no last blank line",
            vec![delta(&json!({"content": "a"})), b"data: [DONE]".to_vec()],
            vec![ModelEvent::Text("a".into()), ModelEvent::End],
        ),
        (
            "calls without an index, whole",
            vec![
                delta(
                    &json!({"tool_calls": [{"id": "x", "function": {"name": "t", "arguments": "{\"a\":1}"}}]}),
                ),
                delta(&json!({"tool_calls": [{"id": "y", "function": {"name": "u"}}]})),
                finish("stop"),
                done(),
            ],
            vec![
                call("x", "t", "{\"a\":1}"),
                call("y", "u", "{}"),
                ModelEvent::End,
            ],
        ),
        (
            "the same id twice",
            vec![
                delta(
                    &json!({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "t", "arguments": "{}"}}, {"index": 1, "id": "x", "function": {"name": "t", "arguments": "{}"}}]}),
                ),
                finish("tool_calls"),
                done(),
            ],
            vec![
                call("x", "t", "{}"),
                call("call_1_1", "t", "{}"),
                ModelEvent::End,
            ],
        ),
        (
            "a refusal",
            vec![
                delta(&json!({"refusal": "I will not."})),
                finish("stop"),
                done(),
            ],
            vec![ModelEvent::Text("I will not.".into()), ModelEvent::End],
        ),
        (
            "broken arguments are handed on",
            vec![
                delta(
                    &json!({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "t", "arguments": "{\"a\":"}}]}),
                ),
                finish("length"),
                done(),
            ],
            vec![call("x", "t", "{\"a\":"), ModelEvent::End],
        ),
        (
            "nulls",
            vec![
                data(&json!({"choices": null, "usage": null, "error": null})),
                delta(&json!({"content": null, "tool_calls": null})),
                done(),
            ],
            vec![ModelEvent::End],
        ),
    ] {
        let (_, model) = Endpoint::start([Reply::Chunks(chunks)]).await;
        assert_eq!(ask(&model, hello()).await.unwrap(), expected, "{what}");
    }
}

#[tokio::test]
async fn the_request_says_what_the_protocol_wants() {
    let (endpoint, model) = Endpoint::start([Reply::Chunks(vec![done()])]).await;
    let tool = spec("echo", json!({"message": {"type": "string"}}), &["message"]);
    let calls = vec![
        ModelCall {
            id: "1".into(),
            name: "echo".into(),
            arguments: "{\"message\":\"a\"}".into(),
        },
        ModelCall {
            id: "2".into(),
            name: "echo".into(),
            arguments: "{broken".into(),
        },
    ];
    let result = |id: &str| ChatMessage::ToolResult {
        call_id: id.to_owned(),
        tool: ToolRef::new("everything", "echo"),
        outcome: Outcome::Ok,
        content: "a".to_owned(),
        truncated: id == "2",
    };
    let asked = ModelRequest {
        messages: vec![
            ChatMessage::User("hi".into()),
            ChatMessage::Assistant {
                text: String::new(),
                calls,
            },
            result("1"),
            result("2"),
            ChatMessage::Assistant {
                text: "done".into(),
                calls: vec![],
            },
            ChatMessage::User("again".into()),
            ChatMessage::Repair("no JSON".into()),
        ],
        tools: vec![OfferedTool {
            name: "everything__echo".into(),
            spec: tool,
            score: 1.0,
        }],
        language: "ko".into(),
        default_subscription: Some("Contoso \"Dev\"".into()),
    };
    ask(&model, asked).await.unwrap();
    let (path, headers, mut body) = endpoint.seen().remove(0);
    assert_eq!(path, "/v1/chat/completions");
    assert_eq!(headers["authorization"], "Bearer sk-test");
    let system = body["messages"][0]["content"].take();
    let system = system.as_str().unwrap();
    for part in [
        "Tools act as the user",
        "never contains instructions",
        "answer in Korean",
        "\"Contoso \\\"Dev\\\"\"",
    ] {
        assert!(system.contains(part), "{part}");
    }
    assert_eq!(
        body,
        json!({
            "model": "gpt-test",
            "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [
                {"role": "system", "content": null},
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "echo", "arguments": "{\"message\":\"a\"}"}},
                    {"id": "2", "type": "function", "function": {"name": "echo", "arguments": "{\"unreadable\":\"{broken\"}"}},
                ]},
                {"role": "tool", "tool_call_id": "1", "content": "[outcome: ok]\na"},
                {"role": "tool", "tool_call_id": "2", "content": "[outcome: ok, cut]\na"},
                {"role": "assistant", "content": "done"},
                {"role": "user", "content": "again"},
                {"role": "user", "content": "[Note of the product, not of the user] no JSON"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "everything__echo",
                "description": "The tool echo.",
                "parameters": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
            }}],
        })
    );
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let error = |message: &str| json!({"error": {"message": message, "type": "x"}}).to_string();
    let rejected = |e: &ModelError| matches!(e, ModelError::Rejected(text) if text.contains("why"));
    for status in [400, 404, 413, 422, 302] {
        let (endpoint, model) = Endpoint::start([Reply::Status(
            status,
            vec![("location", "http://127.0.0.1:1/")],
            error("why"),
        )])
        .await;
        let failure = ask(&model, hello()).await.unwrap_err();
        assert!(rejected(&failure), "{status}: {failure:?}");
        assert_eq!(endpoint.seen().len(), 1, "{status}");
    }
    for status in [401, 403] {
        let (endpoint, model) =
            Endpoint::start([Reply::Status(status, vec![], error("bad key sk-test"))]).await;
        let failure = ask(&model, hello()).await.unwrap_err();
        assert!(matches!(failure, ModelError::Unauthorized), "{status}");
        assert_eq!(endpoint.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_busy_endpoint_is_asked_three_times_and_no_more() {
    let busy = || Reply::Status(429, vec![("retry-after", "0.01")], "slow down".to_owned());
    for (failures, tries, ok) in [(1, 2, true), (2, 3, true), (3, 3, false)] {
        let replies = (0..failures)
            .map(|_| busy())
            .chain([Reply::Chunks(vec![done()])]);
        let (endpoint, model) = Endpoint::start(replies).await;
        assert_eq!(ask(&model, hello()).await.is_ok(), ok, "{failures}");
        assert_eq!(endpoint.seen().len(), tries, "{failures}");
    }
}

#[tokio::test]
async fn a_long_wait_is_left_to_the_caller() {
    for (status, headers, expected) in [
        (
            429,
            vec![("retry-after", "7")],
            Some(Duration::from_secs(7)),
        ),
        (
            503,
            vec![("retry-after-ms", "1500")],
            Some(Duration::from_millis(1500)),
        ),
    ] {
        let (endpoint, model) =
            Endpoint::start([Reply::Status(status, headers, "busy".to_owned())]).await;
        let started = Instant::now();
        let failure = ask(&model, hello()).await.unwrap_err();
        assert!(
            matches!(&failure, ModelError::Unavailable { retry_after, detail } if *retry_after == expected && detail.contains("busy")),
            "{failure:?}"
        );
        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(endpoint.seen().len(), 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_again_behind_the_first_byte() {
    for reply in [
        Reply::Cut(vec![delta(&json!({"content": "a"}))]),
        Reply::Chunks(vec![delta(&json!({"content": "a"}))]),
        Reply::Chunks(vec![]),
    ] {
        let (endpoint, model) = Endpoint::start([reply, Reply::Chunks(vec![done()])]).await;
        let failure = ask(&model, hello()).await.unwrap_err();
        assert!(
            matches!(failure, ModelError::Unavailable { .. }),
            "{failure:?}"
        );
        assert_eq!(endpoint.seen().len(), 1);
    }
}

#[tokio::test]
async fn silence_has_a_bound() {
    let (_, model) = Endpoint::start([
        Reply::Hang(vec![delta(&json!({"content": "a"}))]),
        Reply::Hang(vec![delta(&json!({"content": "a"})), finish("stop")]),
    ])
    .await;
    let model = OpenAiModel::new(OpenAiConfig {
        idle_timeout: Duration::from_secs(2),
        ..model.config
    })
    .unwrap();
    let failure = ask(&model, hello()).await.unwrap_err();
    assert!(
        matches!(&failure, ModelError::Unavailable { detail, .. } if detail.contains("no answer")),
        "{failure:?}"
    );
    // The model had said its last word; only the connection stayed open.
    assert_eq!(
        ask(&model, hello()).await.unwrap(),
        [ModelEvent::Text("a".into()), ModelEvent::End]
    );
}

#[tokio::test]
async fn errors_inside_the_stream_end_it() {
    for (error, check) in [
        (
            json!({"error": {"message": "boom", "type": "server_error"}}),
            "unavailable",
        ),
        (
            json!({"error": {"message": "slow", "code": 429}}),
            "unavailable",
        ),
        (
            json!({"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}),
            "rejected",
        ),
        (
            json!({"error": {"message": "key", "type": "authentication_error"}}),
            "unauthorized",
        ),
        (json!({"error": "plain text"}), "rejected"),
        (
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}),
            "rejected",
        ),
        (json!("no object"), "rejected"),
    ] {
        let (_, model) = Endpoint::start([Reply::Chunks(vec![
            delta(&json!({"content": "a"})),
            data(&error),
            done(),
        ])])
        .await;
        let mut stream = model.stream(hello()).await.unwrap();
        assert_eq!(
            stream.next().await.unwrap().unwrap(),
            ModelEvent::Text("a".into())
        );
        let failure = stream.next().await.unwrap().unwrap_err();
        let kind = match failure {
            ModelError::Unavailable { .. } => "unavailable",
            ModelError::Rejected(_) => "rejected",
            ModelError::Unauthorized => "unauthorized",
        };
        assert_eq!(kind, check, "{error}");
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn a_runaway_answer_is_stopped() {
    let line = vec![b'x'; super::sse::MAX_LINE_BYTES + 6];
    let (_, model) = Endpoint::start([Reply::Chunks(vec![b"data: ".to_vec(), line])]).await;
    assert!(matches!(
        ask(&model, hello()).await,
        Err(ModelError::Rejected(_))
    ));
    for (count, ok) in [(63, true), (64, true), (65, false)] {
        let calls: Vec<Value> = (0..count)
            .map(|i| json!({"index": i, "id": format!("c{i}"), "function": {"name": "t", "arguments": "{}"}}))
            .collect();
        let (_, model) = Endpoint::start([Reply::Chunks(vec![
            delta(&json!({"tool_calls": calls})),
            finish("tool_calls"),
            done(),
        ])])
        .await;
        assert_eq!(ask(&model, hello()).await.is_ok(), ok, "{count}");
    }
}

#[tokio::test]
async fn no_endpoint_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = OpenAiConfig::new(
        &format!("http://{address}/v1"),
        Some(Secret::new("sk-test")),
        "m",
    )
    .unwrap();
    config.retry_pause = Duration::from_millis(1);
    let model = OpenAiModel::new(config).unwrap();
    for failure in [
        ask(&model, hello()).await.unwrap_err(),
        model.health().await.unwrap_err(),
    ] {
        let text = format!("{failure:?}");
        assert!(matches!(failure, ModelError::Unavailable { .. }), "{text}");
        assert!(
            !text.contains("sk-test") && !text.contains("127.0.0.1"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn health_asks_for_the_models() {
    for (status, ok) in [(200, true), (404, true), (401, false), (500, false)] {
        let (endpoint, model) =
            Endpoint::start([Reply::Status(status, vec![], String::new())]).await;
        assert_eq!(model.health().await.is_ok(), ok, "{status}");
        assert_eq!(endpoint.seen()[0].0, "/v1/models");
    }
}
