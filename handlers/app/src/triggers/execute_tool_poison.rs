//! `POST /execute-tool-poison`: a tool call whose message could not be worked on; it ends, and the turn goes on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{Delivered, QueueFunction, TriggerError, TriggerState, receive};
use crate::turn::Engine;

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    receive(QueueFunction::ExecuteToolPoison, &state, body).await
}

pub(super) async fn work(engine: &Arc<Engine>, delivered: Delivered) -> Result<(), TriggerError> {
    let delivered = delivered.with_call()?;
    Box::pin(engine.poison_tool_call(&delivered.item)).await
}
