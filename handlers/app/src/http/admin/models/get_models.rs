//! `GET /v1/admin/models`.

use axum::extract::State;
use axum::response::Response;

use super::ModelOfferView;
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::Stored;
use crate::http::caller::Caller;
use crate::http::states::ModelState;
use crate::problem::Answer;

/// Which models the caller's tenant offers to whom, and which answers when nobody chose.
#[utoipa::path(
    get,
    path = "/v1/admin/models",
    operation_id = "get_model_offer",
    tag = "admin",
    responses((status = 200, body = ModelOfferView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<ModelState>, caller: Caller) -> Answer<Response> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let stored = Stored::read(state.models.documents(), tenant).await?;
    Ok(stored.answer(ModelOfferView::of(&state, &stored)))
}
