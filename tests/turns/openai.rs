//! A turn driven by an endpoint that speaks chat completions as documented at
//! <https://platform.openai.com/docs/api-reference/chat-streaming>.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use azimuth_models::openai::{OpenAiConfig, OpenAiModel};
use azimuth_ports::tokens::Secret;
use azimuth_tests::sse::text_of;
use serde_json::{Value, json};

use super::{PATIENCE, names, outcomes, product};

type Seen = Arc<Mutex<Vec<Value>>>;

/// Two calls in pieces, interleaved; then text that names what came back.
async fn completions(State(seen): State<Seen>, body: String) -> impl IntoResponse {
    let request: Value = serde_json::from_str(&body).unwrap();
    let results: Vec<&Value> = request["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["role"] == "tool")
        .collect();
    let delta =
        |delta: Value| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
    let end =
        |reason: &str| json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}});
    let call = |index: usize, id: &str| {
        delta(
            json!({"tool_calls": [{"index": index, "id": id, "type": "function",
            "function": {"name": "fake__thing_list", "arguments": ""}}]}),
        )
    };
    let arguments = |index: usize, text: &str| {
        delta(json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]}))
    };
    let chunks = if results.is_empty() {
        vec![
            delta(json!({"role": "assistant", "content": "I look "})),
            delta(json!({"content": "twice."})),
            call(0, "call_a"),
            call(1, "call_b"),
            arguments(0, "{\"na"),
            arguments(1, "{\"name\":"),
            arguments(0, "me\":\"one\"}"),
            arguments(1, "\"둘\"}"),
            end("tool_calls"),
            usage,
        ]
    } else {
        let said = format!("I found {}.", results.len());
        vec![
            delta(json!({"role": "assistant", "content": said})),
            end("stop"),
            usage,
        ]
    };
    seen.lock().unwrap().push(request);
    let mut frames: Vec<String> = chunks.iter().map(ToString::to_string).collect();
    frames.push("[DONE]".to_owned());
    let text = format!("data: {}\n\n", frames.join("\n\ndata: "));
    ([("content-type", "text/event-stream")], text)
}

#[tokio::test]
async fn an_endpoint_drives_two_parallel_calls_and_a_second_step() {
    let seen = Seen::default();
    let router = Router::new()
        .route("/v1/chat/completions", post(completions))
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = OpenAiConfig::new(&url, Some(Secret::new("sk-test")), "gpt-test").unwrap();
    let name = config.name.clone();
    let (app, alice) = product(Arc::new(OpenAiModel::new(config).unwrap())).await;

    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "list things").await;
    let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok", "ok"]);
    assert_eq!(ended["model"], name.as_str());
    assert_eq!(
        ended["usage"],
        json!({"input_tokens": 22, "output_tokens": 14})
    );
    let arguments: Vec<&Value> = ended["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["arguments"])
        .collect();
    assert_eq!(arguments, [&json!({"name": "one"}), &json!({"name": "둘"})]);
    assert_eq!(
        alice.said(&conversation, &turn).await,
        "I look twice.\nI found 2."
    );
    assert_eq!(app.tools.seen().len(), 2);

    let events = alice.events(&turn, 0).await.all().await;
    assert_eq!(text_of(&events), "I look twice.I found 2.");
    assert_eq!(names(&events).last(), Some(&"turn_completed"));

    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        (&seen[0]["model"], &seen[0]["stream"]),
        (&json!("gpt-test"), &json!(true))
    );
    let offered: Vec<&str> = seen[0]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["function"]["name"].as_str().unwrap())
        .collect();
    assert!(offered.contains(&"fake__thing_list"), "{offered:?}");
    let roles: Vec<&str> = seen[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool"]);
    let messages = &seen[1]["messages"];
    assert_eq!(messages[3]["tool_call_id"], "call_a");
    assert_eq!(messages[4]["tool_call_id"], "call_b");
    serving.abort();
}
