//! `GET /v1/turns/{id}`: where a turn stands.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::TurnId;

use super::TurnView;
use crate::http::caller::Caller;
use crate::http::path::PathId;
use crate::http::states::TurnState;
use crate::problem::Answer;

/// One of the caller's turns.
#[utoipa::path(
    get,
    path = "/v1/turns/{id}",
    operation_id = "get_turn",
    tag = "turns",
    params(("id" = String, Path, description = "Turn")),
    responses((status = 200, body = TurnView))
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathId(id): PathId<TurnId>,
) -> Answer<Json<TurnView>> {
    let turn = super::load(state.store.as_ref(), &caller, &id).await?;
    Ok(Json(TurnView::of(&turn.item)))
}
