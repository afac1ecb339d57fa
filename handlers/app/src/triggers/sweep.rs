//! `POST /sweep`: the timer; finds lost work, keeps retention.

use axum::extract::State;
use axum::response::Response;

use super::{TriggerState, answer};

/// Sweeps once. What the timer says of itself does not matter.
pub async fn handle(State(state): State<TriggerState>) -> Response {
    answer("sweep", state.deadline, async {
        let report = Box::pin(state.engine.sweep()).await?;
        tracing::info!(?report, "swept");
        Ok(())
    })
    .await
}
