//! `GET /v1/settings`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::SettingsView;
use crate::http::caller::Caller;
use crate::http::states::AccountState;
use crate::problem::Answer;

/// The caller's settings.
#[utoipa::path(
    get,
    path = "/v1/settings",
    operation_id = "get_settings",
    tag = "account",
    responses((status = 200, body = SettingsView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<AccountState>, caller: Caller) -> Answer<Response> {
    let catalogue = if caller.record.item.settings.always_allowed_tools.is_empty() {
        Arc::default()
    } else {
        let catalogues = state.engine.catalogues();
        catalogues.of(&caller.principal.user.tid).await?
    };
    Ok(super::answer(caller.record, &catalogue))
}
