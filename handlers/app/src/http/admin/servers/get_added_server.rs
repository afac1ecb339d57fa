//! `GET /v1/admin/servers/{name}`.

use axum::extract::State;
use axum::response::Response;

use super::AddedServerView;
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::Stored;
use crate::http::caller::Caller;
use crate::http::path::{PathId, ToolName, not_found};
use crate::http::states::CatalogueState;
use crate::problem::Answer;

/// One tool server that the caller's tenant added.
#[utoipa::path(
    get,
    path = "/v1/admin/servers/{name}",
    operation_id = "get_added_server",
    tag = "admin",
    params(("name" = String, Path, description = "Name of the server")),
    responses((status = 200, body = AddedServerView, headers(("ETag" = String, description = "Version of all added servers, for If-Match"))))
)]
pub async fn handle(
    State(state): State<CatalogueState>,
    caller: Caller,
    PathId(ToolName(name)): PathId<ToolName>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let stored = Stored::read(state.catalogues.added(), tenant).await?;
    let server = stored.item.get(&name).ok_or_else(not_found)?;
    Ok(stored.answer(AddedServerView::from(server)))
}
