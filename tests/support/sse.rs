//! Reading an event stream as a browser does (WHATWG HTML, "Server-sent events").

use futures::StreamExt;
use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `id:`, a sequence number here.
    pub id: Option<u64>,
    /// `event:`.
    pub name: String,
    /// `data:` as JSON.
    pub data: Value,
}

/// Events as they come off a response.
pub struct Events {
    response: futures::stream::BoxStream<'static, reqwest::Result<Vec<u8>>>,
    buffer: Vec<u8>,
}

impl Events {
    /// Reads the body of `response`.
    pub fn of(response: reqwest::Response) -> Self {
        let stream = response
            .bytes_stream()
            .map(|piece| piece.map(|bytes| bytes.to_vec()));
        Self {
            response: stream.boxed(),
            buffer: Vec::new(),
        }
    }

    /// The next event; `None` when the stream has ended. Comments are skipped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|w| w == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8(block).expect("UTF-8")) {
                    return Some(event);
                }
            }
            match self.response.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Everything up to the end of the stream.
    pub async fn all(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        block
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .map(|value| value.strip_prefix(' ').unwrap_or(value).to_owned())
            .next_back()
    };
    let data: Vec<&str> = block
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|value| value.strip_prefix(' ').unwrap_or(value))
        .collect();
    if data.is_empty() {
        return None;
    }
    Some(Event {
        id: field("id:").and_then(|id| id.parse().ok()),
        name: field("event:").unwrap_or_else(|| "message".to_owned()),
        data: serde_json::from_str(&data.join("\n")).expect("data is JSON"),
    })
}

/// The text that a reader sees: deltas in order, without those of steps that
/// were started again.
pub fn text_of(events: &[Event]) -> String {
    let mut steps: Vec<(u64, String)> = Vec::new();
    for event in events {
        let step = event.data["step"].as_u64().unwrap_or(0);
        match event.name.as_str() {
            "text_delta" => {
                let text = event.data["text"].as_str().expect("text");
                match steps.last_mut() {
                    Some((last, said)) if *last == step => said.push_str(text),
                    _ => steps.push((step, text.to_owned())),
                }
            }
            "model_restarted" => steps.retain(|(known, _)| *known != step),
            _ => {}
        }
    }
    steps.into_iter().map(|(_, said)| said).collect()
}
