use std::convert::Infallible;
use std::pin::Pin;
use std::process::exit;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Frame, Incoming};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::Probe;
use crate::rule::{Rule, pass_gate};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The connection is to be broken off.
#[derive(Debug)]
pub struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("told to hang up")
    }
}

impl std::error::Error for HangUp {}

/// Tells the test when an exchange is dropped before its end.
struct Watch {
    probe: Arc<Probe>,
    target: String,
    ended: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.ended {
            self.probe
                .events
                .write(&json!({"event": "dropped", "target": self.target}));
        }
    }
}

/// A body that comes piece by piece.
struct Pieces {
    receiver: mpsc::Receiver<Bytes>,
    watch: Watch,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = ready!(self.receiver.poll_recv(context));
        self.watch.ended |= piece.is_none();
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }
}

pub async fn answer(
    probe: Arc<Probe>,
    request: Request<Incoming>,
) -> Result<Response<Body>, HangUp> {
    let rule = Rule::read(&probe.dir, request.uri().path());
    let target = request.uri().to_string();
    let mut watch = Watch {
        probe: Arc::clone(&probe),
        target: target.clone(),
        ended: false,
    };
    let (parts, body) = request.into_parts();
    let headers: Vec<Value> = parts
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let mut event = json!({
        "event": "arrived",
        "pid": std::process::id(),
        "method": parts.method.as_str(),
        "target": target,
        "headers": headers,
    });
    probe.events.write(&event);
    if !rule.early {
        event["event"] = "request".into();
        event["body"] = read_body(&probe, &target, body).await.into();
        probe.events.write(&event);
    }
    if let Some(code) = rule.exit {
        exit(code);
    }
    if rule.hang_up {
        watch.ended = true;
        return Err(HangUp);
    }
    if rule.unlisten {
        probe.unlisten.cancel();
    }
    if rule.forever || rule.unlisten {
        std::future::pending::<()>().await;
    }
    if let Some(gate) = &rule.gate {
        pass_gate(&probe.dir, gate).await;
    }
    Ok(respond(rule, watch))
}

async fn read_body(probe: &Probe, target: &str, mut body: Incoming) -> String {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            probe
                .events
                .write(&json!({"event": "body-broken", "target": target}));
            return String::from_utf8_lossy(&whole).into_owned();
        };
        if let Some(data) = frame.data_ref() {
            let piece = String::from_utf8_lossy(data);
            // A big body is only counted.
            if data.len() < 1024 {
                probe
                    .events
                    .write(&json!({"event": "piece", "target": target, "data": piece}));
                whole.extend_from_slice(data);
            }
        }
    }
    String::from_utf8_lossy(&whole).into_owned()
}

fn respond(rule: Rule, mut watch: Watch) -> Response<Body> {
    let body: Body = if let Some(text) = rule.body {
        watch.ended = true;
        Full::new(Bytes::from(text)).boxed_unsync()
    } else if rule.chunks.is_empty() {
        watch.ended = true;
        Empty::new().boxed_unsync()
    } else {
        let (sender, receiver) = mpsc::channel(1);
        let dir = watch.probe.dir.clone();
        tokio::spawn(async move {
            for chunk in rule.chunks {
                if let Some(gate) = &chunk.gate {
                    tokio::select! {
                        () = pass_gate(&dir, gate) => {}
                        () = sender.closed() => return,
                    }
                }
                if sender.send(Bytes::from(chunk.data)).await.is_err() {
                    return;
                }
            }
        });
        Pieces { receiver, watch }.boxed_unsync()
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(rule.status).unwrap();
    for (name, value) in rule.headers {
        let name: HeaderName = name.parse().unwrap();
        response
            .headers_mut()
            .append(name, HeaderValue::from_str(&value).unwrap());
    }
    response
}
