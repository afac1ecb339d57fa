//! `POST /advance-turn-poison`: a message about a turn that could not be worked on.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{TriggerState, answer, receive};

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    answer("advance-turn-poison", state.deadline, async {
        let delivered = receive(body).await?;
        Box::pin(state.engine.poison_turn(&delivered.item)).await
    })
    .await
}
