//! `POST /advance-turn`: somebody must look at a turn.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{TriggerState, answer, receive};

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    answer("advance-turn", state.deadline, async {
        let delivered = receive(body).await?;
        Box::pin(
            state
                .engine
                .advance_turn(&delivered.item, delivered.dequeue_count),
        )
        .await
    })
    .await
}
