//! `POST /advance-turn-poison`: a message about a turn that could not be worked on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{Delivered, QueueFunction, TriggerError, TriggerState, receive};
use crate::turn::Engine;

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    receive(QueueFunction::AdvanceTurnPoison, &state, body).await
}

pub(super) async fn work(engine: &Arc<Engine>, delivered: Delivered) -> Result<(), TriggerError> {
    Box::pin(engine.poison_turn(&delivered.item)).await
}
