//! `POST /execute-tool`: one message is one tool call.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{TriggerState, answer, receive};

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    answer("execute-tool", state.deadline, async {
        let delivered = receive(body).await?.with_call()?;
        let (item, count) = (&delivered.item, delivered.dequeue_count);
        let Some(_slot) = state.engine.slot(item, count).await? else {
            return Ok(());
        };
        Box::pin(state.engine.execute_tool(item, count)).await
    })
    .await
}
