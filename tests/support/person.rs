//! A person with a token, talking to the API as curl would.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::sse::{Event, Events};
use crate::waiting::until_within;

/// Turn states after which nothing happens.
pub const ENDED: [&str; 3] = ["done", "failed", "cancelled"];

/// Somebody who uses the API.
#[derive(Clone)]
pub struct Person {
    /// Their name in the sandbox.
    pub name: String,
    client: Client,
    api: String,
    token: String,
}

/// An answer that was read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; null when it is no JSON.
    pub body: Value,
}

impl Person {
    /// Somebody with this token, at `api` (`http://127.0.0.1:7071/api`).
    pub fn new(name: &str, api: &str, token: &str) -> Self {
        Self {
            name: name.to_owned(),
            client: Client::builder()
                .no_proxy()
                .timeout(Duration::from_mins(4))
                .build()
                .expect("a client"),
            api: api.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        }
    }

    /// Somebody without a token.
    pub fn stranger(api: &str) -> Self {
        Self::new("a stranger", api, "")
    }

    /// The same person at another address.
    #[must_use]
    pub fn at(&self, api: &str) -> Self {
        Self {
            api: api.trim_end_matches('/').to_owned(),
            ..self.clone()
        }
    }

    /// A request with the person's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.api));
        if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        }
    }

    /// A request whose answer is wanted whole, headers included.
    pub async fn reply(&self, request: RequestBuilder) -> Reply {
        Reply::to(request).await
    }

    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the API answers");
        read(response).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` with a fresh idempotency key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let key = ulid::Ulid::generate().to_string();
        self.post_with_key(path, &key, body).await
    }

    /// `POST` with this idempotency key.
    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Answer {
        self.send(
            self.request(Method::POST, path)
                .header("idempotency-key", key)
                .json(&body),
        )
        .await
    }

    /// A new conversation's id.
    pub async fn converse(&self) -> String {
        let made = self.post("/v1/conversations", json!({})).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.text("id")
    }

    /// Asks in a conversation; the turn's id.
    pub async fn ask(&self, conversation: &str, text: &str) -> String {
        let path = format!("/v1/conversations/{conversation}/turns");
        let accepted = self.post(&path, json!({"text": text})).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        accepted.text("turn_id")
    }

    /// Asks and reads the stream of the same request to its end.
    pub async fn ask_streaming(&self, conversation: &str, text: &str) -> Vec<Event> {
        let response = self
            .request(
                Method::POST,
                &format!("/v1/conversations/{conversation}/turns"),
            )
            .header("idempotency-key", ulid::Ulid::generate().to_string())
            .header("accept", "text/event-stream")
            .json(&json!({"text": text}))
            .send()
            .await
            .expect("the API answers");
        assert_eq!(response.status(), 200);
        Events::of(response).all().await
    }

    /// The event stream of a turn after `seq`.
    pub async fn events(&self, turn: &str, seq: u64) -> Events {
        let response = self
            .request(Method::GET, &format!("/v1/turns/{turn}/events?after={seq}"))
            .header("accept", "text/event-stream")
            .send()
            .await
            .expect("the API answers");
        assert_eq!(response.status(), 200);
        Events::of(response)
    }

    /// Waits until a turn has one of these states.
    pub async fn wait_for(&self, turn: &str, states: &[&str], patience: Duration) -> Value {
        let path = format!("/v1/turns/{turn}");
        until_within(
            patience,
            &format!("{}'s turn {turn} becomes {states:?}", self.name),
            || async {
                let found = self.get(&path).await;
                assert_eq!(found.status, 200, "{found:?}");
                let state = found.text("status");
                let wanted = states.contains(&state.as_str());
                assert!(
                    wanted || !ENDED.contains(&state.as_str()),
                    "the turn ended as {state}: {}",
                    found.body
                );
                wanted.then_some(found.body)
            },
        )
        .await
    }

    /// What the assistant said in a turn, all steps together.
    pub async fn said(&self, conversation: &str, turn: &str) -> String {
        let found = self
            .get(&format!(
                "/v1/conversations/{conversation}/messages?limit=100"
            ))
            .await;
        assert_eq!(found.status, 200, "{found:?}");
        let mut texts: Vec<String> = found.body["items"]
            .as_array()
            .expect("messages")
            .iter()
            .filter(|m| m["author"] == "assistant" && m["turn_id"] == turn)
            .map(|m| m["text"].as_str().expect("text").to_owned())
            .collect();
        texts.reverse();
        texts.join("\n")
    }

    /// Asks, waits for the end, and gives back turn and text.
    pub async fn ask_and_wait(&self, conversation: &str, text: &str) -> (Value, String) {
        let turn = self.ask(conversation, text).await;
        let ended = self
            .wait_for(&turn, &["done"], Duration::from_mins(2))
            .await;
        let said = self.said(conversation, &turn).await;
        (ended, said)
    }

    /// Decides about the one approval that a turn waits for.
    pub async fn decide(&self, approval: &str, digest: &str, decision: &str) -> Answer {
        self.post(
            &format!("/v1/approvals/{approval}/decision"),
            json!({"decision": decision, "reason": "a test", "digest": digest}),
        )
        .await
    }
}

impl Answer {
    /// A text field of the body.
    pub fn text(&self, field: &str) -> String {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("no text {field} in {}", self.body))
            .to_owned()
    }
}

async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let bytes = response.bytes().await.expect("a whole answer");
    Answer {
        status,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}
