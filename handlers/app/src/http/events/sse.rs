//! A turn's log as server-sent events (HTML, "Server-sent events").
//!
//! The stream has no task of its own: the connection pulls it, and it is gone when
//! the reader is.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::TurnId;
use bytes::Bytes;
use futures::stream::{StreamExt, once, unfold};
use http::{HeaderName, HeaderValue, header};
use serde_json::json;
use tokio::time::Instant;

use crate::turn::Ahead;

use super::{AheadView, EventView, Reader};

const HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// A stream in progress.
struct Live {
    reader: Reader,
    planned_end: Instant,
    heartbeat_due: Instant,
    recheck_due: Instant,
    /// Whether the store failed at the last read; told once.
    failing: bool,
    finished: bool,
}

/// The response that streams what `reader` reads.
pub fn stream(reader: Reader, turn: &TurnId) -> Response {
    let now = Instant::now();
    let timings = reader.timings;
    let live = Live {
        planned_end: now + timings.planned_end,
        heartbeat_due: now + timings.heartbeat,
        recheck_due: now + timings.recheck,
        failing: false,
        finished: false,
        reader,
    };
    // The first bytes open the stream at the client before anything happens.
    let opening = once(async { Ok::<_, Infallible>(Bytes::from_static(b": open\n\n")) });
    let frames = unfold(live, |live| async move {
        let (frame, live) = live.next().await?;
        Some((Ok::<_, Infallible>(frame), live))
    });
    let mut response = Response::new(Body::from_stream(opening.chain(frames)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    if let Ok(id) = HeaderValue::from_str(turn.as_str()) {
        headers.insert(HeaderName::from_static("x-azimuth-turn-id"), id);
    }
    response
}

impl Live {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        while !self.finished && !self.reader.has_ended() {
            if let Some(reason) = self.end_reason().await {
                self.finished = true;
                return Some((reconnect(self.reader.after(), reason), self));
            }
            match self.reader.read().await {
                Ok(events) if !events.is_empty() => {
                    self.failing = false;
                    self.heartbeat_due = Instant::now() + self.reader.timings.heartbeat;
                    let frames: Vec<u8> = events.into_iter().flat_map(frame).collect();
                    return Some((frames.into(), self));
                }
                Ok(_) => self.failing = false,
                Err(error) if !self.failing => {
                    self.failing = true;
                    tracing::warn!(%error, "an event stream cannot read its turn; it tries on");
                }
                Err(_) => {}
            }
            let now = Instant::now();
            if let Some(ahead) = self.reader.ahead() {
                self.heartbeat_due = now + self.reader.timings.heartbeat;
                return Some((text_ahead(ahead), self));
            }
            if now >= self.heartbeat_due {
                self.heartbeat_due = now + self.reader.timings.heartbeat;
                return Some((Bytes::from_static(HEARTBEAT), self));
            }
            let wait = self.time_left(now);
            self.reader.pause(wait).await;
        }
        None
    }

    /// Why the stream ends now, although the turn goes on.
    async fn end_reason(&mut self) -> Option<&'static str> {
        let now = Instant::now();
        if now >= self.planned_end {
            return Some("planned");
        }
        if self.reader.token_is_over() {
            return Some("token_expired");
        }
        if now >= self.recheck_due {
            self.recheck_due = now + self.reader.timings.recheck;
            // A store that does not answer now gives nothing to read either.
            if let Ok(Some(reason)) = self.reader.recheck().await {
                return Some(reason);
            }
        }
        None
    }

    fn time_left(&self, now: Instant) -> Duration {
        self.planned_end
            .min(self.heartbeat_due)
            .min(self.recheck_due)
            .saturating_duration_since(now)
    }
}

fn frame(event: TurnEvent) -> Vec<u8> {
    let (seq, name) = (event.seq, event.body.name());
    let data = serde_json::to_string(&EventView::from(event)).unwrap_or_default();
    format!("id: {seq}\nevent: {name}\ndata: {data}\n\n").into_bytes()
}

/// No `id:`: whoever comes back later gets the event that it has become.
fn text_ahead(ahead: Ahead) -> Bytes {
    let data = serde_json::to_string(&AheadView::from(ahead)).unwrap_or_default();
    format!("event: text_ahead\ndata: {data}\n\n").into()
}

/// No `id:`, so that a client's last event id stays that of the log.
fn reconnect(after: u64, reason: &str) -> Bytes {
    let data = json!({"after": after, "reason": reason});
    format!("event: reconnect\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use azimuth_domain::event::EventBody;
    use azimuth_domain::ids::ConversationId;
    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;

    #[test]
    fn an_event_is_one_frame_whatever_its_text() {
        let conversation = ConversationId::derived(&UserKey::new("t", "o"), "x", "y");
        let event = TurnEvent {
            seq: 7,
            at: Timestamp(1_795_525_509_123),
            turn_id: TurnId::derived(&conversation, "k"),
            body: EventBody::TextDelta {
                text: "a\n\nevent: forged\r\u{2028}".to_owned(),
                step: 0,
            },
        };
        let text = String::from_utf8(frame(event)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(&lines[..2], ["id: 7", "event: text_delta"]);
        assert!(lines[2].starts_with("data: {\"seq\":7,\"at\":\"2026-11-24T13:05:09.123Z\""));
        assert_eq!(lines.len(), 4, "{text}");
        assert!(text.ends_with("\n\n"));
    }

    #[test]
    fn text_ahead_has_no_number_of_its_own() {
        let ahead = Ahead {
            after: 4,
            step: 1,
            text: "so\nfar".to_owned(),
        };
        let text = String::from_utf8(text_ahead(ahead).to_vec()).unwrap();
        assert_eq!(
            text,
            "event: text_ahead\ndata: {\"type\":\"text_ahead\",\"after\":4,\"step\":1,\"ahead\":\"so\\nfar\"}\n\n"
        );
    }

    #[test]
    fn reconnect_says_where_to_go_on() {
        let text = String::from_utf8(reconnect(4, "planned").to_vec()).unwrap();
        assert_eq!(
            text,
            "event: reconnect\ndata: {\"after\":4,\"reason\":\"planned\"}\n\n"
        );
    }
}
