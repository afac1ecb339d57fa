//! `POST /sign-audit`: the timer; signs the audit and archives its digests.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;

use super::{TriggerError, answer};
use crate::digests::AuditSigner;

/// State of this route.
#[derive(Clone)]
pub struct SigningState {
    /// Signs the audit.
    pub audit_signer: Arc<AuditSigner>,
    /// Longest time of one invocation.
    pub deadline: Duration,
}

/// Signs once. What the timer says of itself does not matter.
pub async fn handle(State(state): State<SigningState>) -> Response {
    answer("sign-audit", state.deadline, work(&state.audit_signer)).await
}

pub(super) async fn work(signer: &AuditSigner) -> Result<(), TriggerError> {
    let outcome = Box::pin(signer.sign()).await;
    let report = outcome.map_err(|error| TriggerError::Retry(error.to_string()))?;
    tracing::info!(?report, "the audit is signed");
    Ok(())
}
