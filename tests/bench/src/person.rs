//! Somebody who uses the API over one connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::figures::ms_since;

static KEYS: AtomicU64 = AtomicU64::new(1);

pub struct Person {
    connection: Connection,
    authorization: String,
    pub tid: String,
}

/// Times of one streamed answer, ms from its request.
#[derive(Debug, Clone, Copy)]
pub struct Streamed {
    pub first_text: f64,
    pub end: f64,
}

impl Person {
    pub async fn connect(address: SocketAddr, token: &str, claims: &Value) -> Done<Self> {
        let claim = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            connection: Connection::open(address).await?,
            authorization: format!("authorization: Bearer {token}"),
            tid: claim("tid"),
        })
    }

    /// The header that says who it is.
    pub fn authorization(&self) -> &str {
        &self.authorization
    }

    pub async fn new_conversation(&mut self) -> Done<String> {
        let answer = self.post("/api/v1/conversations", &json!({})).await?;
        id_of(&answer, "id")
    }

    /// Asks, and reads the answer's stream to its end.
    pub async fn ask(&mut self, conversation: &str, text: &str) -> Done<Streamed> {
        let since = Instant::now();
        let path = format!("/api/v1/conversations/{conversation}/turns");
        let status = self
            .connection
            .send(&Request {
                method: "POST",
                path: &path,
                headers: &[
                    self.authorization.clone(),
                    idempotency_key(),
                    "accept: text/event-stream".to_owned(),
                ],
                body: &json!({"text": text}).to_string(),
            })
            .await?;
        let mut first_text = None;
        // All of it: a name may be cut in two on its way.
        let mut seen = Vec::new();
        while let Some(piece) = self.connection.piece().await? {
            seen.extend_from_slice(piece);
            if first_text.is_none() && contains(&seen, b"event: text_delta") {
                first_text = Some(ms_since(since));
            }
        }
        let complete = contains(
            &seen[seen.len().saturating_sub(1000)..],
            b"event: turn_completed",
        );
        if let (200, Some(first_text), true) = (status, first_text, complete) {
            return Ok(Streamed {
                first_text,
                end: ms_since(since),
            });
        }
        let seen = String::from_utf8_lossy(&seen);
        Err(Failure::answer(path, format!("{status} {seen}")))
    }

    /// A tool call without a model; gives the turn's id.
    pub async fn call_tool(&mut self, tool: &str, arguments: &Value) -> Done<String> {
        let path = format!("/api/v1/tools/{tool}/calls");
        let answer = self.post(&path, &json!({"arguments": arguments})).await?;
        id_of(&answer, "turn_id")
    }

    /// Reads a turn's events to their end.
    pub async fn events(&mut self, turn: &str, mut each: impl FnMut(&str, &Value)) -> Done {
        let path = format!("/api/v1/turns/{turn}/events");
        let status = self
            .connection
            .send(&Request {
                method: "GET",
                path: &path,
                headers: std::slice::from_ref(&self.authorization),
                body: "",
            })
            .await?;
        let mut text = String::new();
        while let Some(piece) = self.connection.piece().await? {
            text.push_str(&String::from_utf8_lossy(piece));
            while let Some((frame, rest)) = text.split_once("\n\n") {
                let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
                if let (Some(event), Some(data)) = (field("event: "), field("data: ")) {
                    each(event, &serde_json::from_str(data).unwrap_or_default());
                }
                text = rest.to_owned();
            }
        }
        if status == 200 {
            return Ok(());
        }
        Err(Failure::answer(path, status))
    }

    /// A request whose answer is JSON.
    pub async fn get(&mut self, path: &str) -> Done<Value> {
        let (status, body) = self.raw_get(path).await?;
        json_of(path, status, &body)
    }

    /// The same, unread.
    pub async fn raw_get(&mut self, path: &str) -> Done<(u16, Vec<u8>)> {
        let request = Request {
            method: "GET",
            path,
            headers: std::slice::from_ref(&self.authorization),
            body: "",
        };
        Ok(self.connection.call(&request).await?)
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Done<Value> {
        let (status, answer) = self.try_post(path, body).await?;
        json_of(path, status, &answer)
    }

    /// The same, refused or not.
    pub async fn try_post(&mut self, path: &str, body: &Value) -> Done<(u16, Vec<u8>)> {
        self.send("POST", path, idempotency_key(), body).await
    }

    /// Replaces what is there, whatever it is.
    pub async fn put(&mut self, path: &str, body: &Value) -> Done<Value> {
        let any = "if-match: *".to_owned();
        let (status, answer) = self.send("PUT", path, any, body).await?;
        json_of(path, status, &answer)
    }

    async fn send(
        &mut self,
        method: &'static str,
        path: &str,
        header: String,
        body: &Value,
    ) -> Done<(u16, Vec<u8>)> {
        let request = Request {
            method,
            path,
            headers: &[self.authorization.clone(), header],
            body: &body.to_string(),
        };
        Ok(self.connection.call(&request).await?)
    }
}

fn idempotency_key() -> String {
    let number = KEYS.fetch_add(1, Ordering::Relaxed);
    format!("idempotency-key: bench-{}-{number}", std::process::id())
}

fn json_of(path: &str, status: u16, body: &[u8]) -> Done<Value> {
    match serde_json::from_slice(body) {
        Ok(value) if (200..300).contains(&status) => Ok(value),
        _ => {
            let body = String::from_utf8_lossy(body);
            Err(Failure::answer(path, format!("{status} {body}")))
        }
    }
}

fn id_of(answer: &Value, field: &str) -> Done<String> {
    answer[field]
        .as_str()
        .map(ToOwned::to_owned)
        .ok_or_else(|| Failure::answer(field, answer))
}

pub fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
