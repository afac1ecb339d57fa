//! `GET /v1/admin/servers`.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::AddedServerView;
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::Stored;
use crate::http::caller::Caller;
use crate::http::states::CatalogueState;
use crate::problem::Answer;

/// The tool servers that the tenant added.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddedServersView {
    /// All of them, by name.
    pub items: Vec<AddedServerView>,
    /// Programs that may be added; the operator of the installation chooses them.
    pub commands: Vec<String>,
    /// Hosts that an added server may be let reach, and those of the URLs that may be
    /// added; likewise.
    pub hosts: Vec<String>,
    /// What the names of secrets begin with that the tenant may name as `@keyvault:name`;
    /// null: none.
    pub secrets: Option<String>,
}

/// The tool servers that the caller's tenant added, and what may be added.
#[utoipa::path(
    get,
    path = "/v1/admin/servers",
    operation_id = "list_added_servers",
    tag = "admin",
    responses((status = 200, body = AddedServersView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<CatalogueState>, caller: Caller) -> Answer<Response> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let stored = Stored::read(state.catalogues.added(), tenant).await?;
    let addable = state.servers.addable(tenant);
    Ok(stored.answer(AddedServersView {
        items: stored.item.iter().map(AddedServerView::from).collect(),
        commands: addable.commands,
        hosts: addable.hosts,
        secrets: addable.secrets,
    }))
}
