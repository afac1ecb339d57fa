//! `POST /execute-tool`: one message is one tool call.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{TriggerState, answer, receive};

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    answer("execute-tool", state.deadline, async {
        let delivered = receive(body).await?.with_call()?;
        Box::pin(
            state
                .engine
                .execute_tool(&delivered.item, delivered.dequeue_count),
        )
        .await
    })
    .await
}
