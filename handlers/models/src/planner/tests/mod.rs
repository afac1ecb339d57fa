//! The planner through its port: conversations in, calls and text out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod any_input;
mod conversations;
mod results;
mod turns;

use azimuth_domain::event::Outcome;
use azimuth_domain::tool::ToolRef;
use azimuth_ports::model::{ChatMessage, ModelCall, ModelEvent, ModelRequest, OfferedTool};
use serde_json::{Value, json};

use super::fixture::offered;
use super::situation::user_texts;
use super::{Reply, events, reply};

const DEV: &str = "00000000-0000-4000-8000-0000000000d1";
const PROD: &str = "00000000-0000-4000-8000-0000000000p1";

fn user(text: &str) -> ChatMessage {
    ChatMessage::User(text.to_owned())
}

fn assistant(text: &str) -> ChatMessage {
    ChatMessage::Assistant {
        text: text.to_owned(),
        calls: Vec::new(),
    }
}

fn request_with(messages: Vec<ChatMessage>, tools: Vec<OfferedTool>) -> ModelRequest {
    ModelRequest {
        messages,
        tools,
        language: "en".to_owned(),
        default_subscription: None,
    }
}

/// A request with the tools that the product would offer.
fn request(messages: Vec<ChatMessage>) -> ModelRequest {
    let tools = offered(&user_texts(&messages));
    request_with(messages, tools)
}

/// What the sandbox would answer: two subscriptions, `rg-dev` in one of them.
fn azure(call: &ModelCall) -> (Outcome, String) {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
    let subscription = arguments["subscription"].as_str().unwrap_or("");
    let success = |results: Value| {
        (
            Outcome::Ok,
            json!({"status": 200, "message": "Success", "results": results, "duration": 0})
                .to_string(),
        )
    };
    match call.name.as_str() {
        "subscription_list" => success(json!({"subscriptions": [
            {"subscriptionId": DEV, "displayName": "Contoso-Dev", "state": "Enabled"},
            {"subscriptionId": PROD, "displayName": "Contoso-Prod", "state": "Enabled"},
        ]})),
        "group_list" if [DEV, "Contoso-Dev"].contains(&subscription) => success(json!({"groups": [
            {"name": "rg-dev", "id": format!("/subscriptions/{DEV}/resourceGroups/rg-dev"), "location": "koreacentral"},
            {"name": "rg-net", "id": format!("/subscriptions/{DEV}/resourceGroups/rg-net"), "location": "koreasouth"},
        ]})),
        "group_list" => success(json!({"groups": [
            {"name": "rg-prod", "id": format!("/subscriptions/{PROD}/resourceGroups/rg-prod"), "location": "koreacentral"},
        ]})),
        "storage_account_get" => success(json!({"accounts": [
            {"name": format!("st{}", &subscription[subscription.len().saturating_sub(2)..]), "location": "koreacentral", "kind": "StorageV2"},
        ]})),
        "keyvault_secret_get" => success(json!({"secrets": ["db-password", "api-key"]})),
        _ => success(json!({"done": true})),
    }
}

/// A whole turn: the calls of each step, and what was said at the end.
struct Turn {
    steps: Vec<Vec<(String, Value)>>,
    texts: Vec<String>,
    messages: Vec<ChatMessage>,
}

impl Turn {
    fn text(&self) -> &str {
        self.texts.last().unwrap()
    }
}

fn turn_of(mut request: ModelRequest, answer: impl Fn(&ModelCall) -> (Outcome, String)) -> Turn {
    let mut turn = Turn {
        steps: Vec::new(),
        texts: Vec::new(),
        messages: Vec::new(),
    };
    for _ in 0..16 {
        let Reply { text, calls } = reply(&request);
        turn.texts.push(text.clone());
        request.messages.push(ChatMessage::Assistant {
            text,
            calls: calls.clone(),
        });
        if calls.is_empty() {
            turn.messages = request.messages;
            return turn;
        }
        turn.steps.push(
            calls
                .iter()
                .map(|call| {
                    (
                        call.name.clone(),
                        serde_json::from_str(&call.arguments).unwrap(),
                    )
                })
                .collect(),
        );
        for call in calls {
            let (outcome, content) = answer(&call);
            request.messages.push(ChatMessage::ToolResult {
                tool: ToolRef::new("azure", &call.name),
                call_id: call.id,
                outcome,
                content,
                truncated: false,
            });
        }
    }
    panic!("the turn does not end: {:?}", turn.steps);
}

fn turn(question: &str) -> Turn {
    turn_of(request(vec![user(question)]), azure)
}

fn call(name: &str, arguments: Value) -> (String, Value) {
    (name.to_owned(), arguments)
}

#[test]
fn the_answer_is_streamed_in_pieces_and_ends() {
    let events = events(&request(vec![user("hello")]));
    let texts: Vec<&String> = events
        .iter()
        .filter_map(|e| match e {
            ModelEvent::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    assert!(texts.len() > 5, "{}", texts.len());
    assert!(texts.iter().all(|t| !t.is_empty()));
    assert!(
        texts
            .iter()
            .map(|t| t.as_str())
            .collect::<String>()
            .contains("not a language model")
    );
    assert!(
        matches!(events[events.len() - 2], ModelEvent::Usage(usage) if usage.output_tokens > 20 && usage.input_tokens == 1)
    );
    assert_eq!(events.last(), Some(&ModelEvent::End));
}
