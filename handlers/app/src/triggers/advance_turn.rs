//! `POST /advance-turn`: somebody must look at a turn.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{Delivered, QueueFunction, TriggerError, TriggerState, receive};
use crate::turn::Engine;

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    receive(QueueFunction::AdvanceTurn, &state, body).await
}

pub(super) async fn work(engine: &Arc<Engine>, delivered: Delivered) -> Result<(), TriggerError> {
    Box::pin(engine.advance_turn(&delivered.item, delivered.dequeue_count)).await
}
