//! `POST /sweep`: the timer; finds lost work, keeps retention.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{TriggerError, TriggerState, answer};
use crate::turn::Engine;

/// Sweeps once. What the timer says of itself does not matter.
pub async fn handle(State(state): State<TriggerState>) -> Response {
    answer("sweep", state.deadline, work(&state.engine)).await
}

pub(super) async fn work(engine: &Arc<Engine>) -> Result<(), TriggerError> {
    let report = Box::pin(engine.sweep()).await?;
    tracing::info!(?report, "swept");
    Ok(())
}
