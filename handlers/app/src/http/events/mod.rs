//! `GET /v1/turns/{id}/events`: the log of a turn, replayed from any number and
//! then live; as a stream of server-sent events or, asked for JSON, a long poll.

mod reader;
mod sse;
mod wire;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use azimuth_domain::ids::TurnId;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::path::PathId;
use super::query::Query;
use super::states::TurnState;
use crate::problem::{Answer, Code, Problem};

pub use reader::Reader;
pub use sse::stream;
pub use wire::{AheadView, EventData, EventView, StreamedEvent};

/// Longest wait of a long poll, seconds.
pub const MAX_WAIT_SECONDS: u64 = 25;

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Events with a greater number are wanted; `Last-Event-ID` wins over it.
    pub after: Option<u64>,
    /// Long poll only: how long to wait for an event, seconds, at most 25.
    pub wait: Option<u64>,
    /// Stream only: text also before it is an event, as `text_ahead` without a number.
    pub ahead: Option<bool>,
}

/// What a long poll gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The events, in order.
    pub items: Vec<EventView>,
    /// Send it as `?after=` next time.
    pub next_after: u64,
    /// Whether the turn has no more events.
    pub ended: bool,
}

/// The events of one of the caller's turns.
#[utoipa::path(
    get,
    path = "/v1/turns/{id}/events",
    operation_id = "read_events",
    tag = "turns",
    params(
        ("id" = String, Path, description = "Turn"),
        EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "Number of the last event that was seen")
    ),
    responses((status = 200, description = "By default a stream; with Accept: application/json a page", content(
        (StreamedEvent = "text/event-stream"),
        (EventPage = "application/json")
    )))
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathId(id): PathId<TurnId>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let after = last_event_id(&headers)?.or(query.after).unwrap_or(0);
    let wait = wait(query.wait)?;
    let turn = super::turns::load(state.store.as_ref(), &caller, &id)
        .await?
        .item;
    let mut reader = Reader::new(&state, &caller.principal, &turn, after);
    reader.check_not_expired().await?;
    if accepts_json(&headers) {
        return Ok(Json(long_poll(&mut reader, wait).await?).into_response());
    }
    if query.ahead == Some(true) {
        reader.take_ahead();
    }
    Ok(stream(reader, &id))
}

pub(super) async fn long_poll(reader: &mut Reader, wait: Duration) -> Answer<EventPage> {
    let until = Instant::now() + wait;
    loop {
        let events = reader.read().await?;
        let left = until.saturating_duration_since(Instant::now());
        if !events.is_empty() || reader.has_ended() || left.is_zero() {
            return Ok(EventPage {
                items: events.into_iter().map(EventView::from).collect(),
                next_after: reader.after(),
                ended: reader.has_ended(),
            });
        }
        reader.pause(left).await;
    }
}

fn wait(seconds: Option<u64>) -> Answer<Duration> {
    match seconds {
        Some(n) if n > MAX_WAIT_SECONDS => Err(Problem::new(Code::QueryInvalid)
            .detail("wait is a number of seconds from 0 to 25.")
            .parameter("wait")),
        other => Ok(Duration::from_secs(other.unwrap_or(0))),
    }
}

/// A browser sends the number of the last event when it reconnects by itself, to
/// the address with the old `after`: the header is newer.
fn last_event_id(headers: &HeaderMap) -> Answer<Option<u64>> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    if value.is_empty() {
        return Ok(None);
    }
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| Problem::new(Code::HeaderInvalid).parameter("Last-Event-ID"))
}

fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim().eq_ignore_ascii_case(media_type))
}

/// Whether the request asks for a stream by name.
pub fn accepts_event_stream(headers: &HeaderMap) -> bool {
    accepts(headers, "text/event-stream")
}

fn accepts_json(headers: &HeaderMap) -> bool {
    accepts(headers, "application/json") && !accepts_event_stream(headers)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_stream_unless_json_is_asked_for() {
        for (accept, json) in [
            ("*/*", false),
            ("text/event-stream", false),
            ("application/json", true),
            ("Application/JSON;q=0.9, text/plain", true),
            ("application/json, text/event-stream", false),
        ] {
            assert_eq!(accepts_json(&with("accept", accept)), json, "{accept}");
        }
        assert!(!accepts_json(&HeaderMap::new()));
        assert!(!accepts_event_stream(&HeaderMap::new()));
        assert!(accepts_event_stream(&with("accept", "text/event-stream")));
    }

    #[test]
    fn the_last_event_id_is_a_number() {
        assert_eq!(last_event_id(&HeaderMap::new()).unwrap(), None);
        assert_eq!(last_event_id(&with("last-event-id", "")).unwrap(), None);
        assert_eq!(last_event_id(&with("last-event-id", "7")).unwrap(), Some(7));
        for bad in ["-1", "x", "1.5", "18446744073709551616"] {
            assert!(last_event_id(&with("last-event-id", bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_poll_waits_25_seconds_at_most() {
        for (seconds, fits) in [(0, true), (24, true), (25, true), (26, false)] {
            assert_eq!(wait(Some(seconds)).is_ok(), fits, "{seconds}");
        }
    }
}
