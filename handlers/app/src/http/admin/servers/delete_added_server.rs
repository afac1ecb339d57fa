//! `DELETE /v1/admin/servers/{name}`.

use axum::Extension;
use axum::extract::State;
use azimuth_ports::config::ConfigKind;
use http::StatusCode;
use serde_json::Value;

use super::told;
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::{Replacement, Stored, Told};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::path::{PathId, ToolName, not_found};
use crate::http::states::CatalogueState;
use crate::problem::Answer;

/// Removes a tool server that the caller's tenant added. Within 15 seconds no process
/// starts a call of it; calls that run are not broken off.
#[utoipa::path(
    delete,
    path = "/v1/admin/servers/{name}",
    operation_id = "delete_added_server",
    tag = "admin",
    params(
        ("name" = String, Path, description = "Name of the server"),
        ("If-Match" = String, Header, description = "The ETag that was read, or *")
    ),
    responses((status = 204, description = "Removed"))
)]
pub async fn handle(
    State(state): State<CatalogueState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(ToolName(name)): PathId<ToolName>,
    expected: IfMatch,
) -> Answer<StatusCode> {
    require_admin(&caller)?;
    let documents = state.catalogues.added();
    let stored = Stored::read(documents, &caller.principal.user.tid).await?;
    let before = told(stored.item.get(&name).ok_or_else(not_found)?);
    let replacement = Replacement {
        kind: ConfigKind::Servers,
        area: "servers",
        caller: &caller,
        request: &request,
        expected,
        item: stored.item.clone().without(&name),
        reason: "removed".to_owned(),
        now: state.clock.now(),
    };
    let told = Told {
        target: name,
        before,
        after: Value::Null,
    };
    stored
        .replace_and_tell(documents, &state.recorder, replacement, told)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
