//! `GET /v1/realtime/negotiate`: which channel to read events by, and how.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::events::MAX_WAIT_SECONDS;
use super::states::TurnState;

/// Channels, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Channels {
    /// The channels.
    pub channels: Vec<Channel>,
}

/// One channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct Channel {
    /// `sse` or `long_poll`.
    pub kind: &'static str,
    /// Where; replace `{turn_id}` and `{after}`.
    pub url_template: &'static str,
    /// `Accept` header to send.
    pub accept: &'static str,
    /// A stream: how often a sign of life comes, seconds.
    pub heartbeat_s: Option<u64>,
    /// A stream: when it ends itself with `reconnect`, seconds.
    pub reconnect_s: Option<u64>,
    /// A long poll: the longest wait, seconds.
    pub max_wait_s: Option<u64>,
}

/// How to read the events of turns. There is no WebSocket: the host passes none.
#[utoipa::path(
    get,
    path = "/v1/realtime/negotiate",
    operation_id = "negotiate_realtime",
    tag = "turns",
    responses((status = 200, body = Channels))
)]
pub async fn handle(State(state): State<TurnState>, _caller: Caller) -> Json<Channels> {
    Json(Channels {
        channels: vec![
            Channel {
                kind: "sse",
                url_template: "/api/v1/turns/{turn_id}/events?after={after}",
                accept: "text/event-stream",
                heartbeat_s: Some(state.timings.heartbeat.as_secs()),
                reconnect_s: Some(state.timings.planned_end.as_secs()),
                max_wait_s: None,
            },
            Channel {
                kind: "long_poll",
                url_template: "/api/v1/turns/{turn_id}/events?after={after}&wait=25",
                accept: "application/json",
                heartbeat_s: None,
                reconnect_s: None,
                max_wait_s: Some(MAX_WAIT_SECONDS),
            },
        ],
    })
}
