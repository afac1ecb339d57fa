//! `GET /v1/admin/quotas`.

use axum::extract::State;
use axum::response::Response;

use super::QuotasView;
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::Stored;
use crate::http::caller::Caller;
use crate::http::states::LimitState;
use crate::problem::Answer;

/// The limits of the caller's tenant.
#[utoipa::path(
    get,
    path = "/v1/admin/quotas",
    operation_id = "get_quotas",
    tag = "admin",
    responses((status = 200, body = QuotasView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<LimitState>, caller: Caller) -> Answer<Response> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let stored = Stored::read(state.quotas.settings(), tenant).await?;
    Ok(stored.answer(QuotasView::of(&stored.item, stored.head.as_ref())))
}
