//! `POST /advance-turn-poison`: a message about a turn that could not be worked on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{Delivered, TriggerError, TriggerState, answer, receive};
use crate::turn::Engine;

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    answer("advance-turn-poison", state.deadline, async {
        work(&state.engine, receive(body).await?).await
    })
    .await
}

pub(super) async fn work(engine: &Arc<Engine>, delivered: Delivered) -> Result<(), TriggerError> {
    Box::pin(engine.poison_turn(&delivered.item)).await
}
