//! `GET /v1/settings`.

use axum::extract::State;
use axum::response::Response;

use super::SettingsView;
use crate::http::caller::Caller;
use crate::http::states::AccountState;

/// The caller's settings.
#[utoipa::path(
    get,
    path = "/v1/settings",
    operation_id = "get_settings",
    tag = "account",
    responses((status = 200, body = SettingsView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<AccountState>, caller: Caller) -> Response {
    let catalogue = state.engine.catalogues().last(&caller.principal.user.tid);
    super::answer(caller.record, &catalogue)
}
