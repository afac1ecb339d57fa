//! `POST /execute-tool`: one message is one tool call.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{Delivered, QueueFunction, TriggerError, TriggerState, receive};
use crate::turn::Engine;

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    receive(QueueFunction::ExecuteTool, &state, body).await
}

pub(super) async fn work(engine: &Arc<Engine>, delivered: Delivered) -> Result<(), TriggerError> {
    let delivered = delivered.with_call()?;
    let (item, count) = (&delivered.item, delivered.dequeue_count);
    let Some(_slot) = engine.slot(item, count).await? else {
        return Ok(());
    };
    Box::pin(engine.execute_tool(item, count)).await
}
