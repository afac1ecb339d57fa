//! `POST /execute-tool-poison`: a tool call whose message could not be worked on; it ends, and the turn goes on.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

use super::{TriggerState, answer, receive};

/// Works on one delivery.
pub async fn handle(State(state): State<TriggerState>, body: Body) -> Response {
    answer("execute-tool-poison", state.deadline, async {
        let delivered = receive(body).await?.with_call()?;
        Box::pin(state.engine.poison_tool_call(&delivered.item)).await
    })
    .await
}
