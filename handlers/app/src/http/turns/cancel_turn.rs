//! `POST /v1/turns/{id}/cancel`: what has not started never will.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::TurnId;
use azimuth_domain::turn::TurnStatus;

use super::TurnView;
use crate::http::caller::Caller;
use crate::http::path::PathId;
use crate::http::states::TurnState;
use crate::problem::Answer;
use crate::turn::CancelError;

/// Stops a turn. Stopping it again changes nothing; one that ended by itself is a
/// conflict.
#[utoipa::path(
    post,
    path = "/v1/turns/{id}/cancel",
    operation_id = "cancel_turn",
    tag = "turns",
    params(("id" = String, Path, description = "Turn")),
    responses((status = 200, body = TurnView))
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathId(id): PathId<TurnId>,
) -> Answer<Json<TurnView>> {
    super::load(state.store.as_ref(), &caller, &id).await?;
    match state.engine.cancel(&caller.principal.user.tid, &id).await {
        Ok(turn) => Ok(Json(TurnView::of(&turn))),
        Err(CancelError::Ended) => {
            let turn = super::load(state.store.as_ref(), &caller, &id).await?.item;
            match turn.status {
                TurnStatus::Cancelling | TurnStatus::Cancelled => Ok(Json(TurnView::of(&turn))),
                _ => Err(CancelError::Ended.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}
