//! `GET /v1/admin/kill-switch`.

use axum::extract::State;
use axum::response::Response;

use super::KillSwitchView;
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::Stored;
use crate::http::caller::Caller;
use crate::http::states::LimitState;
use crate::problem::Answer;

/// The kill switch of the caller's tenant.
#[utoipa::path(
    get,
    path = "/v1/admin/kill-switch",
    operation_id = "get_kill_switch",
    tag = "admin",
    responses((status = 200, body = KillSwitchView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<LimitState>, caller: Caller) -> Answer<Response> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let stored = Stored::read(state.quotas.switches(), tenant).await?;
    Ok(stored.answer(KillSwitchView::of(stored.item, stored.head.as_ref())))
}
