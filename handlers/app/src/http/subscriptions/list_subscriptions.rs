//! `GET /v1/subscriptions`.

use axum::extract::State;
use axum::{Extension, Json};
use azimuth_ports::tokens::TokenError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::azure_reads::Failure;
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::states::PickerState;
use crate::problem::Answer;

/// Subscriptions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionList {
    /// By name.
    pub items: Vec<SubscriptionView>,
}

/// One subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// GUID.
    pub id: String,
    /// Display name.
    pub name: String,
}

/// The subscriptions that the caller can read, under their own identity.
#[utoipa::path(
    get,
    path = "/v1/subscriptions",
    operation_id = "list_subscriptions",
    tag = "pickers",
    responses((status = 200, body = SubscriptionList))
)]
pub async fn handle(
    State(state): State<PickerState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
) -> Answer<Json<SubscriptionList>> {
    caller.require_any_role()?;
    let user = &caller.principal.user;
    let list = match state.engine.azure().subscriptions(user, &request.0).await {
        // Somebody who never asked anything has no grant yet; their token buys one.
        Err(Failure::Token(TokenError::GrantGone(_))) => {
            state
                .engine
                .azure_sign_in(&caller.principal, &caller.bearer)
                .await?;
            state.engine.azure().subscriptions(user, &request.0).await
        }
        other => other,
    };
    let list = list.map_err(|failure| match failure {
        Failure::Token(error) => error.into(),
        Failure::Other(problem) => problem,
    })?;
    let items = list
        .iter()
        .map(|s| SubscriptionView {
            id: s.id.clone(),
            name: s.name.clone(),
        })
        .collect();
    Ok(Json(SubscriptionList { items }))
}
