//! `GET /v1/turns/{id}`: where a turn stands.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::TurnId;
use azimuth_domain::limits::MAX_PREVIEW_BYTES;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::ConversationStore;

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
    let mut view = TurnView::of(&turn.item);
    add_small_results(state.store.as_ref(), &turn.item, &mut view).await?;
    Ok(Json(view))
}

/// A turn that has gone on keeps no previews of earlier steps. Scripts rely on
/// the whole of a small result standing here, so it is read again.
async fn add_small_results(
    store: &dyn ConversationStore,
    turn: &Turn,
    view: &mut TurnView,
) -> Answer<()> {
    let kept = turn.steps.iter().flat_map(|step| &step.calls);
    for (call, shown) in kept.zip(&mut view.calls) {
        let is_small = call.result.as_ref().is_some_and(|result| {
            usize::try_from(result.size_bytes).is_ok_and(|size| size <= MAX_PREVIEW_BYTES)
        });
        if shown.preview.is_some() || !is_small || call.secret {
            continue;
        }
        let stored = store.result(&turn.asker.user.tid, &call.id).await?;
        shown.preview = stored.map(|r| String::from_utf8_lossy(&r.bytes).into_owned());
    }
    Ok(())
}
