//! `POST /v1/me/azure-sign-in`: a fresh grant for Azure; waiting turns go on.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::caller::Caller;
use crate::http::states::AccountState;
use crate::problem::Answer;

/// What the sign-in did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AzureSignedIn {
    /// How many turns had waited for it and go on now.
    pub resumed_turns: usize,
}

/// Exchanges the caller's token for a grant for Azure.
#[utoipa::path(
    post,
    path = "/v1/me/azure-sign-in",
    operation_id = "sign_in_to_azure",
    tag = "account",
    responses((status = 200, body = AzureSignedIn))
)]
pub async fn handle(
    State(state): State<AccountState>,
    caller: Caller,
) -> Answer<Json<AzureSignedIn>> {
    caller.require_any_role()?;
    let resumed_turns = state
        .engine
        .azure_sign_in(&caller.principal, &caller.bearer)
        .await?;
    Ok(Json(AzureSignedIn { resumed_turns }))
}
